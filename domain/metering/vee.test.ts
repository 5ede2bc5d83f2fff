import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../time.ts';
import { shuffle } from '../village/village-fixture.ts';
import { type Decision, joinPieces, judgePiece, limitWh, type MeterHistory, type RawInterval, totalOf } from './vee.ts';

const LIMIT_W = 1000;
const hour = (
  h: number,
  startWh: bigint | null,
  endWh: bigint | null,
  more: Partial<RawInterval> = {},
): RawInterval => ({
  fromMs: h * HOUR_MS,
  toMs: (h + 1) * HOUR_MS,
  startWh,
  endWh,
  asked: 60,
  answered: startWh === null || endWh === null ? 0 : 60,
  trust: 1,
  segment: 's',
  order: 0,
  ownZero: false,
  ...more,
});
const decided = (h: number, action: Decision['action']): ReadonlyMap<number, Decision> =>
  new Map([[h * HOUR_MS, { fromMs: h * HOUR_MS, action }]]);
const judged = (raw: readonly RawInterval[], decisions: ReadonlyMap<number, Decision> = new Map()): MeterHistory => {
  const { intervals, spans, duplicates } = joinPieces([judgePiece(raw, LIMIT_W, decisions)], LIMIT_W, decisions);
  return { intervals, spans, duplicates };
};
const total = (raw: readonly RawInterval[], decisions?: ReadonlyMap<number, Decision>, hours = 24) =>
  totalOf(judged(raw, decisions), 0, hours * HOUR_MS, 1);

describe('a measured interval', () => {
  test('is the difference of the register at its edges', () => {
    expect(total([hour(0, 100n, 161n), hour(1, 161n, 161n)])).toMatchObject({ wh: 61n, recorded: 2, gaps: 0 });
  });

  test('of a vouched file fills an hour in which the gateway heard nothing, and no unvouched one does', () => {
    const silent = hour(1, 5n, 35n, { answered: 0 });
    const file = (trust: 0 | 1) => hour(1, 0n, 30n, { ownZero: true, order: 1, segment: 'file', trust });
    const raw = [hour(0, 0n, 5n), silent, hour(2, 35n, 40n)];
    expect(total([...raw, file(1)])).toMatchObject({ wh: 40n, recorded: 3, gaps: 0 });
    expect(total([...raw, file(0)])).toMatchObject({ wh: 40n, recorded: 2, gaps: 1 });
  });

  test('counts once however many frames tell it, and in any order', () => {
    const raw = [hour(0, 0n, 5n), hour(1, 5n, 9n), hour(2, null, null), hour(3, 9n, 20n)];
    fc.assert(
      fc.property(fc.integer(), fc.subarray(raw), (seed, again) => {
        const history = judged(shuffle([...raw, ...again], seed));
        expect(totalOf(history, 0, 24 * HOUR_MS, 1)).toEqual(total(raw));
        expect(history.duplicates).toEqual(again.map((r) => r.fromMs).sort((a, b) => a - b));
      }),
    );
  });
});

describe('a logger file', () => {
  const file = { ownZero: true, segment: 'file' } as const;

  test('counts from its own zero, so its registers make no span with those of the meter', () => {
    const raw = [hour(0, 0n, 50n, file), hour(5, 90_000n, 90_010n)];
    expect(judged(raw).spans).toEqual([]);
    expect(total(raw)).toMatchObject({ wh: 60n });
  });

  test('is not counted a second time by the meter that was silent meanwhile', () => {
    const raw = [hour(0, 100n, 110n), hour(2, 0n, 30n, file), hour(4, 160n, 165n)];
    expect(judged(raw).spans).toEqual([]);
    expect(total(raw)).toMatchObject({ wh: 45n });
  });

  test('that nobody vouched for leaves the meter its span', () => {
    const raw = [hour(0, 100n, 110n), hour(2, 0n, 30n, { ...file, trust: 0 }), hour(4, 160n, 165n)];
    expect(total(raw)).toMatchObject({ wh: 65n });
  });
});

describe('a gap', () => {
  test('is shown as a gap and never as zero (P40)', () => {
    const { intervals, spans } = judged([hour(0, 0n, 5n), hour(1, 5n, null), hour(2, null, null)]);
    expect(intervals.map((i) => [i.status, i.wh])).toEqual([
      ['measured', 5n],
      ['gap', null],
      ['gap', null],
    ]);
    expect(spans).toEqual([]);
    expect(total([hour(0, 0n, 5n), hour(1, 5n, null)])).toMatchObject({ recorded: 1, gaps: 1, wh: 5n });
  });

  test('where the meter answered at both edges but to no poll between is still a gap', () => {
    const silent = hour(0, 5n, 5n, { answered: 0 });
    expect(judged([silent]).intervals[0]).toMatchObject({ status: 'gap', wh: null });
    expect(judged([{ ...silent, asked: 0 }]).intervals[0]).toMatchObject({ status: 'measured', wh: 0n });
  });

  test('over which the register ran on has a known total whose shape is not known', () => {
    const raw = [hour(0, 0n, 5n), hour(1, 5n, null), hour(2, null, null), hour(3, 305n, 310n)];
    expect(judged(raw).spans).toEqual([{ fromMs: HOUR_MS, toMs: 3 * HOUR_MS, wh: 300n, held: false }]);
    expect(total(raw)).toMatchObject({ wh: 310n, heldWh: 0n, gaps: 2 });
  });

  test('for which there is no frame at all has the same known total', () => {
    const raw = [hour(0, 0n, 5n), hour(3, 305n, 310n)];
    expect(judged(raw).spans).toEqual([{ fromMs: HOUR_MS, toMs: 3 * HOUR_MS, wh: 300n, held: false }]);
  });

  test('over which the register stood still has no span', () => {
    expect(judged([hour(0, 0n, 5n), hour(1, 5n, null), hour(2, 5n, 6n)]).spans).toEqual([]);
  });

  test('over which more came than the line carries is held until decided', () => {
    const raw = [hour(0, 0n, 5n), hour(1, 5n, null), hour(2, 2006n, 2010n)];
    expect(total(raw)).toMatchObject({ wh: 9n, heldWh: 2001n });
    expect(total(raw, decided(1, 'accept'))).toMatchObject({ wh: 2010n, heldWh: 0n });
    expect(total(raw, decided(1, 'reject'))).toMatchObject({ wh: 9n, heldWh: 0n });
  });

  test('belongs to the period in which its energy became known', () => {
    const history = judged([hour(0, 0n, 5n), hour(1, 5n, null), hour(2, 105n, 110n)]);
    expect(totalOf(history, 0, HOUR_MS, 1).wh).toBe(5n);
    expect(totalOf(history, HOUR_MS, 3 * HOUR_MS, 1).wh).toBe(105n);
  });
});

describe('a spike', () => {
  test('is more than the limit times the hour: 1000 Wh are carried, 1001 Wh are held (P40)', () => {
    expect(limitWh(LIMIT_W, HOUR_MS)).toBe(1000n);
    expect(total([hour(0, 0n, 1000n)])).toMatchObject({ wh: 1000n, heldWh: 0n, spikes: 0 });
    expect(total([hour(0, 0n, 1001n)])).toMatchObject({ wh: 0n, heldWh: 1001n, spikes: 1, recorded: 1 });
  });

  test('by the quarter of an hour is over a quarter of the limit', () => {
    const quarter = { toMs: HOUR_MS / 4 };
    expect(total([hour(0, 0n, 250n, quarter)]).spikes).toBe(0);
    expect(total([hour(0, 0n, 251n, quarter)]).spikes).toBe(1);
  });

  test('counts when it is accepted, and counts for nothing when it is rejected', () => {
    const raw = [hour(0, 0n, 32_993n), hour(1, 32_993n, 33_000n)];
    expect(total(raw)).toMatchObject({ wh: 7n, heldWh: 32_993n, spikes: 1 });
    expect(total(raw, decided(0, 'accept'))).toMatchObject({ wh: 33_000n, heldWh: 0n, spikes: 0 });
    expect(total(raw, decided(0, 'reject'))).toMatchObject({ wh: 7n, heldWh: 0n, spikes: 0 });
    expect(judged(raw, decided(0, 'reject')).intervals[0]?.status).toBe('rejected');
  });
});

describe('a reset', () => {
  test('is a register that went back: nothing counts for its hour, and the next goes on from there', () => {
    const raw = [hour(0, 0n, 500n), hour(1, 500n, 3n), hour(2, 3n, 10n)];
    expect(judged(raw).intervals.map((i) => i.status)).toEqual(['measured', 'reset', 'measured']);
    expect(total(raw)).toMatchObject({ wh: 507n, resets: 1, recorded: 3 });
  });

  test('over a gap makes no span', () => {
    expect(judged([hour(0, 0n, 500n), hour(2, 3n, 10n)]).spans).toEqual([]);
  });
});

describe('two sources for one hour (formats 6)', () => {
  test('give the one of higher trust, even where it came later', () => {
    const low = hour(0, 0n, 900n, { trust: 0, segment: 'early', order: 0 });
    const high = hour(0, 0n, 5n, { trust: 1, segment: 'late', order: 9 });
    for (const raw of [
      [low, high],
      [high, low],
    ]) {
      const history = judged(raw);
      expect(history.intervals.map((i) => i.segment)).toEqual(['late']);
      expect(history.duplicates).toEqual([0]);
    }
  });

  test('of equal trust give the one earlier in the chain', () => {
    const raw = [hour(0, 0n, 9n, { segment: 'b', order: 1 }), hour(0, 0n, 5n, { segment: 'a', order: 0 })];
    expect(judged(raw).intervals.map((i) => i.segment)).toEqual(['a']);
    expect(total(raw).wh).toBe(5n);
  });

  test('of different steps never count the same time twice, and trust decides', () => {
    const day = hour(0, 0n, 240n, { toMs: 24 * HOUR_MS, trust: 0, segment: 'file' });
    const history = judged([day, hour(3, 30n, 40n), hour(4, 40n, 50n)]);
    expect(history.intervals.map((i) => i.fromMs / HOUR_MS)).toEqual([3, 4]);
    expect(history.duplicates).toEqual([0]);
  });

  test('of one segment give the same whatever order they lie in', () => {
    const raw = [hour(0, 0n, 5n), hour(0, 0n, 6n), hour(0, 1n, 6n), hour(0, 0n, null)];
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(judged(shuffle(raw, seed))).toEqual(judged(raw));
      }),
    );
  });

  test('never overlap in the history, whatever they cover', () => {
    const piece = fc.record({
      from: fc.nat(40),
      hours: fc.integer({ min: 1, max: 6 }),
      trust: fc.constantFrom(0, 1),
      order: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.integer(), (pieces, seed) => {
        const raw = pieces.map((p) =>
          hour(p.from, 0n, BigInt(p.order), {
            toMs: (p.from + p.hours) * HOUR_MS,
            trust: p.trust as 0 | 1,
            order: p.order,
          }),
        );
        const history = judged(raw);
        history.intervals.forEach((i, n) => {
          expect(i.fromMs).toBeGreaterThanOrEqual(history.intervals[n - 1]?.toMs ?? 0);
        });
        expect(history.intervals.length + history.duplicates.length).toBe(raw.length);
        expect(judged(shuffle(raw, seed))).toEqual(history);
      }),
    );
  });
});

describe('what lies below the trust of money', () => {
  const low = { trust: 0 } as const;

  test('is shown and never counted', () => {
    const raw = [hour(0, 0n, 5n), hour(1, 5n, 400n, low)];
    expect(judged(raw).intervals).toHaveLength(2);
    expect(total(raw)).toMatchObject({ wh: 5n, recorded: 1, lowestTrust: 1 });
    expect(totalOf(judged(raw), 0, 24 * HOUR_MS, 0)).toMatchObject({ wh: 400n, lowestTrust: 0 });
  });

  test('makes no span that becomes money', () => {
    const raw = [hour(0, 0n, 0n, low), hour(1, 900n, 905n)];
    expect(judged(raw).spans).toEqual([]);
    expect(total(raw).wh).toBe(5n);
  });

  test('takes nothing from the span between two readings that count', () => {
    const raw = [hour(0, 0n, 5n), hour(1, 5n, 70n, low), hour(2, 105n, 110n)];
    expect(judged(raw).spans).toMatchObject([{ wh: 100n }]);
    expect(total(raw).wh).toBe(110n);
  });
});

describe('a period', () => {
  test('takes an interval by its start, so that neighbouring periods share every hour between them', () => {
    const raw = Array.from({ length: 48 }, (_, h) => hour(h, BigInt(h) * 7n, BigInt(h + 1) * 7n));
    const history = judged(raw);
    fc.assert(
      fc.property(fc.nat(48 * 60), (minute) => {
        const middle = minute * 60_000;
        const parts = [totalOf(history, 0, middle, 1), totalOf(history, middle, 48 * HOUR_MS, 1)];
        expect(parts.reduce((a, p) => a + p.wh, 0n)).toBe(48n * 7n);
        expect(parts.reduce((a, p) => a + p.recorded, 0)).toBe(48);
      }),
    );
  });

  test('counts what the register gained, whatever hours were silent', () => {
    const hours = fc.array(fc.record({ wh: fc.bigInt({ min: 0n, max: 300n }), silent: fc.boolean() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(hours, (all) => {
        let register = 0n;
        const raw = [hour(0, 0n, 0n)];
        all.forEach(({ wh, silent }, i) => {
          const before = register;
          register += wh;
          if (!silent) raw.push(hour(i + 1, before, register));
        });
        raw.push(hour(all.length + 1, register, register));
        const { wh, heldWh } = total(raw, undefined, 100);
        expect(wh + heldWh).toBe(register);
      }),
    );
  });
});

describe('a history judged in pieces', () => {
  const DAYS = 6;
  const step = fc.constantFrom(HOUR_MS / 4, HOUR_MS / 2, HOUR_MS, 6 * HOUR_MS, DAY_MS);
  const register = fc.option(fc.bigInt({ min: 0n, max: 4000n }), { nil: null });
  const frame = fc.record({
    day: fc.nat(DAYS - 1),
    step,
    first: fc.nat(95),
    edges: fc.array(register, { minLength: 2, maxLength: 30 }),
    answered: fc.array(fc.nat(1), { minLength: 30, maxLength: 30 }),
    trust: fc.constantFrom(0 as const, 1 as const, 2 as const),
    order: fc.nat(4),
    ownZero: fc.constantFrom(false, false, false, true),
  });
  const rawOf = (f: typeof frame extends fc.Arbitrary<infer T> ? T : never): RawInterval[] => {
    const perDay = DAY_MS / f.step;
    const first = f.first % perDay;
    return f.edges.slice(0, Math.min(f.edges.length - 1, perDay - first)).map((startWh, i) => ({
      fromMs: f.day * DAY_MS + (first + i) * f.step,
      toMs: f.day * DAY_MS + (first + i + 1) * f.step,
      startWh,
      endWh: f.edges[i + 1] ?? null,
      asked: 1,
      answered: f.answered[i] ?? 0,
      trust: f.trust,
      segment: `s${f.order}`,
      order: f.order,
      ownZero: f.ownZero,
    }));
  };
  const decision = fc.record({
    fromMs: fc.nat(DAYS * 24).map((h) => h * HOUR_MS),
    action: fc.constantFrom('accept' as const, 'reject' as const),
  });

  test('by the days of any zone is the history judged in one, on every window of them', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 25 }),
        fc.array(decision, { maxLength: 20 }),
        fc.integer({ min: -48, max: 56 }),
        fc.nat(DAYS),
        fc.nat(DAYS),
        (frames, decided, quarters, a, b) => {
          const offsetMs = (quarters * HOUR_MS) / 4;
          const raw = frames.flatMap(rawOf);
          const decisions = new Map(decided.map((d) => [d.fromMs, d]));
          const whole = judged(raw, decisions);
          const pieces = Array.from({ length: DAYS + 2 }, (_, d) => {
            const from = (d - 1) * DAY_MS + offsetMs;
            const touched = raw.filter(
              (r) => Math.floor(r.fromMs / DAY_MS) >= Math.floor(from / DAY_MS) && r.fromMs < from + 2 * DAY_MS,
            );
            return judgePiece(touched, LIMIT_W, decisions, from, from + DAY_MS);
          });
          const { known: _, ...joined } = joinPieces(pieces, LIMIT_W, decisions);
          expect(joined).toEqual(whole);
          const [from, to] = [Math.min(a, b) + 1, Math.max(a, b) + 2];
          const before = joinPieces(pieces.slice(0, from - 1), LIMIT_W, decisions).known;
          // An interval of the day before may reach into the window, and the first register after it may end a span.
          const window = joinPieces(pieces.slice(from - 1, to + 1), LIMIT_W, decisions, before);
          const [fromMs, toMs] = [(from - 1) * DAY_MS + offsetMs, (to - 1) * DAY_MS + offsetMs];
          expect(totalOf(window, fromMs, toMs, 1)).toEqual(totalOf(whole, fromMs, toMs, 1));
        },
      ),
      { numRuns: 300 },
    );
  });
});
