import { expect, test } from 'vitest';
import { DAY_MS, dayOf, UTC } from '#domain/time.ts';
import type { SegmentRef } from '#domain/village/state.ts';
import { createSoughtSegments } from './sought-segments.ts';

const FIRST_MS = Date.UTC(2026, 0, 1);
const ref = (device: string, n: number, change: Partial<SegmentRef> = {}): SegmentRef => ({
  cid: `${device}-${String(n).padStart(6, '0')}`,
  device,
  day: dayOf(FIRST_MS + (n % 300) * DAY_MS, UTC),
  fromMs: 0,
  toMs: 1,
  bytes: 100,
  frames: 1,
  root: new Uint8Array(32),
  prev: null,
  record: `${device}${n}`,
  atMs: FIRST_MS + n,
  ...change,
});
const many = (device: string, count: number): SegmentRef[] => Array.from({ length: count }, (_, n) => ref(device, n));

function led() {
  const clock = { ms: 0 };
  const sought = createSoughtSegments(() => clock.ms);
  const take = (missing: readonly SegmentRef[]) => sought.take(missing).map((s) => s.ref);
  return { clock, sought, take };
}

test('what is missing is asked for at once, the newest day first, and not a second time while it is on its way', () => {
  const { sought, take } = led();
  const missing = many('honest', 3);
  expect(take(missing).map((r) => r.day)).toEqual(['2026-01-03', '2026-01-02', '2026-01-01']);
  expect(take(missing)).toEqual([]);
  for (const r of missing) sought.arrived(r);
  expect(sought.nextDueMs()).toBeUndefined();
});

test('what nobody has is asked for after longer and longer waits, ten minutes at most, and at once when somebody comes', () => {
  const { clock, sought, take } = led();
  const missing = many('honest', 1);
  const waits: number[] = [];
  for (let n = 0; n < 7; n++) {
    expect(take(missing)).toHaveLength(1);
    sought.absent(missing[0] as SegmentRef);
    expect(sought.isAbsent(missing[0] as SegmentRef)).toBe(true);
    const due = sought.nextDueMs() ?? 0;
    waits.push((due - clock.ms) / 1000);
    clock.ms = due - 1;
    expect(take(missing)).toEqual([]);
    clock.ms = due;
  }
  expect(waits).toEqual([5, 15, 60, 300, 600, 600, 600]);
  take(missing);
  sought.absent(missing[0] as SegmentRef);
  sought.allDue();
  expect(take(missing)).toHaveLength(1);
});

test('a device that announces without end holds a bounded number of places, is walked through more and more rarely, and holds up no other', () => {
  const { clock, sought, take } = led();
  const lies = many('liar', 3_000);
  const honest = many('honest', 3);
  const asked = new Map<string, number>();
  let rounds = 0;
  const round = (): readonly SegmentRef[] => {
    const taken = take([...lies, ...honest]);
    expect(taken.filter((r) => r.device === 'liar').length).toBeLessThanOrEqual(512);
    for (const r of taken) {
      asked.set(r.cid, (asked.get(r.cid) ?? 0) + 1);
      sought.absent(r);
    }
    rounds += 1;
    return taken;
  };
  expect(
    round()
      .slice(0, 3)
      .map((r) => r.device),
  ).toContain('liar');
  expect([...asked.keys()].filter((cid) => cid.startsWith('honest'))).toHaveLength(3);
  while ((sought.nextDueMs() ?? 0) <= clock.ms) round();
  expect(asked.size).toBe(3_003);
  const afterOneWalk = rounds;
  expect(lies.filter((r) => sought.isAbsent(r)).length).toBeLessThanOrEqual(512);
  // an hour of trying
  while (clock.ms < 3_600_000) {
    clock.ms = Math.max(clock.ms, sought.nextDueMs() ?? 0);
    round();
  }
  const walks = [...asked.values()].reduce((n, times) => n + times, 0) / asked.size;
  expect(walks).toBeLessThan(20);
  expect(rounds).toBeGreaterThan(afterOneWalk);
});

test('what is announced after a walk began is asked for before the rest of the walk, and every segment has its turn', () => {
  const { sought, take } = led();
  const missing = many('gateway', 2000);
  const seen = new Set<string>();
  const round = (of: readonly SegmentRef[]): readonly SegmentRef[] => {
    const taken = take(of);
    for (const r of taken) {
      seen.add(r.cid);
      sought.absent(r);
    }
    return taken;
  };
  round(missing);
  const fresh = ref('gateway', 5000);
  expect(round([...missing, fresh]).map((r) => r.cid)).toContain(fresh.cid);
  for (let n = 0; n < 4; n++) round([...missing, fresh]);
  expect(seen.size).toBe(2001);
});

test('a long list of what somebody has goes on as fast as it comes, and what is not to be fetched any more gives its place up', () => {
  const { sought, take } = led();
  let missing = many('gateway', 2000);
  let rounds = 0;
  while (missing.length > 0) {
    const taken = new Set(take(missing).map((r) => r.cid));
    for (const r of missing.filter(({ cid }) => taken.has(cid))) sought.arrived(r);
    missing = missing.filter(({ cid }) => !taken.has(cid));
    expect(++rounds).toBeLessThanOrEqual(4);
  }
  const [some, others] = [many('a', 2), many('b', 2)];
  expect(take([...some, ...others])).toHaveLength(4);
  for (const r of [...some, ...others]) sought.giveBack(r);
  expect(take(others).map((r) => r.device)).toEqual(['b', 'b']);
  for (const r of others) sought.arrived(r);
  expect([take([]), sought.nextDueMs()]).toEqual([[], undefined]);
});
