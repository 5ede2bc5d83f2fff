import { ExactReader } from '../metering/exact-reader.ts';
import type { BookRecord } from './record.ts';

const DEVICE = /^[0-9a-f]{64}$/;
const CID = /^bafy[a-z2-7]{55}$/;
const KIND = /^[a-z][a-z0-9.-]{0,63}$/;
const MAX_SEEN = 256;
const MAX = Number.MAX_SAFE_INTEGER;

export type RecordHeader = Omit<BookRecord, 'body'>;

/**
 * What a record says of itself, read in one pass. Undefined where a byte is not as this reader knows it; then the strict
 * decoder and the schema have the word, for bodies may hold what this reader does not read. What it does read is what
 * those two would have read.
 */
export const readHeader = (bytes: Uint8Array, book: RegExp): RecordHeader | undefined =>
  tryRead(bytes, book, (r) => r.skipPlain());

/** The whole record, as {@link readHeader} reads its header. */
export const readWhole = (bytes: Uint8Array, book: RegExp): BookRecord | undefined =>
  tryRead(bytes, book, (r) => r.plain());

function tryRead(bytes: Uint8Array, book: RegExp, takeBody: (r: ExactReader) => unknown): BookRecord | undefined {
  try {
    return readExactly(new ExactReader(bytes), book, takeBody);
  } catch {
    return undefined;
  }
}

/** Keys in canonical order: shorter first. */
function readExactly(r: ExactReader, books: RegExp, takeBody: (r: ExactReader) => unknown): BookRecord {
  r.map(10);
  r.key('v');
  r.int(1, 1);
  r.key('at');
  r.map(2);
  r.key('n');
  const n = r.int(0, MAX);
  r.key('ms');
  const ms = r.int(0, MAX);
  r.key('seq');
  const seq = r.int(0, MAX);
  r.key('body');
  const body = takeBody(r);
  r.key('book');
  const book = r.ascii(books);
  r.key('kind');
  const kind = r.ascii(KIND);
  r.key('prev');
  const prev = r.isNull() ? null : r.ascii(CID);
  r.key('seen');
  const seen = Array.from({ length: r.array(0, MAX_SEEN) }, () => r.ascii(CID));
  r.key('device');
  const device = r.ascii(DEVICE);
  r.key('village');
  const village = r.ascii(DEVICE);
  r.end();
  return { v: 1, village, book, kind, device, seq, prev, at: { ms, n }, seen, body };
}
