import { afterEach, expect, test, vi } from 'vitest';
import { joinVillage } from '#core/villages/invitations.ts';
import { DAY_MS, HOUR_MS, monthSpan } from '#domain/time.ts';
import {
  command,
  converge,
  endAll,
  found,
  invite,
  openConsole,
  PIN,
  type TestConsole,
  villageOf,
  WAIT,
} from './consoles.ts';
import { dayOfMeter, MONTH, makeLease, sealDay, setClocks } from './months.ts';
import { closeMonth, placeOf, putAway, startedFrom } from './put-away.ts';

afterEach(endAll);
const [MARCH, APRIL, MAY, JUNE] = [MONTH, '2026-04', '2026-05', '2026-06'] as const;
const APRIL_MS = Date.UTC(2026, 3, 1);

async function joinBy(first: TestConsole, name: string): Promise<TestConsole> {
  const joining = await openConsole();
  setClocks(first.clock.atMs, joining);
  const text = await invite(first, name, ['consumer', 'coordinator'], 200);
  await joinVillage(joining.console(), { text, name, pin: PIN });
  await converge(first, joining);
  return joining;
}
const note = (on: TestConsole, month: string, body: string) =>
  villageOf(on).act([{ book: `operations-${month}`, kind: 'note', body }]);
const notesOn = (on: TestConsole) =>
  [...villageOf(on).index.outside.values()].flatMap((r) => (r.kind === 'note' ? [r.body] : []));
const inStepWith = (on: TestConsole, other: TestConsole) =>
  vi.waitFor(() => {
    const device = villageOf(other).keys.id;
    const peer = villageOf(on)
      .node.peers()
      .find((p) => p.device === device && p.connected);
    expect(peer).toMatchObject({ inStep: true, toSend: 0, toFetch: 0 });
  }, WAIT);

/** One console put April away whole, the other left when half of it was written; a third, offline, has all of it. */
async function withHalfOfApril() {
  const first = await openConsole();
  await found(first);
  const lease = await makeLease(first);
  const half = await joinBy(first, 'Okot');
  const keeper = await joinBy(first, 'Keeper');
  await closeMonth(first, MARCH);
  setClocks(APRIL_MS + 10 * DAY_MS, first, half, keeper);
  await note(first, APRIL, 'before it left');
  await sealDay(first, dayOfMeter(lease.hostMeter, APRIL_MS + DAY_MS, 9_600n, 10n));
  await converge(first, half, keeper);
  await villageOf(half).node.setOnline(false);
  await note(first, APRIL, 'after it left');
  await sealDay(first, dayOfMeter(lease.hostMeter, APRIL_MS + 12 * DAY_MS, 9_840n, 10n));
  for (const month of [APRIL, MAY, JUNE]) {
    setClocks(monthSpan(month, { offsetMin: 180 }).to + HOUR_MS, keeper);
    await closeMonth(first, month);
  }
  await converge(first, keeper);
  await villageOf(keeper).node.setOnline(false);
  await putAway(first, MARCH);
  await putAway(first, APRIL);
  setClocks(first.clock.atMs, half, keeper);
  return { first, half, keeper, lease };
}

test('a console that holds half of a month its only peer put away starts from the signed checkpoint over the link, and loses nothing', async () => {
  const { first, half, keeper, lease } = await withHalfOfApril();
  await villageOf(half).node.setOnline(true);
  await vi.waitFor(() => expect(startedFrom(half)).toBe(MAY), WAIT);
  await converge(first, half);
  await inStepWith(half, first);
  await inStepWith(first, half);
  expect(villageOf(half).state().epochs).toEqual(villageOf(first).state().epochs);
  expect(placeOf(half, APRIL)).toMatchObject({ place: 'dropped', archived: { file: '' } });

  // What it writes into that month apart was in no close: it goes on to others and stays.
  await villageOf(half).node.setOnline(false);
  await note(half, APRIL, 'late, written apart');
  await sealDay(half, dayOfMeter(lease.homeMeter, APRIL_MS + 2 * DAY_MS, 7_200n, 10n));
  await villageOf(half).node.setOnline(true);
  await vi.waitFor(() => expect(notesOn(first)).toContain('late, written apart'), WAIT);
  await converge(first, half);
  await half.restart();
  await inStepWith(half, first);
  expect(notesOn(half)).toContain('late, written apart');
  expect(villageOf(half).stateHash()).toBe(villageOf(first).stateHash());

  // Whoever kept the month gives the rest of it to the one, and takes from both what was written late.
  await villageOf(keeper).node.setOnline(true);
  await converge(first, half, keeper);
  await vi.waitFor(() => expect(placeOf(half, APRIL)).toMatchObject({ place: 'here' }), WAIT);
  for (const book of [`operations-${APRIL}`, `segments-${APRIL}`])
    expect(villageOf(half).node.size(book)).toBe(villageOf(keeper).node.size(book));
  expect(notesOn(keeper)).toContain('late, written apart');
  for (const [a, b] of [
    [half, keeper],
    [first, keeper],
    [half, first],
  ] as const) {
    await inStepWith(a, b);
    await inStepWith(b, a);
  }
});

/** Runs the job that brings a month back, as a window does. */
async function bring(on: TestConsole, month: string) {
  const client = on.client();
  const { job } = await client.archive.bring({ village: villageOf(on).id, month, ...command() });
  const stages = new Set<string>();
  let last: Awaited<ReturnType<typeof client.jobs.list>>['jobs'][number] | undefined;
  for await (const state of await client.jobs.watch({ job })) {
    stages.add(state.stage);
    last = state;
  }
  return { last, stages };
}

test('a month that was put away is fetched again from a console that kept it, and from nobody who did not', async () => {
  const { first, half, keeper, lease } = await withHalfOfApril();
  await villageOf(half).node.setOnline(true);
  await vi.waitFor(() => expect(startedFrom(half)).toBe(MAY), WAIT);
  await inStepWith(first, half);
  expect((await bring(first, APRIL)).last).toMatchObject({
    state: 'failed',
    error: { code: 'MONTH_KEPT_NOWHERE', values: { month: APRIL } },
  });
  expect(placeOf(first, APRIL)).toMatchObject({ place: 'dropped' });
  const view = await half.client().accounts.get({ village: villageOf(half).id, month: MAY });
  // What was agreed is shown, and which months the statements need.
  const away = { needed: [{ month: APRIL, file: '' }], energy: null, batch: { verifiedHere: 'not-readable' } };
  expect(view).toMatchObject(away);
  const april = await half.client().accounts.get({ village: villageOf(half).id, month: APRIL });
  expect(april).toMatchObject(away);
  expect(april.statements.length).toBeGreaterThan(0);

  await villageOf(half).node.setOnline(false);
  await villageOf(keeper).node.setOnline(true);
  await converge(first, keeper);
  await inStepWith(first, keeper);
  const { last, stages } = await bring(first, APRIL);
  expect(last).toMatchObject({ state: 'done', result: { days: expect.any(Number) } });
  expect([...stages]).toEqual(expect.arrayContaining(['fetch records', 'fetch days']));
  expect(placeOf(first, APRIL)).toMatchObject({ place: 'here' });
  expect(villageOf(first).readings.frames(lease.hostMeter, APRIL_MS, APRIL_MS + 30 * DAY_MS)).toHaveLength(2);
  expect(villageOf(first).stateHash()).toBe(villageOf(keeper).stateHash());

  // From there it goes on to whoever never had it.
  await villageOf(keeper).node.setOnline(false);
  await villageOf(half).node.setOnline(true);
  await vi.waitFor(() => expect(placeOf(half, APRIL)).toMatchObject({ place: 'here' }), WAIT);
  await vi.waitFor(async () => {
    const after = await half.client().accounts.get({ village: villageOf(half).id, month: MAY });
    expect(after).toMatchObject({ needed: [], batch: { verifiedHere: 'same' } });
  }, WAIT);
});
