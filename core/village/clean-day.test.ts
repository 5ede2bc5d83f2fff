import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cidOf, utf8 } from '#domain/bytes.ts';
import { type Frame, frameBytes } from '#domain/metering/frame.ts';
import { readPlainFrame } from '#domain/metering/frame-reader.ts';
import { type FrameFact, readingRules } from '#domain/settlement/accounts.ts';
import { DAY_MS, dayOf, HOUR_MS, UTC } from '#domain/time.ts';
import { emptyState, type Meter, type SegmentRef, type VillageState } from '#domain/village/state.ts';
import { cleanDayOf } from './clean-day.ts';
import { judgeDay } from './day-sums.ts';
import type { MeterFrames } from './opened-days.ts';

const UTC_MS = Date.UTC(2026, 2, 10);
const DEVICE = '01'.repeat(32);
const METER = `e${'a'.repeat(32)}`;
const KINDS = ['use', 'site', 'generation', 'battery'] as const;

/** What goes wrong in a day that is otherwise told whole; mostly nothing. */
const fault = fc.oneof(
  { weight: 12, arbitrary: fc.constant(null) },
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      ...([
        'silent',
        'unheard',
        'back',
        'spike',
        'jump',
        'cut',
        'twice',
        'forged',
        'file',
        'hand',
        'astray',
        'vast',
      ] as const),
    ),
  },
);
type Fault = NonNullable<typeof fault extends fc.Arbitrary<infer F> ? F : never>;

const dayTold = fc.record({
  stepMs: fc.constantFrom(HOUR_MS / 4, HOUR_MS / 4, HOUR_MS, 2 * HOUR_MS),
  /** How many frames it comes in. */
  pieces: fc.constantFrom(1, 1, 3, 12),
  gainsWh: fc.array(fc.nat(200), { minLength: 96, maxLength: 96 }),
  asked: fc.boolean(),
  hasExport: fc.boolean(),
  fault,
  at: fc.nat(95),
});
type DayTold = typeof dayTold extends fc.Arbitrary<infer D> ? D : never;

const has = (told: DayTold, ...faults: Fault[]): boolean => told.fault !== null && faults.includes(told.fault);

function registerOf(told: DayTold, startWh: bigint): (bigint | null)[] {
  const steps = DAY_MS / told.stepMs;
  const at = told.at % steps;
  const edges: (bigint | null)[] = [has(told, 'vast') ? 2n ** 60n : startWh];
  for (let i = 0; i < steps; i++) {
    const gain = BigInt(told.gainsWh[i] ?? 0) + (has(told, 'spike') && i === at ? 100_000n : 0n);
    edges.push((edges[i] as bigint) + gain);
  }
  if (has(told, 'unheard')) edges[at] = null;
  if (has(told, 'back')) for (let i = at; i < edges.length; i++) edges[i] = (edges[i] as bigint) / 2n;
  return edges;
}

/** The frames of a day, and what its registers end with. */
function framesOf(told: DayTold, fromMs: number, startWh: bigint): { frames: Frame[]; endWh: bigint } {
  const edges = registerOf(told, startWh);
  const steps = DAY_MS / told.stepMs;
  const size = Math.max(1, Math.floor(steps / told.pieces));
  const frames: Frame[] = [];
  for (let first = 0; first < steps; first += size) {
    if (has(told, 'cut') && frames.length > 0 && first >= told.at % steps) break;
    const n = Math.min(size, steps - first);
    const jumps = has(told, 'jump') && first > 0 ? 7n : 0n;
    const importWh = edges.slice(first, first + n + 1).map((wh) => wh && wh + jumps);
    const asked = Array.from({ length: n }, () => (told.asked ? 3 : 0));
    frames.push({
      v: 1,
      meter: METER,
      gateway: DEVICE,
      fromMs: fromMs + first * told.stepMs,
      stepMs: told.stepMs,
      importWh,
      exportWh: told.hasExport ? importWh : null,
      origin: has(told, 'file') ? 'file' : has(told, 'hand') ? 'hand' : 'gateway',
      salt: new Uint8Array(16),
      asked,
      answered: asked.map((polls, i) => (has(told, 'silent') && first + i === told.at % steps ? 0 : polls)),
      clock: 'synchronised',
      prev: null,
    });
  }
  return { frames, endWh: (edges.at(-1) ?? startWh) + (has(told, 'jump') ? 7n : 0n) };
}

function addSegment(state: VillageState, fact: FrameFact, day: string): void {
  const { segment, frame } = fact;
  const ref = { cid: segment, device: DEVICE, day, fromMs: frame.fromMs, toMs: frame.fromMs + DAY_MS, bytes: 1 };
  const rest = { frames: 1, root: new Uint8Array(32), prev: null, record: segment, atMs: 0 };
  state.segments.set(segment, { ...ref, ...rest } satisfies SegmentRef);
}

test('a day of which nothing is missing comes to the same by its hours as interval by interval', () => {
  let clean = 0;
  fc.assert(
    fc.property(
      fc.record({
        days: fc.tuple(dayTold, dayTold),
        kind: fc.constantFrom(...KINDS),
        zoneHours: fc.constantFrom(0, 3, -5, 5.5),
        limitW: fc.constantFrom(100, 1000, 1_000_000),
        breakBetween: fc.constantFrom(0n, 0n, 0n, 40n),
      }),
      ({ days, kind, zoneHours, limitW, breakBetween }) => {
        const state = emptyState('ab'.repeat(32));
        state.meters.set(METER, { id: METER, kind, source: null, limitW, sinceMs: 0 } as unknown as Meter);
        const rules = readingRules(state);
        let wh = 5_000n;
        const told = days.map((day, i) => {
          const utcMs = UTC_MS + i * DAY_MS;
          const { frames, endWh } = framesOf(day, utcMs, wh);
          wh = endWh + breakBetween;
          const all = has(day, 'twice') ? frames.flatMap((f) => [f, f]) : frames;
          const facts = all.map((frame, n): FrameFact => {
            const segment = cidOf(utf8(`${i} ${n}`));
            return { segment, frame, signatureOk: !(has(day, 'forged') && n === 0) };
          });
          for (const fact of facts)
            addSegment(state, fact, dayOf(fact.frame.fromMs - (has(day, 'astray') ? DAY_MS : 0), UTC));
          return { utcMs, facts };
        });
        const ways = [true, false].map((byHours) =>
          told.map(({ utcMs, facts }): ReadonlyMap<string, MeterFrames> => {
            const plain = facts.map((f) => ({ ...f, frame: readPlainFrame(frameBytes(f.frame)) }));
            return new Map([
              [METER, { clean: byHours ? cleanDayOf(rules, plain, utcMs) : null, facts: () => [...facts] }],
            ]);
          }),
        );
        const fromMs = UTC_MS + ((zoneHours * HOUR_MS + DAY_MS) % DAY_MS);
        const [byHours, byIntervals] = ways.map((way) => {
          if (way.every((day) => day.get(METER)?.clean)) clean += 1;
          return judgeDay(rules, fromMs % DAY_MS === 0 ? way.slice(0, 1) : way, fromMs);
        });
        expect(byHours).toEqual(byIntervals);
      },
    ),
    { numRuns: 600 },
  );
  expect(clean).toBeGreaterThan(30);
});
