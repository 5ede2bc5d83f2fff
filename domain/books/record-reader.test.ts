import * as dagCbor from '@ipld/dag-cbor';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cidOf, decode, encode } from '../bytes.ts';
import { BOOK, openRecord } from './record.ts';
import { readHeader, readWhole } from './record-reader.ts';

const hex = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((b) => Buffer.from(b).toString('hex'));
const cid = fc.uint8Array({ maxLength: 20 }).map((b) => cidOf(b));
const count = fc.oneof(fc.nat(30), fc.nat(), fc.maxSafeNat());
/** What bodies are made of, and what they are not. */
const body = fc.oneof(
  fc.anything({
    maxDepth: 3,
    withBigInt: false,
    values: [fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.uint8Array({ maxLength: 40 }), fc.constant(null)],
    key: fc.string({ maxLength: 6 }),
  }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.dictionary(fc.stringMatching(/^[a-z]{0,4}$/), fc.oneof(fc.maxSafeInteger(), fc.stringMatching(/^[ -~]*$/))),
);
const record = fc.record({
  v: fc.constant(1),
  village: hex,
  book: fc.constantFrom('members', 'assets', 'operations-2012-01', 'nothing'),
  kind: fc.constantFrom('note', 'meter.add', 'Wrong', ''),
  device: hex,
  seq: count,
  prev: fc.oneof(fc.constant(null), cid),
  at: fc.record({ ms: count, n: count }),
  seen: fc.array(cid, { maxLength: 3 }),
  body,
});
const tryEncode = (value: unknown): Uint8Array | undefined => {
  try {
    return Uint8Array.from(encode(value));
  } catch {
    return undefined;
  }
};
const trusting = (): boolean => true;
const sig = new Uint8Array(64);

/** What the exact reader takes, the strict decoder takes as the very same value. */
function expectSame(bytes: Uint8Array): void {
  const header = readHeader(bytes, BOOK);
  if (!header) return;
  const strict = decode(bytes) as Record<string, unknown>;
  expect(header).toEqual({ ...strict, body: undefined });
  const whole = readWhole(bytes, BOOK);
  if (whole) expect(whole).toStrictEqual(strict);
  const opened = openRecord({ bytes, sig }, trusting);
  if (opened.ok) expect(opened.record).toStrictEqual({ ...strict, id: cidOf(bytes) });
  else expect(opened.reason).toBe('seq and prev do not fit together');
}

test('what the exact reader reads is what the strict decoder and the schema read, also with changed bytes', () => {
  let read = 0;
  let whole = 0;
  fc.assert(
    fc.property(record, fc.nat(), fc.nat(255), (value, at, byte) => {
      const bytes = tryEncode(value);
      if (!bytes) return;
      if (readHeader(bytes, BOOK)) read += 1;
      if (readWhole(bytes, BOOK)) whole += 1;
      expectSame(bytes);
      bytes[at % bytes.length] = byte;
      expectSame(bytes);
    }),
    { numRuns: 3000 },
  );
  expect(read).toBeGreaterThan(100);
  expect(whole).toBeGreaterThan(100);
});

test('any plain value is passed over exactly where the strict decoder takes it', () => {
  const wrap = (raw: Uint8Array): Uint8Array => {
    const base = { v: 1, at: { ms: 1, n: 0 }, seq: 0, body: 0, book: 'assets', kind: 'note', prev: null, seen: [] };
    const bytes = dagCbor.encode({ ...base, device: 'ab'.repeat(32), village: 'cd'.repeat(32) });
    const at = Buffer.from(bytes).indexOf('body') + 4;
    return Uint8Array.from(Buffer.concat([bytes.subarray(0, at), raw, bytes.subarray(at + 1)]));
  };
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 12 }), (raw) => expectSame(wrap(raw))),
    { numRuns: 5000 },
  );
  for (const raw of [[0xa2, 0x61, 0x62, 0, 0x61, 0x61, 0], [0x18, 5], [0x7f], [0xf7], [0xfb], [0x5f], [0x80], [0x20]])
    expectSame(wrap(Uint8Array.from(raw)));
});
