import { afterEach, describe, expect, test, vi } from 'vitest';
import { accountsAt } from '#core/accounts/closing.ts';
import { exportBundle } from '#core/bundles/export-bundle.ts';
import { takeBundle } from '#core/bundles/take-bundle.ts';
import { joinVillage } from '#core/villages/invitations.ts';
import { DAY_MS, HOUR_MS, monthSpan } from '#domain/time.ts';
import { batchOf } from '#domain/village/fold-settlement.ts';
import {
  converge,
  endAll,
  found,
  invite,
  openConsole,
  PIN,
  QUIET,
  type TestConsole,
  villageOf,
  WAIT,
} from './consoles.ts';
import {
  addSilentMeter,
  dayOfMeter,
  FIRST_DAY_MS,
  MONTH,
  makeLease,
  sealDay,
  setClocks,
  sign,
  THREE_MONTHS,
} from './months.ts';
import { closeMonth, fileIn, placeOf, putAway, startedFrom, withoutMarch } from './put-away.ts';

afterEach(endAll);
async function whole(on: TestConsole): Promise<string> {
  const path = fileIn('whole.car');
  await exportBundle(villageOf(on), path, {}, QUIET);
  return path;
}
const take = (on: TestConsole, path: string) => takeBundle(villageOf(on), path, { wholeParts: false }, QUIET);

/** A console that joins and reaches nobody. */
async function joinAlone(first: TestConsole, name: string): Promise<TestConsole> {
  const text = await invite(first, name, ['consumer', 'coordinator'], 30);
  await villageOf(first).node.setOnline(false);
  const console = await openConsole();
  setClocks(first.clock.atMs, console);
  await joinVillage(console.console(), { text, name, pin: PIN });
  return console;
}

test('a close with the right statements is not signed where it names another state than this console was at', async () => {
  const on = await openConsole();
  await found(on);
  await makeLease(on);
  await closeMonth(on, MONTH);
  const month = '2026-04';
  setClocks(monthSpan(month, { offsetMin: 180 }).to + HOUR_MS, on);
  const { village } = on.open();
  const state = village.state();
  const records = village.nameCut();
  const made = await accountsAt(village, month, state.head, records);
  if (!made.ok) throw new Error('April cannot be counted');
  const lanes = made.accounts.statements.map((x) => ({ member: x.member, index: x.index, net: x.net as bigint }));
  const proposeWith = async (checkpoint: string): Promise<string> => {
    const body = {
      month,
      prev: state.head,
      root: made.root,
      lanes,
      cut: { records, checkpoint, rules: 1 as const },
    };
    const chain = state.founding?.chain ?? { chainId: 1, ledger: '' };
    const { digest } = batchOf({ village: village.id, zone: { offsetMin: 180 }, ...body }, chain);
    await village.act([{ book: 'settlement', kind: 'close.propose', body: { ...body, digest } }]);
    return digest;
  };
  expect(made.checkpoint).toMatch(/^0x[0-9a-f]{64}$/);
  await expect(sign(on, await proposeWith(`0x${'ab'.repeat(32)}`), month)).rejects.toThrow(
    /checkpoint named with them/,
  );
  expect(await sign(on, await proposeWith(made.checkpoint ?? ''), month)).toMatchObject({ enough: true });
});

describe('a console that joins where nobody has the first month any more', () => {
  test('starts from the signed checkpoint in a file, and comes to the same state as the others', async () => {
    const { first, lease, march } = await withoutMarch();
    // It stays on the first console although all that it follows was put away there.
    await sealDay(first, dayOfMeter(lease.hostMeter, FIRST_DAY_MS + 2 * DAY_MS, 19_200n, 10n));
    const second = await joinAlone(first, 'Okot');
    expect(await take(second, await whole(first))).toMatchObject({ refused: [], waiting: 0 });
    expect(startedFrom(second)).toBe('2026-04');
    expect(placeOf(second)).toMatchObject({ state: 'settled', place: 'dropped' });
    expect(placeOf(second, '2026-05')).toMatchObject({ place: 'here' });
    const state = () => villageOf(second).state();
    expect(state().epochs).toEqual(villageOf(first).state().epochs);
    expect(state().agreements.get(lease.agreement)?.effectiveMs).not.toBeNull();
    expect(villageOf(second).segments.progress().state).toBe('idle');
    await villageOf(first).node.setOnline(true);
    await converge(first, second);
    await second.restart();
    await converge(first, second);
    await villageOf(second).rebuild();
    await converge(first, second);
    expect(() => villageOf(second).readings.frames(lease.hostMeter, FIRST_DAY_MS, FIRST_DAY_MS + DAY_MS)).toThrow(
      /2026-03 never came to this laptop/,
    );
    const files = (await second.client().archive.months({ village: villageOf(second).id })).months;
    expect(files.find((m) => m.month === MONTH)).toMatchObject({ place: 'dropped', file: null });
    // What comes late of such a month joins and counts.
    await sealDay(first, dayOfMeter(lease.hostMeter, FIRST_DAY_MS + DAY_MS, 9_600n, 10n));
    await converge(first, second);
    expect(await take(second, march.path)).toMatchObject({ refused: [], blocks: 1 });
    expect(placeOf(second)).toMatchObject({ place: 'here' });
    expect(villageOf(second).stateHash()).toBe(villageOf(first).stateHash());
  });

  test('starts from the signed checkpoint over a link, is in step, and gets the month from whoever kept it', async () => {
    const keeper = await openConsole();
    const { first, lease } = await withoutMarch(keeper);
    await sealDay(first, dayOfMeter(lease.hostMeter, FIRST_DAY_MS + 2 * DAY_MS, 19_200n, 10n));
    const second = await openConsole();
    setClocks(first.clock.atMs, second, keeper);
    const text = await invite(first, 'Okot', ['consumer', 'coordinator'], 30);
    await joinVillage(second.console(), { text, name: 'Okot', pin: PIN });
    await vi.waitFor(() => expect(startedFrom(second)).toBe('2026-04'), WAIT);
    await converge(first, second);
    expect(placeOf(second)).toMatchObject({ place: 'dropped' });
    const linked = () =>
      villageOf(second)
        .node.peers()
        .find((p) => p.connected);
    await vi.waitFor(() => expect(linked()).toMatchObject({ inStep: true, toSend: 0, toFetch: 0 }), WAIT);
    await vi.waitFor(() => expect(villageOf(second).segments.progress().state).toBe('idle'), WAIT);
    await closeMonth(first, '2026-06');
    setClocks(first.clock.atMs, second, keeper);
    await converge(first, second);
    expect(villageOf(second).state().epochs).toEqual(villageOf(first).state().epochs);
    await villageOf(keeper).node.setOnline(true);
    await converge(keeper, second, first);
    await vi.waitFor(() => expect(placeOf(second)).toMatchObject({ place: 'here' }), WAIT);
    await vi.waitFor(() => expect(villageOf(second).segments.progress().state).toBe('idle'), WAIT);
    expect(villageOf(second).readings.frames(lease.hostMeter, FIRST_DAY_MS, FIRST_DAY_MS + DAY_MS)).toHaveLength(1);
  });

  test('that was gone for longer holds the keys that were sealed to it meanwhile', async () => {
    const first = await openConsole();
    await found(first);
    await makeLease(first);
    const second = await openConsole();
    const text = await invite(first, 'Okot', ['consumer', 'coordinator'], 90);
    await joinVillage(second.console(), { text, name: 'Okot', pin: PIN });
    await converge(first, second);
    await villageOf(second).node.setOnline(false);
    const meter = await addSilentMeter(first, 'new', 3);
    await sealDay(first, dayOfMeter(meter, FIRST_DAY_MS, 0n, 10n));
    const device = villageOf(second).keys.id;
    const sealedTo = () =>
      [...villageOf(first).state().keyShares].flatMap(([share, to]) =>
        to.has(device) && share.startsWith(`meter:${meter}:${MONTH}`) ? [share.split(' ')[1] ?? ''] : [],
      );
    await vi.waitFor(() => expect(sealedTo()).toHaveLength(1), WAIT);
    for (const month of THREE_MONTHS) await closeMonth(first, month);
    await putAway(first, MONTH);
    const [key = ''] = sealedTo();
    expect(villageOf(second).audienceKeys.find(key)).toBeUndefined();
    setClocks(first.clock.atMs, second);
    expect(await take(second, await whole(first))).toMatchObject({ refused: [], waiting: 0 });
    expect(startedFrom(second)).toBe('2026-04');
    expect(villageOf(second).audienceKeys.find(key)).toBeDefined();
    expect(villageOf(second).stateHash()).toBe(villageOf(first).stateHash());
  });
});
