import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { basisPoints, minor, priceOf, split, sum } from './money.ts';

const amount = fc.bigInt({ min: 0n, max: 2n ** 63n });

describe('a bill line', () => {
  test('P12: 100 kWh at 200 is 20,000 and 15 % of it comes back as 3,000', () => {
    const charge = priceOf(100_000n, 200n);
    expect(charge).toBe(20_000n);
    expect(basisPoints(charge, 1500n)).toBe(3000n);
  });

  test('P13: 50 kWh at 180 is 9,000, of which 500 wheel, 5,100 go to the owner and 3,400 to the host', () => {
    const pays = priceOf(50_000n, 180n);
    const grid = priceOf(50_000n, 10n);
    expect([pays, grid, ...split(minor(pays - grid), [60n, 40n])]).toEqual([9000n, 500n, 5100n, 3400n]);
  });

  test('rounds half up to the minor unit', () => {
    expect([priceOf(499n, 1n), priceOf(500n, 1n), priceOf(1499n, 1n), priceOf(1500n, 1n)]).toEqual([0n, 1n, 1n, 2n]);
    expect([basisPoints(minor(1n), 4999n), basisPoints(minor(1n), 5000n)]).toEqual([0n, 1n]);
  });

  test('is never further than half a unit from the exact price', () => {
    fc.assert(
      fc.property(amount, fc.bigInt({ min: 0n, max: 1_000_000n }), (wh, price) => {
        const off = priceOf(wh, price) * 1000n - wh * price;
        expect(off > -500n && off <= 500n).toBe(true);
      }),
    );
  });

  test('never costs less for more energy or for a higher price', () => {
    fc.assert(
      fc.property(amount, amount, amount, (wh, more, price) => {
        expect(priceOf(wh + more, price)).toBeGreaterThanOrEqual(priceOf(wh, price));
        expect(priceOf(wh, price + more)).toBeGreaterThanOrEqual(priceOf(wh, price));
      }),
    );
  });

  test('refuses negative energy, prices, amounts and shares', () => {
    expect(() => priceOf(-1n, 1n)).toThrow(RangeError);
    expect(() => priceOf(1n, -1n)).toThrow(RangeError);
    expect(() => basisPoints(minor(-1n), 1n)).toThrow(RangeError);
    expect(() => basisPoints(minor(1n), -1n)).toThrow(RangeError);
  });
});

describe('splitting an amount', () => {
  const weights = fc
    .array(fc.bigInt({ min: 0n, max: 10_000n }), { minLength: 1, maxLength: 20 })
    .filter((w) => sum(w) > 0n);

  test('gives parts that sum to the amount, each within one unit of its exact share', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }), weights, (total, shares) => {
        const parts = split(minor(total), shares);
        expect(sum(parts)).toBe(total);
        parts.forEach((part, i) => {
          const off = part * sum(shares) - total * (shares[i] ?? 0n);
          expect(off > -sum(shares) && off < sum(shares)).toBe(true);
        });
      }),
    );
  });

  test('gives nothing to a weight of zero', () => {
    fc.assert(
      fc.property(amount, weights, (total, shares) => {
        expect(split(minor(total), [0n, ...shares])[0]).toBe(0n);
      }),
    );
  });

  test('gives ties to the earlier weight: 10 by thirds is 4, 3, 3', () => {
    expect(split(minor(10n), [1n, 1n, 1n])).toEqual([4n, 3n, 3n]);
    expect(split(minor(1n), [5000n, 5000n])).toEqual([1n, 0n]);
  });

  test('gives whole parts as they are: 100 by 33, 33 and 34', () => {
    expect(split(minor(100n), [33n, 33n, 34n])).toEqual([33n, 33n, 34n]);
  });

  test('mirrors a negative amount', () => {
    fc.assert(
      fc.property(amount, weights, (total, shares) => {
        expect(split(minor(-total), shares)).toEqual(split(minor(total), shares).map((p) => 0n - p));
      }),
    );
  });

  test('refuses negative weights and weights that are all zero', () => {
    expect(() => split(minor(1n), [0n, 0n])).toThrow(RangeError);
    expect(() => split(minor(1n), [2n, -1n])).toThrow(RangeError);
    expect(() => split(minor(1n), [])).toThrow(RangeError);
  });
});
