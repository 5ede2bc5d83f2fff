import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#core/ports/errors.ts';
import { BOOK, type SignedRecord } from '#domain/books/record.ts';
import { encode, sha256, toHex } from '#domain/bytes.ts';
import { type BookContext, type BookLog, openBookLog } from './book-log.ts';
import type { BookStore } from './book-store.ts';
import { type DeviceIdentity, openIdentity, orbitHashOf } from './device-identity.ts';
import { type BookEntry, type Checked, readEntry, verifyEntry } from './entry-codec.ts';
import type { Arrival } from './staged-entries.ts';

const MAX_BOOKS = 4096;
const MEMBERS = 'members';

/** What a peer sent for one book. */
interface Delivery {
  readonly peer: string;
  readonly book: string;
  readonly identities: readonly Uint8Array[];
  readonly entries: readonly Uint8Array[];
}

export interface CheckedDelivery {
  readonly book: string;
  /** Hashes of all entries of the delivery, sound or not. */
  readonly hashes: readonly string[];
  readonly arrivals: readonly Arrival[];
  readonly refused: number;
}

interface Receipt {
  readonly missing: readonly string[];
  readonly overflowed: boolean;
}

/** All books of the village on this disk. */
export interface VillageBooks {
  /** Books with at least one entry; `members` first, because it decides who may write the others. */
  names(): string[];
  store(book: string): BookStore | undefined;
  append(book: string, records: readonly SignedRecord[]): Promise<void>;
  scan(book: string): AsyncIterable<readonly SignedRecord[]>;
  /** Verifies everything a peer sent. */
  check(delivery: Delivery): Promise<CheckedDelivery>;
  /** Joins what may be joined. Rejects only when the disk fails. */
  join(delivery: CheckedDelivery): Promise<Receipt>;
  reconsider(): Promise<void>;
  /** Whether a hash needs no fetching: joined, staged or refused. */
  isKnown(book: string, hash: string): boolean;
  /** No room for entries that have to wait. */
  isStagingFull(): boolean;
  entryBytes(hash: string): Promise<Uint8Array | undefined>;
  identityBytes(hash: string): Promise<Uint8Array | undefined>;
  /** Equal on two peers exactly when all their books have the same heads. */
  digest(): string;
  close(): Promise<void>;
}

export async function openVillageBooks(dir: string, context: BookContext): Promise<VillageBooks> {
  const { staged, refusals, village, identities } = context;
  mkdirSync(dir, { recursive: true });
  const open = new Map<string, BookLog>();
  const opening = new Map<string, Promise<BookLog>>();
  let digest: string | undefined;
  let closed = false;
  const tracked: BookContext = {
    ...context,
    onJoined(joined) {
      digest = undefined;
      context.onJoined(joined);
    },
  };

  const openOne = async (book: string): Promise<BookLog> => {
    const log = await openBookLog(book, join(dir, book), tracked);
    open.set(book, log);
    return log;
  };
  const ensure = (book: string): Promise<BookLog> => {
    if (!BOOK.test(book)) return Promise.reject(new AppError('BAD_RECORD', `${book} is not the name of a book`));
    const known = opening.get(book);
    if (known) return known;
    if (closed) return Promise.reject(new AppError('NODE_STOPPED', `${book} is closed: the node was stopped`));
    if (opening.size >= MAX_BOOKS) return Promise.reject(new AppError('BAD_RECORD', `no room for the book ${book}`));
    const log = openOne(book);
    opening.set(book, log);
    log.catch(() => opening.delete(book));
    return log;
  };
  for (const name of readdirSync(dir)) if (BOOK.test(name)) await ensure(name);

  const names = (): string[] =>
    [...open]
      .filter(([, log]) => log.store.size() > 0)
      .map(([book]) => book)
      .sort((a, b) => Number(b === MEMBERS) - Number(a === MEMBERS) || (a < b ? -1 : 1));
  const isKnown = (book: string, hash: string): boolean =>
    (open.get(book)?.store.has(hash) ?? false) || staged.has(book, hash) || refusals.has(hash);

  const reconsider = async (): Promise<void> => {
    for (const book of staged.books()) await (await ensure(book)).ingest([]);
  };
  const settleMembers = async (book: string): Promise<void> => {
    if (book === MEMBERS) await reconsider();
  };
  const findIdentity = async (hash: string, sent: readonly DeviceIdentity[]): Promise<DeviceIdentity | undefined> =>
    sent.find((identity) => identity.hash === hash) ?? identities.get(hash);

  const checkEntry = async (
    bytes: Uint8Array,
    hash: string,
    delivery: Delivery,
    sent: readonly DeviceIdentity[],
  ): Promise<Checked<Arrival>> => {
    const read = readEntry(bytes, hash);
    if (!read.ok) return read;
    const identity = await findIdentity(read.value.fields.identity, sent);
    const problem = bindingProblem(read.value, identity);
    if (problem !== undefined || !identity) return { ok: false, reason: problem ?? 'unknown identity' };
    const verified = await verifyEntry(read.value, village, delivery.book);
    return verified.ok ? { ok: true, value: { entry: verified.value, identity, peer: delivery.peer } } : verified;
  };

  return {
    names,
    store: (book) => open.get(book)?.store,
    async append(book, records) {
      await (await ensure(book)).append(records);
      await settleMembers(book);
    },
    async *scan(book) {
      const log = open.get(book);
      if (log) yield* log.scan();
    },
    async check(delivery) {
      const { book, peer } = delivery;
      const opened = await Promise.all(delivery.identities.map(openIdentity));
      const sent = opened.filter((identity) => identity !== undefined);
      const hashes = delivery.entries.map(orbitHashOf);
      const fresh = delivery.entries
        .map((bytes, i) => ({ bytes, hash: hashes[i] ?? '' }))
        .filter(({ hash }) => !isKnown(book, hash));
      const checked = await Promise.all(
        fresh.map(async ({ bytes, hash }) => ({ hash, result: await checkEntry(bytes, hash, delivery, sent) })),
      );
      const arrivals: Arrival[] = [];
      for (const { hash, result } of checked) {
        if (result.ok) {
          arrivals.push(result.value);
          continue;
        }
        if (result.reason !== NO_IDENTITY) refusals.add(hash);
        context.onRefused({ peer, book, reason: result.reason });
      }
      const refused = checked.length - arrivals.length;
      return { book, hashes, arrivals, refused };
    },
    async join({ book, arrivals }) {
      if (arrivals.length === 0) return { missing: [], overflowed: false };
      const { joined, missing, overflowed } = await (await ensure(book)).ingest(arrivals);
      if (joined > 0) await settleMembers(book);
      return { missing, overflowed };
    },
    reconsider,
    isKnown,
    isStagingFull: () => staged.isFull(),
    identityBytes: async (hash) => (await identities.get(hash))?.bytes,
    async entryBytes(hash) {
      for (const { store } of open.values()) if (store.has(hash)) return store.entryBytes(hash);
      return undefined;
    },
    digest: () => {
      digest ??= toHex(sha256(encode(names().map((book) => [book, headsOf(open.get(book))]))));
      return digest;
    },
    async close() {
      closed = true;
      opening.clear();
      for (const log of open.values()) await log.close();
    },
  };
}

const headsOf = (log: BookLog | undefined): string[] => [...(log?.store.heads() ?? [])].sort();

/** Not remembered: the same entry is sound once its identity comes along. */
const NO_IDENTITY = 'the identity of the entry was not sent';

function bindingProblem(entry: BookEntry, identity: DeviceIdentity | undefined): string | undefined {
  if (!identity) return NO_IDENTITY;
  return identity.device === entry.fields.key ? undefined : 'the key of the entry is not the key of its identity';
}
