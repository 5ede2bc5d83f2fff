import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cidOf, concat, encode, utf8 } from '../bytes.ts';
import { makeDevice, signRecord, verifyRecord } from '../village/village-fixture.ts';
import { type BookRecord, MAX_RECORD_BYTES, openRecord, recordBytes, tick } from './record.ts';

const device = makeDevice('Ana');
const record: BookRecord = {
  v: 1,
  village: '0a'.repeat(32),
  book: 'members',
  kind: 'member.add',
  device: device.id,
  seq: 0,
  prev: null,
  at: { ms: 1_325_376_000_000, n: 0 },
  seen: [],
  body: { name: 'Asha', wh: 2n ** 63n, raw: Uint8Array.of(1, 2) },
};
const cid = cidOf(Uint8Array.of(1));
const opened = (r: unknown) => openRecord(signRecord(r as BookRecord, device), verifyRecord);
const reasonOf = (r: unknown): string => {
  const result = opened(r);
  return result.ok ? 'opened' : result.reason;
};

describe('a record from outside', () => {
  test('opens with the id of its bytes', () => {
    expect(opened(record)).toEqual({ ok: true, record: { ...record, id: cidOf(recordBytes(record)) } });
  });

  test('is refused when it is larger than a record may be', () => {
    const body = 'x'.repeat(MAX_RECORD_BYTES);
    expect(reasonOf({ ...record, body })).toMatch(/over the limit/);
  });

  test('is refused when its bytes are not canonical', () => {
    const bytes = concat(recordBytes(record), Uint8Array.of(0));
    const result = openRecord({ bytes, sig: new Uint8Array(64) }, verifyRecord);
    expect(result).toEqual({ ok: false, reason: expect.stringMatching(/^unreadable record/) });
  });

  test('is refused in our words: what the decoder says of it may repeat what is in it', () => {
    const key = [0x68, ...utf8('forged\n!')];
    const bytes = Uint8Array.of(0xa2, ...key, 1, ...key, 2);
    const result = openRecord({ bytes, sig: new Uint8Array(64) }, verifyRecord);
    expect(result).toEqual({ ok: false, reason: 'unreadable record: it is not canonical dag-cbor' });
  });

  test.each([
    ['v', { ...record, v: 2 }],
    ['village', { ...record, village: '0A'.repeat(32) }],
    ['book', { ...record, book: 'memberships' }],
    ['book', { ...record, book: 'segments-2012' }],
    ['book', { ...record, book: '__proto__' }],
    ['kind', { ...record, kind: 'Member' }],
    ['kind', { ...record, kind: 'k'.repeat(65) }],
    ['device', { ...record, device: 'ab' }],
    ['seq', { ...record, seq: -1 }],
    ['seq', { ...record, seq: 0.5 }],
    ['prev', { ...record, prev: 'b' }],
    ['at.ms', { ...record, at: { ms: -1, n: 0 } }],
    ['at', { ...record, at: { ms: 1, n: 0, x: 1 } }],
    ['seen', { ...record, seen: Array.from({ length: 257 }, () => cid) }],
    ['seen.0', { ...record, seen: ['x'] }],
    ['', { ...record, extra: 1 }],
  ])('is refused for field %j and says so', (field, wrong) => {
    expect(reasonOf(wrong)).toBe(`bad record field ${field}`);
  });

  test('is refused when a field is missing', () => {
    for (const field of ['v', 'village', 'book', 'kind', 'device', 'seq', 'prev', 'at', 'seen']) {
      const wrong = Object.fromEntries(Object.entries(record).filter(([name]) => name !== field));
      expect(reasonOf(wrong)).toBe(`bad record field ${field}`);
    }
  });

  test('is refused when its number and its predecessor do not fit', () => {
    expect(reasonOf({ ...record, seq: 1 })).toBe('seq and prev do not fit together');
    expect(reasonOf({ ...record, prev: cid })).toBe('seq and prev do not fit together');
    expect(reasonOf({ ...record, seq: 1, prev: cid })).toBe('opened');
  });

  test('is refused when another key signed it', () => {
    const signed = signRecord(record, { ...makeDevice('Baraka'), id: device.id });
    expect(openRecord(signed, verifyRecord)).toEqual({ ok: false, reason: 'bad record signature' });
  });

  test('is refused when its signature is of another length', () => {
    const { bytes } = signRecord(record, device);
    for (const length of [0, 63, 65])
      expect(openRecord({ bytes, sig: new Uint8Array(length) }, verifyRecord).ok).toBe(false);
  });

  test('is refused, not thrown on, when its key is no point of the curve', () => {
    const broken = () => {
      throw new Error('invalid key');
    };
    expect(openRecord(signRecord(record, device), broken)).toEqual({ ok: false, reason: 'bad record signature' });
  });

  test('is refused when any one bit of it changes', () => {
    const { bytes, sig } = signRecord(record, device);
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const changed = bytes.slice();
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(openRecord({ bytes: changed, sig }, verifyRecord).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 60, maxLength: 66 }), (bytes, sig) => {
        expect(openRecord({ bytes, sig }, verifyRecord).ok).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test('never throws, whatever the fields hold', () => {
    const field = fc.constantFrom(...Object.keys(record));
    const value = fc.anything({ withBigInt: false, withDate: false, withMap: false, withSet: false });
    fc.assert(
      fc.property(field, value, (name, wrong) => {
        let bytes: Uint8Array;
        try {
          bytes = encode({ ...record, [name]: wrong });
        } catch {
          return;
        }
        openRecord({ bytes, sig: new Uint8Array(64) }, verifyRecord);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the clock of a device', () => {
  test('starts at the wall clock and follows it', () => {
    expect(tick(undefined, 5)).toEqual({ ms: 5, n: 0 });
    expect(tick({ ms: 5, n: 3 }, 6)).toEqual({ ms: 6, n: 0 });
  });

  test('always moves forward, even when the wall clock stands or goes back', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(100), fc.nat(), (ms, n, now) => {
        const next = tick({ ms, n }, now);
        expect(next.ms > ms || (next.ms === ms && next.n > n)).toBe(true);
        expect(next.ms).toBe(Math.max(ms, now));
      }),
    );
  });
});
