import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sealBytes } from '#core/crypto/aead.ts';
import { type DataKey, openDataKey } from '#core/crypto/data-key.ts';
import { openVillageStore, type VillageStore } from '#core/storage/village-store.ts';
import { cidOf, concat, utf8 } from '#domain/bytes.ts';
import { type Frame, frameAad, frameBytes } from '#domain/metering/frame.ts';
import type { FrameFact } from '#domain/settlement/accounts.ts';
import { energyIn, historiesOf } from '#domain/settlement/settlement-fixture.ts';
import { DAY_MS, dayOf, HOUR_MS, type Month, monthOf, nextMonth, UTC } from '#domain/time.ts';
import { decisionKey, emptyState, type Meter, type SegmentRef, type VillageState } from '#domain/village/state.ts';
import { createReadings, type Readings } from './readings.ts';
import { keyOf } from './segment-fixture.ts';
import { createPlainOpener } from './stored-frames.ts';

const FIRST_MS = Date.UTC(2026, 0, 25);
const DAYS = 75;
const METERS = ['a', 'b', 'c'].map((n) => `e${n.repeat(32)}`);
const GATEWAYS = ['01', '02'].map((n) => n.repeat(32));

const meterOf = (id: string, kind: Meter['kind'], sinceMs: number): Meter => ({
  id,
  private: { key: '', iv: new Uint8Array(), box: new Uint8Array() } as unknown as Meter['private'],
  kind,
  place: null,
  source: kind === 'generation' ? 'solar' : null,
  asset: null,
  member: null,
  limitW: 1000,
  manufacturer: null,
  model: null,
  simulated: true,
  sinceMs,
});

/** One gateway's day of one meter, in one segment of its own. */
interface Told {
  readonly fact: FrameFact;
  readonly ref: SegmentRef;
}
const register = fc.option(fc.bigInt({ min: 0n, max: 30_000n }), { nil: null, freq: 4 });
const told: fc.Arbitrary<Told> = fc
  .record({
    meter: fc.constantFrom(...METERS),
    gateway: fc.constantFrom(...GATEWAYS),
    // Days in which months begin and end come up often.
    day: fc.oneof(fc.nat(DAYS - 1), fc.constantFrom(5, 6, 7, 8, 33, 34, 35, 36, 65, 66, 67)),
    stepMs: fc.constantFrom(HOUR_MS / 4, HOUR_MS, 6 * HOUR_MS, DAY_MS),
    first: fc.nat(95),
    importWh: fc.array(register, { minLength: 2, maxLength: 40 }),
    answered: fc.array(fc.nat(1), { minLength: 40, maxLength: 40 }),
    origin: fc.constantFrom('gateway' as const, 'gateway' as const, 'file' as const, 'hand' as const),
    signatureOk: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
    salt: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    astray: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
  })
  .map((f) => {
    const steps = DAY_MS / f.stepMs;
    const first = f.first % steps;
    const importWh = f.importWh.slice(0, Math.min(f.importWh.length, steps - first + 1));
    const fromMs = FIRST_MS + f.day * DAY_MS + first * f.stepMs;
    const polls = importWh.slice(1).map((_, i) => f.answered[i] ?? 0);
    const { meter, gateway, stepMs, origin, salt } = f;
    const frame: Frame = {
      v: 1,
      meter,
      gateway,
      fromMs,
      stepMs,
      importWh,
      exportWh: null,
      origin,
      salt,
      asked: polls.map(() => 1),
      answered: polls,
      clock: 'synchronised',
      prev: null,
    };
    const cid = cidOf(utf8(JSON.stringify([...salt, meter, fromMs, stepMs, gateway])));
    const day = dayOf(f.astray ? fromMs - 3 * DAY_MS : fromMs, UTC);
    const span = { fromMs, toMs: fromMs + polls.length * stepMs };
    const ref = {
      cid,
      device: gateway,
      day,
      ...span,
      bytes: 1,
      frames: 1,
      root: salt,
      prev: null,
      record: cid,
      atMs: 0,
    };
    return { fact: { segment: cid, frame, signatureOk: f.signatureOk }, ref };
  });

const decision = fc.record({
  meter: fc.constantFrom(...METERS),
  fromMs: fc.nat(DAYS * 24).map((h) => FIRST_MS + h * HOUR_MS),
  action: fc.constantFrom('accept' as const, 'reject' as const),
});

interface Books {
  readonly zoneOffsetMin: number;
  readonly told: readonly Told[];
  readonly vouched: readonly Told[];
  readonly decisions: readonly {
    readonly meter: string;
    readonly fromMs: number;
    readonly action: 'accept' | 'reject';
  }[];
  readonly meters: readonly Meter[];
}
function stateOf(books: Books): VillageState {
  const state = emptyState('ab'.repeat(32));
  state.founding = { zoneOffsetMin: books.zoneOffsetMin } as VillageState['founding'];
  for (const m of books.meters) state.meters.set(m.id, m);
  for (const { ref } of books.told) state.segments.set(ref.cid, ref);
  for (const d of books.decisions)
    state.decisions.set(decisionKey(d.meter, d.fromMs), { ...d, by: '', atMs: 0 } as never);
  const segments = books.vouched.map((v) => v.ref.cid);
  state.entries.set('r', { id: 'r', segments, vouched: { by: '', atMs: 0 } } as never);
  return state;
}

const FRAME_KEY = keyOf('all meters');
const sealedAs = (frame: Frame): Uint8Array => {
  const { iv, box } = sealBytes(FRAME_KEY.key, frameBytes(frame), frameAad(frame.meter, FRAME_KEY.id));
  return concat(iv, box);
};

const dir = mkdtempSync(join(tmpdir(), 'readings-'));
let key: DataKey;
let stores = 0;
beforeAll(async () => {
  key = await openDataKey(dir, undefined);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A store and what reads it, with a count of the frames that were opened. */
class Desk {
  readonly store: VillageStore = openVillageStore(join(dir, `${stores++}.sqlite`), key);
  state: VillageState = emptyState('');
  opened = 0;
  readings: Readings = this.open();

  open(): Readings {
    const openFrame = createPlainOpener((id) => (id === FRAME_KEY.id ? FRAME_KEY.key : undefined));
    return createReadings({
      store: this.store,
      dataKey: key,
      openPlain: (stored) => {
        this.opened += 1;
        return openFrame(stored);
      },
      state: () => this.state,
      isOnRows: () => true,
      onJudged: () => undefined,
    });
  }
  put(facts: readonly Told[]): void {
    this.store.putSegments(
      facts.map(({ fact: { segment, frame, signatureOk } }) => ({
        cid: segment,
        state: 'verified',
        reason: '',
        against: null,
        bytes: 1,
        locked: [],
        chain: { device: frame.gateway, prev: null, frames: [] },
        frames: [
          {
            segment,
            meter: frame.meter,
            fromMs: frame.fromMs,
            stepMs: frame.stepMs,
            signatureOk,
            intervals: frame.asked.length,
            key: FRAME_KEY.id,
            sealed: sealedAs(frame),
          },
        ],
      })),
    );
    this.readings.onSegments();
  }
}

const monthsOf = (zoneOffsetMin: number): Month[] => {
  const months: Month[] = [];
  const last = monthOf(FIRST_MS + (DAYS + 2) * DAY_MS, { offsetMin: zoneOffsetMin });
  for (let m = monthOf(FIRST_MS - DAY_MS, { offsetMin: zoneOffsetMin }); m <= last; m = nextMonth(m)) months.push(m);
  return months;
};

/** Windows and months against the whole history of every meter, judged in one. */
async function expectWhole({ readings }: Desk, state: VillageState, facts: readonly FrameFact[]): Promise<void> {
  const whole = historiesOf(state, facts);
  const expected = energyIn(state, whole);
  const months = monthsOf(state.founding?.zoneOffsetMin ?? 0);
  const got = await readings.energyIn(months);
  for (const month of months) {
    const { meters, duplicates } = got(month);
    const want = expected(month);
    expect(duplicates).toBe(want.duplicates);
    for (const [id, total] of meters) if (want.meters.has(id)) expect(total).toEqual(want.meters.get(id));
    for (const id of want.meters.keys()) expect(meters.has(id)).toBe(true);
    const alone = await readings.energyIn([month]);
    expect(alone(month)).toEqual(got(month));
  }
  for (const [id, history] of whole) {
    const [from, to] = [FIRST_MS + 5 * DAY_MS + 3 * HOUR_MS, FIRST_MS + 40 * DAY_MS];
    expect(readings.intervals(id, from, to)).toEqual(
      history.intervals.filter((i) => i.fromMs >= from && i.fromMs < to),
    );
  }
  const [first, end] = [FIRST_MS - DAY_MS, FIRST_MS + (DAYS + 1) * DAY_MS];
  const days = await readings.hours(first, end);
  const sums = await readings.days(first, end);
  for (const id of state.meters.keys()) {
    expect(await readings.ofMeter(id, first, end)).toEqual(
      sums.map(({ fromMs, meters }) => ({
        fromMs,
        sums: meters.get(id) ?? null,
        hours: days.get(fromMs)?.get(id) ?? null,
      })),
    );
  }
  for (const [id, history] of whole) {
    const duplicates = [...days.values()].flatMap((d) => d.get(id)?.duplicates ?? []);
    expect(duplicates).toEqual(history.duplicates);
    const spikes = [...days.values()].flatMap((d) => d.get(id)?.flags ?? []).filter((f) => f.status === 'spike');
    expect(spikes.map((f) => f.fromMs)).toEqual(
      history.intervals.filter((i) => i.status === 'spike').map((i) => i.fromMs),
    );
  }
  const pending = [...whole.values()].flatMap((h) => h.intervals.filter((i) => i.status === 'spike')).length;
  const counted = (await readings.pendingDays()).flatMap((d) => [...d.meters.values()].map((m) => m.pending));
  expect(counted.reduce((a, b) => a + b, 0)).toBe(pending);
}

const METERS_FROM_START = METERS.map((id, i) => meterOf(id, i === 2 ? 'generation' : 'use', 0));

describe('what is read by windows', () => {
  test('is the whole history cut to them, whatever comes in, is vouched for or decided, in any zone, before and after a restart', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(told, { minLength: 1, maxLength: 24 }),
        fc.array(told, { maxLength: 6 }),
        fc.array(decision, { maxLength: 12 }),
        fc.constantFrom(0, 180, 345, -210),
        async (first, later, decisions, zoneOffsetMin) => {
          const desk = new Desk();
          const files = [...first, ...later].filter((t) => t.fact.frame.origin !== 'gateway');
          const late = [meterOf(METERS[0] as string, 'use', FIRST_MS + 40 * DAY_MS), ...METERS_FROM_START.slice(1)];
          const stages: Books[] = [
            { zoneOffsetMin, told: first, vouched: [], decisions: [], meters: late.slice(1) },
            { zoneOffsetMin, told: first, vouched: files.slice(0, 2), decisions: [], meters: late },
            { zoneOffsetMin, told: [...later, ...first], vouched: files, decisions, meters: late },
          ];
          for (const books of stages) {
            desk.state = stateOf(books);
            desk.put(books.told);
            const facts = books.told.map((t) => t.fact);
            await expectWhole(desk, desk.state, facts);
            desk.readings = desk.open();
            await expectWhole(desk, desk.state, facts);
          }
          await desk.readings.stop();
          desk.store.close();
        },
      ),
      { numRuns: 25 },
    );
  });
});

/** A day of hours that go up by 10 Wh. */
function dayOf10(meter: string, day: number, name = ''): Told {
  const fromMs = FIRST_MS + day * DAY_MS;
  const importWh = Array.from({ length: 25 }, (_, i) => BigInt(day * 240 + i * 10));
  const frame: Frame = {
    v: 1,
    meter,
    gateway: GATEWAYS[0] as string,
    fromMs,
    stepMs: HOUR_MS,
    importWh,
    exportWh: null,
    asked: Array(24).fill(1) as number[],
    answered: Array(24).fill(1) as number[],
    clock: 'synchronised',
    origin: 'gateway',
    prev: null,
    salt: new Uint8Array(16),
  };
  const cid = cidOf(utf8(`${meter} ${day} ${name}`));
  const ref: SegmentRef = {
    cid,
    device: frame.gateway,
    day: dayOf(fromMs, UTC),
    fromMs,
    toMs: fromMs + DAY_MS,
    bytes: 1,
    frames: 1,
    root: frame.salt,
    prev: null,
    record: cid,
    atMs: 0,
  };
  return { fact: { segment: cid, frame, signatureOk: true }, ref };
}

describe('a month whose inputs did not change', () => {
  const months = ['2026-01', '2026-02', '2026-03'];
  const year = Array.from({ length: 60 }, (_, day) => dayOf10(METERS[0] as string, day));
  const books = (more: readonly Told[] = []): Books => ({
    zoneOffsetMin: 180,
    told: [...year, ...more],
    vouched: [],
    decisions: [],
    meters: METERS_FROM_START,
  });

  test('costs no frame to count again, after a restart and beside a late reading of another month', async () => {
    const desk = new Desk();
    desk.state = stateOf(books());
    desk.put(year);
    const before = (await desk.readings.energyIn(months))('2026-02').meters.get(METERS[0] as string);
    expect(before?.wh).toBe(28n * 240n);
    expect(desk.opened).toBeGreaterThan(0);
    desk.readings = desk.open();
    desk.opened = 0;
    expect((await desk.readings.energyIn(months))('2026-02').meters.get(METERS[0] as string)).toEqual(before);
    expect(desk.opened).toBe(0);
    const late = dayOf10(METERS[1] as string, 62, 'late');
    desk.state = stateOf(books([late]));
    desk.put([late]);
    const counted = await desk.readings.energyIn(months);
    expect(counted('2026-02').meters.get(METERS[0] as string)).toEqual(before);
    expect(counted('2026-03').meters.get(METERS[1] as string)?.wh).toBe(240n);
    // The one day that is new, and no other.
    expect(desk.opened).toBeLessThanOrEqual(4);
    desk.store.close();
  });

  test('lies on the disk with no reading in the clear (P46)', async () => {
    const desk = new Desk();
    desk.state = stateOf(books());
    desk.put(year);
    await desk.readings.energyIn(months);
    const row = desk.store.daySums(desk.readings.dayStartOf(FIRST_MS + 3 * DAY_MS));
    expect(Buffer.from(row?.sums ?? []).includes(METERS[0] as string)).toBe(false);
    expect(() => key.open('frames', row?.sums ?? new Uint8Array())).toThrow();
    const [stored] = desk.store.framesOf(METERS[0] as string, 0, Number.MAX_SAFE_INTEGER);
    const read = createPlainOpener((id) => (id === FRAME_KEY.id ? keyOf('another').key : undefined));
    expect(() => stored && read(stored)).toThrow('does not open');
    expect(() => stored && createPlainOpener(() => undefined)(stored)).toThrow('not in the key ring');
    desk.store.close();
  });

  test('and a day of another one never pass for each other, though both open under one key', async () => {
    const desk = new Desk();
    desk.state = stateOf(books());
    desk.put(year);
    const [at, other] = [5, 6].map((d) => desk.readings.dayStartOf(FIRST_MS + d * DAY_MS)) as [number, number];
    const [want] = await desk.readings.days(at, at + 1);
    await desk.readings.days(other, other + 1);
    const [mine, theirs] = [desk.store.daySums(at), desk.store.daySums(other)];
    desk.store.putDay({
      fromMs: at,
      pending: 0,
      ...(mine as NonNullable<typeof mine>),
      ...(theirs && { sums: theirs.sums }),
      hours: new Uint8Array(),
    });
    desk.readings = desk.open();
    expect(await desk.readings.days(at, at + 1)).toEqual([want]);
    desk.store.close();
  });
});

test('the newest register at an instant is found however many silent days lie behind it', async () => {
  const desk = new Desk();
  const [meter = ''] = METERS;
  const silent = Array.from({ length: 9 }, (_, i) => {
    const day = dayOf10(meter, 2 + i);
    const frame = { ...day.fact.frame, importWh: day.fact.frame.importWh?.map(() => null) ?? null };
    return { ...day, fact: { ...day.fact, frame } };
  });
  const all = [dayOf10(meter, 0), dayOf10(meter, 1), ...silent];
  desk.state = stateOf({ zoneOffsetMin: 0, told: all, vouched: [], decisions: [], meters: METERS_FROM_START });
  desk.put(all);
  const isTold = (f: Frame, edge: number): boolean => (f.importWh?.[edge] ?? null) !== null;
  const edge = (untilMs: number) => desk.readings.lastEdge(meter, untilMs, isTold)?.atMs;
  expect(edge(FIRST_MS + 30 * DAY_MS)).toBe(FIRST_MS + 2 * DAY_MS);
  expect(edge(FIRST_MS + DAY_MS + HOUR_MS / 2)).toBe(FIRST_MS + DAY_MS);
  expect(edge(FIRST_MS - 1)).toBeUndefined();
  desk.store.close();
});
