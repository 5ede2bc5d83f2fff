import { afterEach, describe, expect, test, vi } from 'vitest';
import { accountsAt, previewAccounts, verifyClose } from '#core/accounts/closing.ts';
import { draftAgreement } from '#core/agreements/agreements-procedures.ts';
import { joinVillage } from '#core/villages/invitations.ts';
import { DAY_MS, monthSpan } from '#domain/time.ts';
import { batchOf } from '#domain/village/fold-settlement.ts';
import { lanesOf, ZERO_HASH } from '#domain/village/state.ts';
import {
  codeOf,
  converge,
  endAll,
  found,
  invite,
  openConsole,
  openTwo,
  PIN,
  type TestConsole,
  WAIT,
} from './consoles.ts';
import {
  AFTER_MARCH_MS,
  dayOfMeter,
  FIRST_DAY_MS,
  MONTH,
  makeLease,
  propose,
  sealDay,
  setClocks,
  shareCoordination,
  sign,
} from './months.ts';

afterEach(endAll);

/** Two consoles that close accounts together, a lease and one measured day in March. */
async function openMonth() {
  const [first, second] = await openTwo();
  const lease = await makeLease(first);
  await converge(first, second);
  await shareCoordination(first, second);
  return { first, second, lease };
}
const rootOf = async (on: TestConsole, digest: string): Promise<string | undefined> => {
  const { village } = on.open();
  const close = village.state().closes.get(digest);
  const result = close && (await accountsAt(village, close.month, close.prev, close.cut.records));
  return result?.ok ? result.root : undefined;
};

describe('a close', () => {
  test('waits for the end of the month, then is counted alike on both consoles and needs both', async () => {
    const { first, second } = await openMonth();
    expect(await codeOf(propose(first))).toBe('PERIOD_NOT_OVER');
    setClocks(AFTER_MARCH_MS, first, second);
    const digest = await propose(first);
    expect(await propose(first)).toBe(digest);
    expect(await sign(first, digest)).toEqual({ signatures: 1, enough: false });
    expect(await codeOf(sign(first, digest))).toBe('ALREADY_SIGNED');
    await converge(first, second);
    expect(await rootOf(second, digest)).toBe(await rootOf(first, digest));
    expect(await sign(second, digest)).toEqual({ signatures: 2, enough: true });
    await converge(first, second);
    expect(await codeOf(propose(second))).toBe('PERIOD_CLOSED');
    expect(await codeOf(propose(second, '2026-02'))).toBe('PERIOD_OUT_OF_ORDER');
    expect(await codeOf(propose(second, '2026-04'))).toBe('PERIOD_NOT_OVER');
  });

  test('is not proposed or signed where a segment it counts is missing', async () => {
    const { first, second, lease } = await openMonth();
    setClocks(AFTER_MARCH_MS, first, second);
    await sealDay(first, dayOfMeter(lease.hostMeter, FIRST_DAY_MS + DAY_MS, 9600n, 10n));
    const digest = await propose(first);
    await converge(first, second);
    const { store } = second.open().village;
    const [cid = ''] = second.open().village.state().segments.keys();
    const locked = [{ meter: lease.hostMeter, key: '00'.repeat(8), frames: 1, leaves: 'ab'.repeat(32) }];
    const chain = { device: first.open().village.keys.id, prev: null, frames: [] };
    store.putSegments([{ cid, state: 'verified', reason: '', against: null, bytes: 1, frames: [], locked, chain }]);
    expect(await codeOf(sign(second, digest))).toBe('CANNOT_VERIFY_CLOSE');
    expect(second.open().village.state().closes.get(digest)?.signatures).toEqual([]);
    await second.open().village.rebuild();
    expect(await sign(second, digest)).toMatchObject({ signatures: 1 });
  });

  test('whose statements are not the ones counted here is not signed', async () => {
    const { first, second } = await openMonth();
    setClocks(AFTER_MARCH_MS, first, second);
    const { village } = first.open();
    const state = village.state();
    const cut = {
      records: village.nameCut(),
      checkpoint: ZERO_HASH,
      rules: 1 as const,
    };
    const [a, b] = [...state.members.keys()];
    const lanes = [
      { member: a ?? '', index: 0, net: 1_000_000n },
      { member: b ?? '', index: 1, net: -1_000_000n },
    ];
    const body = { month: MONTH, prev: state.head, root: `0x${'ab'.repeat(32)}`, cut, lanes };
    const chain = state.founding?.chain ?? { chainId: 1, ledger: '' };
    const { digest } = batchOf({ village: village.id, zone: { offsetMin: 180 }, ...body }, chain);
    await village.act([{ book: 'settlement', kind: 'close.propose', body: { ...body, digest } }]);
    await converge(first, second);
    for (const on of [first, second]) expect(await codeOf(sign(on, digest))).toBe('ANOTHER_CLOSE');
    const close = second.open().village.state().closes.get(digest);
    expect(close && (await verifyClose(second.open().village, close)).verdict).toBe('different');
    expect(close?.signatures).toEqual([]);
  });
});

test('a late reading leaves the closed month as it is and becomes an adjustment of the next', async () => {
  const { first, second, lease } = await openMonth();
  setClocks(AFTER_MARCH_MS, first, second);
  const digest = await propose(first);
  await sign(first, digest);
  await converge(first, second);
  await sign(second, digest);
  await converge(first, second);
  const before = await rootOf(second, digest);
  await sealDay(first, dayOfMeter(lease.homeMeter, FIRST_DAY_MS + DAY_MS, 7200n, 100n));
  await converge(first, second);
  expect([await rootOf(first, digest), await rootOf(second, digest)]).toEqual([before, before]);
  const april = '2026-04';
  setClocks(monthSpan(april, { offsetMin: 180 }).to, first, second);
  const home = lease.terms.neighbours[0]?.member;
  for (const on of [first, second]) {
    const { statements } = await previewAccounts(on.open().village, april);
    // 2,400 Wh at 180 a kWh.
    expect(statements.find((s) => s.member === home)).toMatchObject({ adjustment: -432n, net: -432n });
    expect(statements.reduce((n, s) => n + s.net, 0n)).toBe(0n);
  }
  const next = await propose(second, april);
  await converge(first, second);
  expect(await rootOf(first, next)).toBe(await rootOf(second, next));
});

test('books and blocks alone make the same state and the same accounts again', async () => {
  const { first, second } = await openMonth();
  setClocks(AFTER_MARCH_MS, first, second);
  const digest = await propose(first);
  await converge(first, second);
  const seen = async (on: TestConsole) => [
    on.open().village.stateHash(),
    await rootOf(on, digest),
    await previewAccounts(on.open().village, MONTH),
    on.open().village.store.counts(),
  ];
  const before = await seen(second);
  await second.open().village.rebuild();
  expect(await seen(second)).toEqual(before);
  await second.restart();
  expect(await seen(second)).toEqual(before);
});

test('a meter in force in one agreement cannot be billed by another in the same months', async () => {
  const { first, lease } = await openMonth();
  const { village } = first.open();
  await expect(draftAgreement(village, { ...lease.terms, from: '2027-01' })).rejects.toMatchObject({
    code: 'NOT_ALLOWED',
    data: { reason: expect.stringContaining('in force') },
  });
  expect(await draftAgreement(village, { ...lease.terms, from: '2038-03' })).toMatch(/^g/);
});

test('a member to whom not all readings are shared sees what was agreed, and hears what cannot be counted here', async () => {
  const first = await openConsole();
  await found(first);
  await makeLease(first);
  const second = await openConsole();
  const text = await invite(first, 'Okot', ['consumer']);
  await joinVillage(second.console(), { text, name: 'Okot', pin: PIN });
  const inStep = () =>
    vi.waitFor(() => {
      const [one, two] = [first.open().village, second.open().village];
      expect(two.stateHash()).toBe(one.stateHash());
      for (const cid of one.state().segments.keys()) expect(two.store.segment(cid)).toBeDefined();
    }, WAIT);
  await inStep();
  setClocks(AFTER_MARCH_MS, first, second);
  const digest = await propose(first);
  await sign(first, digest);
  await inStep();
  const { village } = second.open();
  const close = village.state().closes.get(digest);
  expect(close?.agreed).toBe(true);
  expect(close && (await verifyClose(village, close)).verdict).toBe('not-readable');
  const seen = await second.client().accounts.get({ village: village.id, month: MONTH });
  expect(seen.batch?.verifiedHere).toBe('not-readable');
  expect(seen.checks.find((c) => c.code === 'not-readable')).toMatchObject({ ok: false, count: 2 });
  const nets = seen.statements.map((x) => ({ member: x.member.id, net: x.netMinor, lines: x.lines.length }));
  expect(nets).toEqual(
    lanesOf(second.open().village.state(), close?.digest ?? '').map(({ member, net }) => ({ member, net, lines: 0 })),
  );
  expect(nets.length).toBeGreaterThan(2);
  expect(await codeOf(propose(second, '2026-04'))).toBe('PERIOD_NOT_OVER');
  setClocks(monthSpan('2026-04', { offsetMin: 180 }).to, first, second);
  expect(await codeOf(propose(second, '2026-04'))).toBe('CLOSE_NOT_READABLE');
  expect((await first.client().accounts.get({ village: village.id, month: MONTH })).batch?.verifiedHere).toBe('same');
});

test('a close found to be the same stays so over a restart, and is not counted again', async () => {
  const { first, second } = await openMonth();
  setClocks(AFTER_MARCH_MS, first, second);
  const digest = await propose(first);
  const verify = async () => {
    const { village } = first.open();
    const close = village.state().closes.get(digest);
    return close && (await verifyClose(village, close));
  };
  const before = await verify();
  expect(before).toMatchObject({ verdict: 'same' });
  await first.restart();
  const { readings } = first.open().village;
  Object.assign(readings, { energyIn: () => Promise.reject(new Error('counted again')) });
  expect(await verify()).toEqual(before);
});
