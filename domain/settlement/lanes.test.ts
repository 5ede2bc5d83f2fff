import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LANE_COUNT, LANE_MAX, LANE_MIN, packLanes, unpackLanes } from './lanes.ts';

/** Members near each other, so that a payload stays small; the base reaches the last slot. */
const deltas = fc
  .tuple(
    fc.integer({ min: 0, max: LANE_COUNT - 100 }),
    fc.uniqueArray(fc.tuple(fc.nat(99), fc.bigInt({ min: LANE_MIN, max: LANE_MAX })), { selector: (d) => d[0] }),
  )
  .map(([base, moves]) => new Map(moves.map(([member, delta]) => [base + member, delta])));

const withoutZeros = (all: ReadonlyMap<number, bigint>) => new Map([...all].filter(([, delta]) => delta !== 0n));

describe('lanes payload', () => {
  test('reads back what was packed, without the zeros', () => {
    fc.assert(
      fc.property(deltas, (d) => {
        expect(unpackLanes(packLanes(d))).toEqual(withoutZeros(d));
      }),
    );
  });

  test('is the same bytes whatever the order of the members', () => {
    fc.assert(
      fc.property(deltas, (d) => {
        expect(packLanes(new Map([...d].reverse()))).toEqual(packLanes(d));
      }),
    );
  });

  test('of a month without money is one slot of zeros', () => {
    const nothing = Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(packLanes(new Map())).toEqual(nothing);
    expect(packLanes(new Map([[77, 0n]]))).toEqual(nothing);
    expect(unpackLanes(nothing)).toEqual(new Map());
  });

  test('spends the fewest bytes that hold the largest delta', () => {
    const width = (delta: bigint) => packLanes(new Map([[0, delta]]))[0];
    expect([127n, -128n, 128n, -129n, 32_767n, 32_768n, LANE_MAX, LANE_MIN].map(width)).toEqual([
      1, 1, 2, 2, 2, 3, 5, 5,
    ]);
  });

  test('starts at the slot of the lowest index and ends with the slot of the highest', () => {
    const bytes = packLanes(
      new Map([
        [13, -1n],
        [18, 1n],
      ]),
    );
    expect([...bytes]).toEqual([1, 0, 0, 2, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0]);
  });

  test('refuses an index or a delta that no lane holds', () => {
    expect(() => packLanes(new Map([[LANE_COUNT, 1n]]))).toThrow(RangeError);
    expect(() => packLanes(new Map([[-1, 1n]]))).toThrow(RangeError);
    expect(() => packLanes(new Map([[0.5, 1n]]))).toThrow(RangeError);
    expect(() => packLanes(new Map([[0, LANE_MAX + 1n]]))).toThrow(RangeError);
    expect(() => packLanes(new Map([[0, LANE_MIN - 1n]]))).toThrow(RangeError);
  });

  test('refuses any bytes that packing would not have made', () => {
    const shaped = fc
      .tuple(
        fc.integer({ min: 1, max: 5 }),
        fc.uint8Array({ minLength: 3, maxLength: 3 }),
        fc.integer({ min: 0, max: 3 }),
      )
      .chain(([width, slot, count]) =>
        fc
          .uint8Array({ minLength: count * 6 * width, maxLength: count * 6 * width })
          .map((body) => Uint8Array.from([width, ...slot, ...body])),
      );
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(shaped, fc.uint8Array({ maxLength: 64 })), (bytes) => {
        try {
          const found = unpackLanes(bytes);
          read += 1;
          expect(packLanes(found)).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 2000 },
    );
    expect(read).toBeGreaterThan(0);
  });

  test('refuses padding in front, behind and in the numbers', () => {
    const one = [0, 0, 0, 0, 0, 2];
    const none = [0, 0, 0, 0, 0, 0];
    expect(() => unpackLanes(Uint8Array.from([1, 0, 0, 0, ...none, ...one]))).toThrow(RangeError);
    expect(() => unpackLanes(Uint8Array.from([1, 0, 0, 0, ...one, ...none]))).toThrow(RangeError);
    expect(() => unpackLanes(Uint8Array.from([2, 0, 0, 0, ...none, ...one]))).toThrow(RangeError);
    expect(() => unpackLanes(Uint8Array.from([1, 0, 0, 9, ...none]))).toThrow(RangeError);
    expect(() => unpackLanes(Uint8Array.from([1, 0x10, 0, 0, ...one]))).toThrow(RangeError);
  });
});
