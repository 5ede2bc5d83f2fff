import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cidOf, concat, decode, digestOf, encode, equalBytes, fromHex, sha256, toHex, utf8 } from './bytes.ts';
import { cidSchema } from './ids.ts';

describe('canonical bytes', () => {
  test('come back as the value they were made of', () => {
    const values = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constant(null),
        fc.boolean(),
        fc.maxSafeInteger(),
        fc.string({ unit: 'grapheme' }),
        fc.uint8Array({ maxLength: 40 }),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), tie('value'), { maxKeys: 5, noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(values, (value) => {
        fc.pre(!JSON.stringify(value)?.includes('__proto__'));
        expect(decode(encode(value))).toEqual(value);
      }),
    );
  });

  test('are too deep from the same depth on, however much of the stack is in use', () => {
    const nested = (depth: number): Uint8Array => Uint8Array.from([...Array.from({ length: depth }, () => 0x81), 0x80]);
    const under = (frames: number, bytes: Uint8Array): unknown =>
      frames === 0 ? decode(bytes) : under(frames - 1, bytes);
    for (const frames of [0, 5000]) {
      expect(under(frames, nested(64))).toBeInstanceOf(Array);
      for (const depth of [65, 5000, 100_000]) expect(() => under(frames, nested(depth))).toThrow('too deep');
    }
    const [inMaps, inTags] = [Uint8Array.of(0xa1, 0x61, 0x61), Uint8Array.of(0xd8, 0x2a)];
    const of = (part: Uint8Array, times: number) =>
      concat(...Array.from({ length: times }, () => part), Uint8Array.of(0));
    expect(() => decode(of(inMaps, 65))).toThrow('too deep');
    expect(() => decode(of(inTags, 65))).toThrow('too deep');
    expect(decode(encode(Array.from({ length: 200 }, () => [{ a: [1] }])))).toHaveLength(200);
  });

  test('of any sort either decode to what encodes to the same bytes or throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        let value: unknown;
        try {
          value = decode(bytes);
        } catch (e) {
          expect(e).toBeInstanceOf(Error);
          return;
        }
        expect(encode(value)).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['a long form of 1', '1801'],
    ['keys out of order', 'a2616201616101'],
    ['a key twice', 'a2616101616102'],
    ['a float for a whole number', 'fb3ff0000000000000'],
    ['an indefinite array', '9f01ff'],
    ['bytes left over', '0101'],
    ['undefined', 'f7'],
    ['not a number', 'fb7ff8000000000000'],
    ['broken UTF-8', '61ff'],
    ['an array that ends early', '82'],
    ['nothing', ''],
  ])('are not %s', (_, hex) => {
    expect(() => decode(fromHex(hex))).toThrow();
  });

  test('keep a key named like the prototype as a key of its own', () => {
    const value = decode(fromHex('a1695f5f70726f746f5f5fa1616101')) as Record<string, unknown>;
    expect([Object.hasOwn(value, '__proto__'), value['a']]).toEqual([true, undefined]);
  });

  test('nested deeper than any stack throw and do no harm', () => {
    expect(() => decode(new Uint8Array(120_000).fill(0x81))).toThrow();
  });
});

describe('addresses of blocks', () => {
  test('hold the digest of the block', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (block) => {
        const cid = cidOf(block);
        expect(cidSchema.safeParse(cid).success).toBe(true);
        expect(digestOf(cid)).toEqual(sha256(block));
      }),
    );
  });
});

test('parts are hashed and joined as one', () => {
  expect(sha256(utf8('gridpact'), utf8(' one'))).toEqual(sha256(utf8('gridpact one')));
  expect(concat(Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3));
});

test('hex is read with and without a prefix, and nothing else is', () => {
  expect([toHex(fromHex('0x0aff')), toHex(fromHex('0aff'))]).toEqual(['0aff', '0aff']);
  for (const bad of ['0xabc', 'zz', '0x 1']) expect(() => fromHex(bad)).toThrow();
});

test('bytes are equal only in length and value', () => {
  expect([
    equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)),
    equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1)),
    equalBytes(Uint8Array.of(1), Uint8Array.of(2)),
  ]).toEqual([true, false, false]);
});

test('encoded bytes are plain: a slice of them is a copy', () => {
  const bytes = encode({ a: 1 });
  expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
  const copy = bytes.slice();
  copy[0] = 0;
  expect(bytes[0]).not.toBe(0);
});
