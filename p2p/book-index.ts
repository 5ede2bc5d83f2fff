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

export const writeIndexRow = ({ hash, time, device, released }: IndexRow): Uint8Array =>
  utf8(released ? `${hash} ${time} ${device} r` : `${hash} ${time} ${device}`);

const HASH_LETTERS = 49;
const DEVICE_LETTERS = 64;

export function readIndexRow(n: number, value: Uint8Array, path: string): IndexRow {
  const text = latin1(value);
  const hash = text.slice(0, HASH_LETTERS);
  const timeTo = text.indexOf(' ', HASH_LETTERS + 1);
  const time = Number(text.slice(HASH_LETTERS + 1, timeTo));
  const deviceTo = timeTo + 1 + DEVICE_LETTERS;
  if (!ORBIT_HASH.test(hash) || timeTo < 0 || !Number.isSafeInteger(time)) throw damaged(path, 'unreadable index');
  return { n, hash, time, device: text.slice(timeTo + 1, deviceTo), released: text.endsWith(' r') };
}
