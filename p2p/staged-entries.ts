import { type AuthorMarks, createAuthorMarks } from './author-index.ts';
import type { DeviceIdentity } from './device-identity.ts';
import type { BookEntry } from './entry-codec.ts';
import { readRecords } from './entry-reader.ts';

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
  /**
   * False when there is no room: the entry is forgotten and has to be fetched again. Whoever takes up the most room makes
   * way for others.
   */
  add(book: string, arrival: Arrival): boolean;
  has(book: string, hash: string): boolean;
  remove(book: string, hash: string): void;
  /** How far each author of the book is among them. */
  marks(book: string): AuthorMarks;
  /** Takes all of a book out. */
  take(book: string): Arrival[];
  books(): string[];
  isFull(): boolean;
}

export function createStagedEntries(limits = { entries: MAX_STAGED_ENTRIES, bytes: MAX_STAGED_BYTES }): StagedEntries {
  const books = new Map<string, Map<string, Arrival>>();
  /** Of those books for which they were asked; made again after something left. */
  const marks = new Map<string, AuthorMarks>();
  const bytesOfPeer = new Map<string, number>();
  let entries = 0;
  let bytes = 0;
  const isFull = (): boolean => entries >= limits.entries || bytes >= limits.bytes;
  const count = ({ entry, peer }: Arrival, sign: 1 | -1): void => {
    const size = weightOf(entry);
    entries += sign;
    bytes += sign * entry.bytes.length;
    const left = (bytesOfPeer.get(peer) ?? 0) + sign * size;
    if (left > 0) bytesOfPeer.set(peer, left);
    else bytesOfPeer.delete(peer);
  };
  const drop = (book: string, hash: string, arrival: Arrival): void => {
    const staged = books.get(book);
    staged?.delete(hash);
    if (staged?.size === 0) books.delete(book);
    marks.delete(book);
    count(arrival, -1);
  };
  /** Drops a part of what came from the peer that takes up the most, unless it is this one. */
  const makeRoom = (peer: string): void => {
    const [largest, held] = [...bytesOfPeer].reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0]);
    if (largest === peer || held <= (bytesOfPeer.get(peer) ?? 0)) return;
    let toDrop = held / 4;
    for (const [book, staged] of books) {
      for (const [hash, arrival] of staged) {
        if (toDrop <= 0) return;
        if (arrival.peer !== largest) continue;
        toDrop -= weightOf(arrival.entry);
        drop(book, hash, arrival);
      }
    }
  };
  return {
    add(book, arrival) {
      if (isFull()) makeRoom(arrival.peer);
      if (isFull()) return false;
      const staged = books.get(book) ?? new Map<string, Arrival>();
      books.set(book, staged);
      if (staged.has(arrival.entry.hash)) return true;
      const own = { ...arrival, entry: detach(arrival.entry) };
      staged.set(arrival.entry.hash, own);
      count(own, 1);
      marks.get(book)?.add(own.entry.device, own.entry.time);
      return true;
    },
    has: (book, hash) => books.get(book)?.has(hash) ?? false,
    remove(book, hash) {
      const arrival = books.get(book)?.get(hash);
      if (arrival) drop(book, hash, arrival);
    },
    marks(book) {
      const known = marks.get(book);
      if (known) return known;
      const made = createAuthorMarks();
      for (const { entry } of books.get(book)?.values() ?? []) made.add(entry.device, entry.time);
      marks.set(book, made);
      return made;
    },
    take(book) {
      const taken = [...(books.get(book)?.values() ?? [])];
      books.delete(book);
      marks.delete(book);
      for (const arrival of taken) count(arrival, -1);
      return taken;
    },
    books: () => [...books.keys()],
    isFull,
  };
}

/** What came is a part of a frame, all of which it would keep in memory. */
function detach(entry: BookEntry): BookEntry {
  if (entry.bytes.length === entry.bytes.buffer.byteLength) return entry;
  const bytes = Uint8Array.from(entry.bytes);
  return { ...entry, bytes, records: readRecords(bytes) };
}

/** A small entry takes up more than its bytes: so that both limits are shared by the same measure. */
const weightOf = (entry: BookEntry): number => Math.max(entry.bytes.length, MAX_STAGED_BYTES / MAX_STAGED_ENTRIES);
