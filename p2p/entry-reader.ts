import { MAX_RECORD_BYTES, type SignedRecord } from '#domain/books/record.ts';
import { ExactReader } from '#domain/metering/exact-reader.ts';
import { MAX_PARENTS, MAX_RECORDS_PER_ENTRY, ORBIT_HASH } from './entry-limits.ts';
import { latin1 } from './latin1.ts';

const LOG_ID = /^[ -~]{0,256}$/;
const DEVICE = /^[0-9a-f]{64}$/;
const MAX = Number.MAX_SAFE_INTEGER;

/** Where the signed parts of an entry lie in its bytes: `v` and `id`, then `next` to `payload`. */
export interface SignedSpans {
  readonly idTo: number;
  readonly nextFrom: number;
  readonly payloadTo: number;
}

export interface ReadEntry {
  /** Of the log. */
  readonly id: string;
  /** The author, 64 hex. */
  readonly device: string;
  readonly sig: Uint8Array;
  readonly next: readonly string[];
  readonly refs: readonly string[];
  /** Log time. */
  readonly time: number;
  readonly identity: string;
  /** Views into the bytes. */
  readonly records: readonly SignedRecord[];
  readonly signed: SignedSpans;
}

/**
 * An entry read in one pass. Undefined where a byte is not as this reader knows it; then the strict decoder and the
 * schema have the word. What it does read is what those two would have read.
 */
export function readExactEntry(bytes: Uint8Array): ReadEntry | undefined {
  try {
    return readExactly(new ExactReader(bytes));
  } catch {
    return undefined;
  }
}

/** Keys in canonical order: shorter first, then by their bytes. */
function readExactly(r: ExactReader): ReadEntry | undefined {
  r.map(9);
  r.key('v');
  r.int(2, 2);
  r.key('id');
  const id = r.ascii(LOG_ID, 256);
  const idTo = r.position;
  r.key('key');
  const device = r.ascii(DEVICE);
  r.key('sig');
  const sig = r.hex(64);
  const nextFrom = r.position;
  r.key('next');
  const next = readHashes(r);
  r.key('refs');
  const refs = readHashes(r);
  r.key('clock');
  r.map(2);
  r.key('id');
  const clockId = r.ascii(DEVICE);
  r.key('time');
  const time = r.int(1, MAX);
  r.key('payload');
  const records = readPayload(r);
  const payloadTo = r.position;
  r.key('identity');
  const identity = r.ascii(ORBIT_HASH);
  r.end();
  // The strict way names what is wrong with these.
  if (clockId !== device || hasTwins(next) || hasTwins(refs)) return undefined;
  return { id, device, sig, next, refs, time, identity, records, signed: { idTo, nextFrom, payloadTo } };
}

const IDENTITY_LETTERS = 49;
/** Of bytes that {@link readExactEntry} has read before: the identity comes last. */
export const identityOf = (entry: Uint8Array): string => latin1(entry.subarray(-IDENTITY_LETTERS));

const BEFORE_PAYLOAD = ['v', 'id', 'key', 'sig', 'next', 'refs', 'clock'];

/** The records alone of bytes that {@link readExactEntry} has read before; throws where it would not have. */
export function readRecords(bytes: Uint8Array): SignedRecord[] {
  const r = new ExactReader(bytes);
  r.map(9);
  for (const name of BEFORE_PAYLOAD) {
    r.key(name);
    r.skipPlain();
  }
  r.key('payload');
  return readPayload(r);
}

const readHashes = (r: ExactReader): string[] =>
  Array.from({ length: r.array(0, MAX_PARENTS) }, () => r.ascii(ORBIT_HASH));
const hasTwins = (hashes: readonly string[]): boolean => hashes.length > 1 && new Set(hashes).size < hashes.length;

function readPayload(r: ExactReader): SignedRecord[] {
  r.map(2);
  r.key('v');
  r.int(1, 1);
  r.key('records');
  return Array.from({ length: r.array(1, MAX_RECORDS_PER_ENTRY) }, () => {
    r.map(2);
    r.key('b');
    const bytes = r.bytes(0, MAX_RECORD_BYTES);
    r.key('s');
    return { bytes, sig: r.bytes(0, 64) };
  });
}

const MAP_OF_SIX = 0xa6;

/** What the author signed: the canonical entry without its key, identity and signature. Its keys keep their order. */
export function signedBytes(bytes: Uint8Array, { idTo, nextFrom, payloadTo }: SignedSpans): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.allocUnsafe(idTo + payloadTo - nextFrom);
  const signed = new Uint8Array(buffer, byteOffset, length);
  signed.set(bytes.subarray(0, idTo));
  signed[0] = MAP_OF_SIX;
  signed.set(bytes.subarray(nextFrom, payloadTo), idTo);
  return signed;
}
