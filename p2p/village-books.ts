import { AppError } from '#core/ports/errors.ts';
import type { AuthorMark, Released, VillageMarks } from '#core/ports/village-node.ts';
import { BOOK, type SignedRecord } from '#domain/books/record.ts';
import { encode, sha256, toHex } from '#domain/bytes.ts';
import { type AuthorMarks, type AuthorRange, createAuthorMarks } from './author-index.ts';
import type { BookDatabase } from './book-database.ts';
import { type BookContext, type BookLog, createBookLog } from './book-log.ts';
import { createBookStore, type NewEntry } from './book-store.ts';
import { type CheckedDelivery, checkDelivery, type Delivery, type VerificationsUnderWay } from './delivery.ts';
import { OF_MONTH } from './entry-limits.ts';
import type { Ingested, Refused } from './ingest.ts';

const MAX_BOOKS = 4096;
const MEMBERS = 'members';

/** Where an entry is; those that were released stay joined. */
export type Standing = 'unknown' | 'joined' | 'staged' | 'refused';

export interface Receipt {
  readonly joined: number;
  readonly missing: readonly string[];
  readonly refused: readonly Refused[];
  readonly overflowed: number;
}

/** All books of the village on this disk. */
export interface VillageBooks {
  /** Books with at least one entry; `members` first, because it decides who may write the others. */
  names(): string[];
  heads(book: string): string[];
  marksOf(book: string): AuthorMarks;
  marks(): VillageMarks;
  /** What the marks claim of a book beyond what is here, joined or waiting. */
  lacking(book: string, marks: Iterable<AuthorMark>): AuthorRange[];
  append(book: string, records: readonly SignedRecord[]): Promise<void>;
  scan(book: string, after?: number): AsyncIterable<readonly SignedRecord[]>;
  size(book: string): number;
  /** Hashes of entries kept here that the owner of the marks lacks; parents come first. */
  lackedBy(book: string, marks: readonly AuthorMark[]): Promise<string[]>;
  /** Hashes of entries kept here within ranges of some authors; parents come first. */
  within(book: string, ranges: readonly AuthorRange[]): Promise<string[]>;
  /** Verifies everything that came for a book. Stores and remembers nothing. */
  check(delivery: Delivery): Promise<CheckedDelivery>;
  /** Remembers what was refused, tells of it, and joins what may be joined. Rejects only when the disk fails. */
  join(delivery: CheckedDelivery): Promise<Receipt>;
  reconsider(): Promise<void>;
  release(book: string, entries?: number): Promise<Released>;
  restore(book: string, entries: readonly Pick<NewEntry, 'hash' | 'bytes'>[]): Promise<number>;
  standing(book: string, hashes: readonly string[]): Promise<Standing[]>;
  /** Hashes of entries whose bytes were released, in the order in which they joined. */
  released(book: string): Promise<string[]>;
  /** Those of the hashes that were joined, parents first. */
  inJoinOrder(book: string, hashes: readonly string[]): Promise<string[]>;
  /**
   * Somebody does not keep these entries any more. Of a month's book, what waits for them joins without: they may come
   * later all the same. The other books are never let go of, and there nothing joins without its parents.
   */
  giveUp(book: string, hashes: readonly string[]): Promise<void>;
  /** As {@link VillageBooks.giveUp}, for everything that waits. */
  giveUpAll(): Promise<void>;
  /** Parents that staged entries of the book wait for. */
  missing(book: string): readonly string[];
  /** Parents that entries of the book joined without, and which have not come since. */
  absent(book: string): ReadonlySet<string>;
  /** Not all entries of the book are kept here that were joined or named as parents. */
  hasHoles(book: string): boolean;
  /** No room for entries that have to wait. */
  isStagingFull(): boolean;
  /** Bytes by hash; undefined where they are not kept here. */
  bytesOf(book: string, hashes: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /** Bytes of an entry of whichever book. */
  entryBytes(hash: string): Promise<Uint8Array | undefined>;
  identityBytes(hash: string): Promise<Uint8Array | undefined>;
  /**
   * Equal on two peers exactly when all their books have the same heads. With other heads, by book: as if they were ours.
   */
  digest(others?: ReadonlyMap<string, readonly string[]>): string;
  close(): Promise<void>;
}

/** Reads one row per book. Takes the database over, also when it fails. */
export async function openVillageBooks(db: BookDatabase, context: BookContext): Promise<VillageBooks> {
  const { staged, refusals, identities } = context;
  const logs = new Map<string, BookLog>();
  const missing = new Map<string, readonly string[]>();
  let digest: string | undefined;
  let closed = false;
  const tracked: BookContext = {
    ...context,
    onJoined(joined) {
      digest = undefined;
      context.onJoined(joined);
    },
  };
  const addLog = (book: string, summary?: Uint8Array): BookLog => {
    const log = createBookLog(book, createBookStore(book, db, summary), tracked);
    logs.set(book, log);
    return log;
  };
  try {
    for await (const chunk of db.rows('s!')) for (const [key, row] of chunk) addLog(key.slice(2), row);
  } catch (error) {
    await db.close();
    throw error;
  }

  const ensure = (book: string): BookLog => {
    if (!BOOK.test(book)) throw new AppError('BAD_RECORD', `${book} is not the name of a book`);
    if (closed) throw new AppError('NODE_STOPPED', `${book} is closed: the node was stopped`);
    const known = logs.get(book);
    if (!known && logs.size >= MAX_BOOKS) throw new AppError('BAD_RECORD', `no room for the book ${book}`);
    return known ?? addLog(book);
  };
  const headsOf = (book: string): string[] => (logs.get(book)?.store.heads() ?? []).map((head) => head.hash);
  const names = (): string[] =>
    [...logs]
      .filter(([, log]) => log.store.size() > 0)
      .map(([book]) => book)
      .sort(byName);
  const standing = async (book: string, hashes: readonly string[]): Promise<Standing[]> => {
    const store = logs.get(book)?.store;
    const index = store && store.size() > 0 ? await store.index() : undefined;
    return hashes.map((hash) => {
      if (index?.has(hash)) return 'joined';
      if (staged.has(book, hash)) return 'staged';
      return refusals.has(book, hash) ? 'refused' : 'unknown';
    });
  };

  const ingest = async (book: string, arrivals: CheckedDelivery['arrivals']): Promise<Receipt> => {
    const result = await ensure(book).ingest(arrivals);
    tell(book, result);
    return { ...result, joined: result.joined.length };
  };
  const tell = (book: string, { missing: waitedFor, refused }: Ingested): void => {
    missing.set(book, waitedFor);
    for (const { peer, reason } of refused) context.onRefused({ peer, book, reason });
  };
  /** A member who joins may be what the next one waits for, so the members come first and until none is left. */
  const reconsider = async (): Promise<void> => {
    while (staged.books().includes(MEMBERS) && (await ingest(MEMBERS, [])).joined > 0);
    for (const book of staged.books()) if (book !== MEMBERS) await ingest(book, []);
  };
  const settleMembers = async (book: string): Promise<void> => {
    if (book === MEMBERS) await reconsider();
  };
  const giveUp = async (book: string, hashes: readonly string[]): Promise<void> => {
    const waitedFor = new Set(missing.get(book));
    const gone = OF_MONTH.test(book) ? hashes.filter((hash) => waitedFor.has(hash)) : [];
    if (gone.length > 0) tell(book, await ensure(book).giveUp(gone));
  };
  const noMarks = createAuthorMarks();
  const underWay: VerificationsUnderWay = new Map();

  return {
    names,
    size: (book) => logs.get(book)?.store.size() ?? 0,
    heads: headsOf,
    marksOf: (book) => logs.get(book)?.store.marks() ?? noMarks,
    marks: () => new Map(names().map((book) => [book, logs.get(book)?.store.marks().list() ?? []])),
    lacking(book, marks) {
      const joined = logs.get(book)?.store.marks() ?? noMarks;
      const waiting = staged.marks(book);
      return (waiting.list().length > 0 ? joined.plus(waiting) : joined).lacking(marks);
    },
    async append(book, records) {
      await ensure(book).append(records);
      await settleMembers(book);
    },
    async *scan(book, after) {
      const log = logs.get(book);
      if (log) yield* log.scan(after);
    },
    async lackedBy(book, marks) {
      const store = logs.get(book)?.store;
      if (!store || store.marks().isCoveredBy(marks)) return [];
      return (await store.index()).lackedBy(marks);
    },
    within: async (book, ranges) => (await logs.get(book)?.store.index())?.within(ranges) ?? [],
    check: (delivery) => checkDelivery(delivery, { village: context.village, identities, standing, underWay }),
    async join({ book, peer, arrivals, unsound }) {
      for (const { hash, reason, forGood } of unsound) {
        if (forGood) refusals.add(book, hash);
        context.onRefused({ peer, book, reason });
      }
      if (arrivals.length === 0) return { joined: 0, missing: [], refused: [], overflowed: 0 };
      const receipt = await ingest(book, arrivals);
      if (receipt.joined > 0) await settleMembers(book);
      return receipt;
    },
    reconsider,
    release: async (book, entries) => (await logs.get(book)?.release(entries)) ?? { entries: 0, bytes: 0 },
    async restore(book, entries) {
      const restored = (await logs.get(book)?.restore(entries)) ?? 0;
      if (restored > 0) context.onRestored();
      return restored;
    },
    standing,
    async released(book) {
      const index = await logs.get(book)?.store.index();
      return [...(index?.rows() ?? [])].flatMap((row) => (row.released ? [row.hash] : []));
    },
    async inJoinOrder(book, hashes) {
      const index = await logs.get(book)?.store.index();
      const rows = hashes.map((hash) => index?.row(hash)).filter((row) => row !== undefined);
      return rows.sort((a, b) => a.n - b.n).map((row) => row.hash);
    },
    giveUp,
    async giveUpAll() {
      for (const book of staged.books()) await giveUp(book, missing.get(book) ?? []);
    },
    missing: (book) => missing.get(book) ?? [],
    absent: (book) => logs.get(book)?.store.absent() ?? NONE,
    hasHoles: (book) => logs.get(book)?.store.hasHoles() ?? false,
    isStagingFull: () => staged.isFull(),
    identityBytes: async (hash) => (await identities.get(hash))?.bytes,
    bytesOf: async (book, hashes) => (await logs.get(book)?.store.bytesOf(hashes)) ?? hashes.map(() => undefined),
    async entryBytes(hash) {
      const cached = db.cache.get(hash);
      if (cached) return cached;
      const place = await db.get(`h!${hash}`);
      const [book = ''] = place ? Buffer.from(place).toString('latin1').split(' ') : [];
      const [bytes] = (await logs.get(book)?.store.bytesOf([hash])) ?? [];
      return bytes;
    },
    digest(others) {
      if (others && others.size > 0) {
        const all = [...new Set([...names(), ...others.keys()])].sort(byName);
        return digestOf(all, (book) => [...new Set([...headsOf(book), ...(others.get(book) ?? [])])]);
      }
      digest ??= digestOf(names(), headsOf);
      return digest;
    },
    async close() {
      closed = true;
      for (const log of logs.values()) await log.idle();
      await db.close();
    },
  };
}

const NONE: ReadonlySet<string> = new Set();
const byName = (a: string, b: string): number => Number(b === MEMBERS) - Number(a === MEMBERS) || (a < b ? -1 : 1);
const digestOf = (books: readonly string[], headsOf: (book: string) => string[]): string =>
  toHex(sha256(encode(books.map((book) => [book, headsOf(book).sort()]))));
