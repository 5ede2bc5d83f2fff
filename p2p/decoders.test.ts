import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode, toHex } from '#domain/bytes.ts';
import { openIdentity } from './device-identity.ts';
import { readEntriesFrame } from './entries-frame.ts';
import { formProblem, readEntry, signatureProblem, signaturesOf } from './entry-codec.ts';
import { identityOf, readExactEntry, readRecords, signedBytes } from './entry-reader.ts';
import { createFrameParser, MAX_FRAME_BYTES, toFrame } from './frame-parser.ts';
import { verifySignatures } from './signature-pool.ts';
import { createTestDevice, makeEntry, TEST_VILLAGE } from './test-village.ts';
import { type Message, readMessage, writeMessage } from './wire-messages.ts';

const bytes = fc.uint8Array({ maxLength: 2000 });
/** Anything dag-cbor can carry, so that the checks behind the codec are reached. */
const cbor = fc.anything({
  withBigInt: false,
  maxDepth: 4,
  key: fc.constantFrom('t', 'v', 'n', 'book', 'entries', 'x'),
});
const tryEncode = (value: unknown): Uint8Array | undefined => {
  try {
    return encode(value);
  } catch {
    return undefined;
  }
};

test('frames come out as they went in, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 })),
      fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
      (bodies, cuts) => {
        const stream = Buffer.concat(bodies.map(toFrame));
        const parser = createFrameParser();
        const out: Uint8Array[] = [];
        for (let at = 0; at < stream.length; ) {
          const end = at + (cuts.next().value ?? 1);
          out.push(...parser.push(Uint8Array.from(stream.subarray(at, end))));
          at = end;
        }
        expect(out).toEqual(bodies);
      },
    ),
  );
});

test('a frame parser given any bytes yields frames within the limit or throws', () => {
  fc.assert(
    fc.property(fc.array(bytes), (chunks) => {
      const parser = createFrameParser(500);
      try {
        for (const chunk of chunks)
          for (const frame of parser.push(chunk)) expect(frame.length).toBeLessThanOrEqual(500);
      } catch (error) {
        expect(String(error)).toContain('is outside 1..500');
      }
    }),
  );
  expect(() => createFrameParser().push(Uint8Array.of(0, 0, 0, 0))).toThrow();
  expect(MAX_FRAME_BYTES).toBe(2 * 1024 * 1024);
});

test('reading a message never throws, whatever the bytes', () => {
  fc.assert(fc.property(bytes, (b) => void readMessage(b)));
  fc.assert(
    fc.property(cbor, (value) => {
      const encoded = tryEncode(value);
      if (encoded) expect(typeof readMessage(encoded).ok).toBe('boolean');
    }),
  );
});

const hex32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((b) => Buffer.from(b).toString('hex'));
const book = fc.constantFrom('members', 'assets', 'segments-2026-01');
const hash = fc.constant(`zdpu${'A'.repeat(45)}`);
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    t: fc.constant('hello' as const),
    v: fc.constant(1 as const),
    village: hex32,
    more: fc.boolean(),
    books: fc.array(
      fc.record({
        book,
        heads: fc.array(hash, { maxLength: 3 }),
        marks: fc.array(fc.record({ device: hex32, time: fc.nat(), count: fc.nat() }), { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
  }),
  fc.record({ t: fc.constant('pulse' as const), digest: hex32 }),
  fc.record({ t: fc.constant('want' as const), book, hashes: fc.array(hash, { minLength: 1, maxLength: 3 }) }),
  fc.record({ t: fc.constant('ack' as const), n: fc.nat() }),
  fc.record({
    t: fc.constant('entries' as const),
    n: fc.oneof(fc.nat(30), fc.maxSafeNat()),
    book,
    identities: fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 3 }),
    entries: fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 3 }),
  }),
);

test('messages survive the wire, and a changed byte is a refusal or another sound message, never a throw', () => {
  fc.assert(
    fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (sent, at, flip) => {
      const wire = Uint8Array.from(writeMessage(sent));
      expect(readMessage(wire)).toEqual({ ok: true, message: sent });
      expect(sent.t === 'hello' || Buffer.from(encode(sent)).equals(wire)).toBe(true);
      expect(readEntriesFrame(wire) !== undefined).toBe(sent.t === 'entries');
      const i = at % wire.length;
      wire[i] = (wire[i] ?? 0) ^ flip;
      expect(typeof readMessage(wire).ok).toBe('boolean');
      const read = readEntriesFrame(wire);
      if (read) expect(Buffer.from(encode(read)).equals(wire)).toBe(true);
    }),
  );
});

test('reading entries and identities never throws, whatever the bytes', async () => {
  await fc.assert(
    fc.asyncProperty(bytes, cbor, async (raw, value) => {
      for (const b of [raw, tryEncode(value)]) {
        if (!b) continue;
        expect(readEntry(b).ok).toBe(false);
        expect(openIdentity(b)).toBeUndefined();
      }
    }),
  );
});

test('an entry with any one byte changed is refused', async () => {
  const author = createTestDevice();
  const entry = await makeEntry(author, 'assets', [author.write('assets'), author.write('assets')]);
  const check = async (b: Uint8Array): Promise<boolean> => {
    const read = readEntry(b);
    if (!read.ok) return false;
    // The name of the identity is bound to the key where identities are known; here only the rest counts.
    if (read.value.identity !== identityOf(entry.bytes)) return false;
    if (formProblem(read.value, TEST_VILLAGE, 'assets') !== undefined) return false;
    return signatureProblem(await verifySignatures(signaturesOf(read.value))) === undefined;
  };
  expect(await check(entry.bytes)).toBe(true);
  await fc.assert(
    fc.asyncProperty(fc.nat(entry.bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const changed = Uint8Array.from(entry.bytes);
      changed[at] = (changed[at] ?? 0) ^ flip;
      expect(await check(changed)).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('what the exact reader of entries reads is what the strict decoder reads, also with changed bytes', async () => {
  const author = createTestDevice();
  const first = await makeEntry(author, 'assets', [author.write('assets')]);
  const entry = await makeEntry(author, 'assets', [author.write('assets'), author.write('assets')], {
    time: 70_000,
    next: [first.hash],
  });
  const expectSame = (b: Uint8Array): void => {
    const exact = readExactEntry(b);
    if (!exact) return;
    const { id, device, sig, next, refs, time, identity, records } = exact;
    const clock = { id: device, time };
    const payload = { v: 1, records: records.map((record) => ({ b: record.bytes, s: record.sig })) };
    const signed = { id, payload, next, refs, clock, v: 2 };
    expect(decode(b)).toEqual({ ...signed, key: device, identity, sig: toHex(sig) });
    expect(signedBytes(b, exact.signed)).toEqual(encode(signed));
    expect(readRecords(b)).toEqual(records);
    expect(identityOf(b)).toBe(identity);
  };
  expect(readExactEntry(entry.bytes)).toBeDefined();
  expectSame(entry.bytes);
  fc.assert(
    fc.property(fc.nat(entry.bytes.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
      const changed = Uint8Array.from(entry.bytes);
      changed[at] = byte;
      expectSame(cut ? changed.subarray(0, at) : changed);
    }),
    { numRuns: 5000 },
  );
});
