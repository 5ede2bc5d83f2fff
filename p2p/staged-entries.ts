import type { DeviceIdentity } from './device-identity.ts';
import type { BookEntry } from './entry-codec.ts';

const MAX_STAGED_ENTRIES = 20_000;
const MAX_STAGED_BYTES = 64 * 1024 * 1024;

/** A verified entry on its way into a book, with the peer it came from. */
export interface Arrival {
  readonly entry: BookEntry;
  readonly identity: DeviceIdentity;
  readonly peer: string;
}

/** Verified entries of all books that cannot be joined yet: their device or a parent is not known. In memory only. */
export interface StagedEntries {
  /** False when there is no room: the entry is forgotten and has to be fetched again. */
  add(book: string, arrival: Arrival): boolean;
  has(book: string, hash: string): boolean;
  /** Takes all of a book out. */
  take(book: string): Arrival[];
  books(): string[];
  isFull(): boolean;
}

export function createStagedEntries(limits = { entries: MAX_STAGED_ENTRIES, bytes: MAX_STAGED_BYTES }): StagedEntries {
  const books = new Map<string, Map<string, Arrival>>();
  let entries = 0;
  let bytes = 0;
  const isFull = (): boolean => entries >= limits.entries || bytes >= limits.bytes;
  return {
    add(book, arrival) {
      if (isFull()) return false;
      const staged = books.get(book) ?? new Map<string, Arrival>();
      books.set(book, staged);
      if (staged.has(arrival.entry.hash)) return true;
      staged.set(arrival.entry.hash, arrival);
      entries += 1;
      bytes += arrival.entry.bytes.length;
      return true;
    },
    has: (book, hash) => books.get(book)?.has(hash) ?? false,
    take(book) {
      const taken = [...(books.get(book)?.values() ?? [])];
      books.delete(book);
      entries -= taken.length;
      bytes -= taken.reduce((n, a) => n + a.entry.bytes.length, 0);
      return taken;
    },
    books: () => [...books.keys()],
    isFull,
  };
}
