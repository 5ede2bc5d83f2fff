import fc from 'fast-check';
import { expect, test } from 'vitest';
import { approximate, decodeNumber, decodeText, floorRatio, multiply, powerOfTen } from './register-value.ts';

const wordsOfBits = (bits: bigint, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Number((bits >> BigInt(16 * (count - 1 - i))) & 0xffffn));

test('a signed 64-bit register keeps every value but the not-implemented one', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }), (value) => {
      const words = wordsOfBits(BigInt.asUintN(64, value), 4);
      expect(decodeNumber(words, 'int64', 'big')).toEqual({ numerator: value, denominator: 1n });
      expect(decodeNumber(words.reverse(), 'int64', 'little')).toEqual({ numerator: value, denominator: 1n });
    }),
  );
});

test.each([
  ['int16', [0x8000]],
  ['uint16', [0xffff]],
  ['int32', [0x8000, 0]],
  ['uint32', [0xffff, 0xffff]],
  ['acc32', [0xffff, 0xffff]],
  ['int64', [0x8000, 0, 0, 0]],
  ['uint64', [0xffff, 0xffff, 0xffff, 0xffff]],
  ['float32', [0x7fc0, 0]],
  ['float32', [0x7f80, 0]],
] as const)('the not-implemented pattern of %s is null', (type, words) => {
  expect(decodeNumber(words, type, 'big')).toBeNull();
});

test('a float32 register is taken exactly, without rounding', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatBE(value);
      const ratio = decodeNumber([bytes.readUInt16BE(0), bytes.readUInt16BE(2)], 'float32', 'big');
      expect(ratio).not.toBeNull();
      if (ratio) expect(approximate(ratio) + 0).toBe(value + 0);
    }),
  );
});

test('rounding is down, for negative values too', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.bigInt({ min: 1n, max: 10n ** 12n }), (numerator, denominator) => {
      const floor = floorRatio({ numerator, denominator });
      expect(floor * denominator <= numerator && (floor + 1n) * denominator > numerator).toBe(true);
    }),
  );
});

test('a scale factor multiplies exactly: 123456789 at -3 is 123456 Wh and at 3 is 123456789000 Wh', () => {
  const raw = { numerator: 123_456_789n, denominator: 1n };
  expect(floorRatio(multiply(raw, powerOfTen(-3)))).toBe(123_456n);
  expect(floorRatio(multiply(raw, powerOfTen(3)))).toBe(123_456_789_000n);
});

test('text ends at NUL, has no control characters and is null when empty', () => {
  expect(decodeText([0x4142, 0x4300, 0x5858])).toBe('ABC');
  expect(decodeText([0x0d0a, 0x2041, 0x1b5b])).toBe('A[');
  expect(decodeText([0, 0])).toBeNull();
});

test('no words make the text decoder throw or let control characters through', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 0xffff }), { maxLength: 40 }), (words) => {
      const text = decodeText(words);
      expect(text === null || (text.length > 0 && !/[\p{Cc}\p{Cf}]/u.test(text))).toBe(true);
    }),
  );
});
