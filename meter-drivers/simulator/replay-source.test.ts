import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOUR_MS } from '#domain/time.ts';
import { createReplaySource } from './replay-source.ts';

const open = (tenths: (number | null)[]) =>
  createReplaySource(
    {
      site: 'kijiji',
      columns: ['kijiji_0', 'kijiji_1'],
      firstLocalHour: 480_000,
      hours: tenths.length,
      tenths: [tenths, tenths],
    },
    180,
  );

const recorded = fc.array(fc.option(fc.nat({ max: 500_000 })), { minLength: 1, maxLength: 40 });

test('registers start at zero at the first local midnight, and unit k+1 is line k', () => {
  const source = open([105, null]);
  expect(source.fromMs).toBe(480_000 * HOUR_MS - 3 * HOUR_MS);
  expect(source.toMs).toBe(source.fromMs + 2 * HOUR_MS);
  expect(source.meters.map(({ unit, key, role }) => [unit, key, role])).toEqual([
    [1, 'kijiji_0', 'site'],
    [2, 'kijiji_1', 'use'],
  ]);
  expect(source.stateAt(1, source.fromMs)).toMatchObject({ importWh: 0n, answers: true });
});

test('at every edge the register is the sum of the recorded tenths, rounded down to Wh', () => {
  fc.assert(
    fc.property(recorded, (tenths) => {
      const source = open(tenths);
      let sum = 0;
      tenths.forEach((value, hour) => {
        expect(source.stateAt(1, source.fromMs + hour * HOUR_MS).importWh).toBe(BigInt(Math.floor(sum / 10)));
        sum += value ?? 0;
      });
      expect(source.stateAt(1, source.toMs).importWh).toBe(BigInt(Math.floor(sum / 10)));
    }),
  );
});

test('a meter answers at both edges of a recorded hour and within it, and nowhere else', () => {
  fc.assert(
    fc.property(recorded, fc.integer({ min: 1, max: HOUR_MS - 1 }), (tenths, intoMs) => {
      const source = open(tenths);
      const has = (hour: number): boolean => (tenths[hour] ?? null) !== null;
      for (let hour = 0; hour <= tenths.length; hour += 1) {
        const edge = source.fromMs + hour * HOUR_MS;
        expect(source.stateAt(1, edge).answers).toBe(has(hour) || has(hour - 1));
        expect(source.stateAt(1, edge + intoMs).answers).toBe(has(hour));
      }
    }),
  );
});

test('the register stands still in an empty hour and moves evenly in a recorded one', () => {
  const source = open([1000, null, 1000]);
  const at = (hours: number): bigint => source.stateAt(1, source.fromMs + hours * HOUR_MS).importWh;
  expect([0, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 9].map(at)).toEqual([
    0n,
    25n,
    50n,
    75n,
    100n,
    100n,
    100n,
    150n,
    200n,
    200n,
  ]);
});
