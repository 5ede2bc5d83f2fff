import type { AuthorMark } from '#core/ports/village-node.ts';
import { utf8 } from '#domain/bytes.ts';
import { type AuthorRange, createAuthorIndex } from './author-index.ts';
import { damaged } from './book-database.ts';
import { ORBIT_HASH } from './entry-limits.ts';
import { latin1 } from './latin1.ts';

/** What is known of an entry without its bytes. */
export interface IndexRow {
  /** Place in the order of joining. */
  readonly n: number;
  readonly hash: string;
  /** Log time. */
  readonly time: number;
  readonly device: string;
  /** The bytes are not kept here any more. */
  readonly released: boolean;
}

/** The entries of one book by hash and by author, in memory. */
export interface BookIndex {
  row(hash: string): IndexRow | undefined;
  readonly has: (hash: string) => boolean;
  /** Adds a row, or takes it in place of the one with the same hash. */
  put(row: IndexRow): void;
  rows(): Iterable<IndexRow>;
  /** Hashes of entries kept here that the owner of the marks lacks; parents come first. */
  lackedBy(marks: readonly AuthorMark[]): string[];
  /** The same within ranges of some authors. */
  within(ranges: readonly AuthorRange[]): string[];
}

export function createBookIndex(): BookIndex {
  const rows = new Map<string, IndexRow>();
  const authors = createAuthorIndex();
  const isKept = (hash: string): boolean => rows.get(hash)?.released === false;
  return {
    row: (hash) => rows.get(hash),
    has: (hash) => rows.has(hash),
    put(row) {
      if (!rows.has(row.hash)) authors.add(row.device, row);
      rows.set(row.hash, row);
    },
    rows: () => rows.values(),
    lackedBy: (marks) => authors.lackedBy(marks).filter(isKept),
    within: (ranges) => authors.within(ranges).filter(isKept),
  };
}

/** Of entries that were joined together. */
export const writeIndexRows = (rows: readonly IndexRow[]): Uint8Array =>
  utf8(rows.map(({ hash, time, device }) => `${hash} ${time} ${device}`).join('\n'));

const HASH_LETTERS = 49;

/** The rows from a number on. */
export const readIndexRows = (from: number, value: Uint8Array, path: string): IndexRow[] =>
  latin1(value)
    .split('\n')
    .map((text, i) => readIndexRow(from + i, text, path));

function readIndexRow(n: number, text: string, path: string): IndexRow {
  const hash = text.slice(0, HASH_LETTERS);
  const timeTo = text.indexOf(' ', HASH_LETTERS + 1);
  const time = Number(text.slice(HASH_LETTERS + 1, timeTo));
  if (!ORBIT_HASH.test(hash) || timeTo < 0 || !Number.isSafeInteger(time)) throw damaged(path, 'unreadable index');
  return { n, hash, time, device: text.slice(timeTo + 1), released: false };
}
