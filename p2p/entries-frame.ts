import { BOOK } from '#domain/books/record.ts';
import { utf8 } from '#domain/bytes.ts';
import { ExactReader } from '#domain/metering/exact-reader.ts';
import { MAX_IDENTITY_BYTES } from './device-identity.ts';
import { MAX_ENTRY_BYTES } from './entry-limits.ts';

export const MAX_ENTRIES_PER_FRAME = 1024;

/** Entries of one book on their way, with the identities of their authors. */
export interface EntriesFrame {
  readonly t: 'entries';
  /** Named when it is acknowledged. */
  readonly n: number;
  readonly book: string;
  readonly identities: Uint8Array[];
  readonly entries: Uint8Array[];
}

const KIND = /^entries$/;

/**
 * Reads a frame of entries in one pass; entries and identities are views into it. Undefined where a byte is not as this
 * reader knows it; then the strict decoder and the schema have the word.
 */
export function readEntriesFrame(bytes: Uint8Array): EntriesFrame | undefined {
  // Most messages are short and of another kind; an error for each of them costs more than reading it.
  if (bytes[0] !== MAP_OF_FIVE) return undefined;
  try {
    return readExactly(new ExactReader(bytes));
  } catch {
    return undefined;
  }
}

/** Keys in canonical order: shorter first. */
function readExactly(r: ExactReader): EntriesFrame {
  r.map(5);
  r.key('n');
  const n = r.int(0, Number.MAX_SAFE_INTEGER);
  r.key('t');
  r.ascii(KIND);
  r.key('book');
  const book = r.ascii(BOOK);
  r.key('entries');
  const entries = readList(r, 1, MAX_ENTRY_BYTES);
  r.key('identities');
  const identities = readList(r, 0, MAX_IDENTITY_BYTES);
  r.end();
  return { t: 'entries', n, book, identities, entries };
}

const readList = (r: ExactReader, min: number, maxBytes: number): Uint8Array[] =>
  Array.from({ length: r.array(min, MAX_ENTRIES_PER_FRAME) }, () => r.bytes(0, maxBytes));

const UNSIGNED = 0;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP_OF_FIVE = 0xa5;
/** The most that comes before a value: its kind and its number or length. */
const HEAD_BYTES = 9;
/** Enough for all but the lists. */
const FRAME_BYTES = 256;

/** Its canonical dag-cbor, each entry copied once. */
export function writeEntriesFrame({ n, t, book, identities, entries }: EntriesFrame): Uint8Array {
  const size = [...identities, ...entries].reduce((sum, { length }) => sum + HEAD_BYTES + length, FRAME_BYTES);
  const bytes = new Uint8Array(size);
  let at = 0;
  bytes[at++] = MAP_OF_FIVE;
  const put = (part: Uint8Array): void => {
    bytes.set(part, at);
    at += part.length;
  };
  const head = (major: number, value: number): void => {
    at = writeHead(bytes, at, major, value);
  };
  const text = (value: string): void => {
    const letters = utf8(value);
    head(TEXT, letters.length);
    put(letters);
  };
  const list = (items: readonly Uint8Array[]): void => {
    head(ARRAY, items.length);
    for (const item of items) {
      head(BYTES, item.length);
      put(item);
    }
  };
  text('n');
  head(UNSIGNED, n);
  text('t');
  text(t);
  text('book');
  text(book);
  text('entries');
  list(entries);
  text('identities');
  list(identities);
  return bytes.subarray(0, at);
}

/** Kind and number in the shortest form; where the value goes on. */
function writeHead(bytes: Uint8Array, at: number, major: number, value: number): number {
  const form = value < 24 ? value : value < 0x100 ? 24 : value < 0x1_0000 ? 25 : value < 0x1_0000_0000 ? 26 : 27;
  const width = form < 24 ? 0 : 2 ** (form - 24);
  bytes[at] = (major << 5) | form;
  let rest = value;
  for (let i = width; i > 0; i--) {
    bytes[at + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return at + 1 + width;
}
