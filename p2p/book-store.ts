import { existsSync, mkdirSync } from 'node:fs';
import { AppError } from '#core/ports/errors.ts';
import { utf8 } from '#domain/bytes.ts';
import { type AuthorIndex, createAuthorIndex } from './author-index.ts';
import { ORBIT_HASH } from './entry-codec.ts';
import { asDiskError, type Database, openDatabase } from './level-database.ts';

const SCAN_CHUNK = 64;
const CACHE_BYTES = 16 * 1024 * 1024;

/** An entry that passed every check and whose parents are in the store or come before it in the same commit. */
export interface NewEntry {
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly device: string;
  readonly time: number;
  readonly next: readonly string[];
}

/** A head as OrbitDB stores it. */
interface Head {
  readonly hash: string;
  readonly next: readonly string[];
}

/**
 * The entries of one book in one LevelDB. Keys: `e!<hash>` entry bytes, `o!<number>` "hash time device" in the order
 * of joining, `m!heads` OrbitDB's JSON list of heads. All three change in one atomic batch, so after a crash the heads
 * never name an entry that is not there. The database comes into being with the first entry.
 */
export interface BookStore {
  readonly authors: AuthorIndex;
  size(): number;
  readonly has: (hash: string) => boolean;
  /** Log time of an entry that is in the store. */
  timeOf(hash: string): number | undefined;
  heads(): readonly string[];
  entryBytes(hash: string): Promise<Uint8Array | undefined>;
  /** Durable when resolved; nothing is changed, in memory or on disk, when it fails. */
  commit(entries: readonly NewEntry[]): Promise<void>;
  /** Entry bytes in the order of joining, as of the moment of the call. */
  scan(): AsyncIterable<readonly Uint8Array[]>;
  close(): Promise<void>;
}

export async function openBookStore(path: string): Promise<BookStore> {
  let db: Database | undefined = existsSync(path) ? await openDatabase(path) : undefined;
  const order: string[] = [];
  const times = new Map<string, number>();
  const authors = createAuthorIndex();
  let heads = new Map<string, Head>();
  const cache = createByteCache(CACHE_BYTES);

  const index = (hash: string, time: number, device: string): void => {
    order.push(hash);
    times.set(hash, time);
    authors.add(device, time, hash);
  };
  if (db) {
    for await (const row of db.values({ gte: 'o!', lt: 'o"' })) index(...readRow(row, path));
    heads = readHeads(await db.get('m!heads'), path);
  }

  return {
    authors,
    size: () => order.length,
    has: (hash) => times.has(hash),
    timeOf: (hash) => times.get(hash),
    heads: () => [...heads.keys()],
    async entryBytes(hash) {
      if (!times.has(hash)) return undefined;
      const cached = cache.get(hash);
      if (cached) return cached;
      const bytes = await db?.get(`e!${hash}`);
      if (bytes) cache.add(hash, bytes);
      return bytes;
    },
    async commit(entries) {
      const after = headsAfter(heads, entries);
      const rows = entries.flatMap((e, i) => [
        { type: 'put' as const, key: `e!${e.hash}`, value: e.bytes },
        { type: 'put' as const, key: rowKey(order.length + i), value: utf8(`${e.hash} ${e.time} ${e.device}`) },
      ]);
      const headRow = { type: 'put' as const, key: 'm!heads', value: utf8(JSON.stringify([...after.values()])) };
      try {
        if (!db) mkdirSync(path, { recursive: true });
        db ??= await openDatabase(path);
        await db.batch([...rows, headRow], { sync: true });
      } catch (error) {
        throw asDiskError(error, path);
      }
      heads = after;
      for (const e of entries) {
        index(e.hash, e.time, e.device);
        cache.add(e.hash, e.bytes);
      }
    },
    async *scan() {
      const hashes = order.slice();
      for (let i = 0; i < hashes.length; i += SCAN_CHUNK) {
        const keys = hashes.slice(i, i + SCAN_CHUNK).map((hash) => `e!${hash}`);
        const found = (await db?.getMany(keys)) ?? [];
        if (found.some((bytes) => bytes === undefined)) throw damaged(path, 'an entry of the index is missing');
        yield found;
      }
    },
    async close() {
      await db?.close();
      db = undefined;
    },
  };
}

/** Heads once the entries are joined, oldest first: an entry replaces the heads it names. */
function headsAfter(before: ReadonlyMap<string, Head>, entries: readonly NewEntry[]): Map<string, Head> {
  const covered = new Set(entries.flatMap((e) => e.next));
  const after = new Map([...before].filter(([hash]) => !covered.has(hash)));
  for (const { hash, next } of entries) if (!covered.has(hash)) after.set(hash, { hash, next });
  return after;
}

const rowKey = (n: number): string => `o!${String(n).padStart(12, '0')}`;
const damaged = (path: string, what: string): AppError =>
  new AppError('BOOK_DAMAGED', `${path}: ${what}; move the folder away and let the peers send the book again`, {
    data: { path },
  });

function readRow(row: Uint8Array, path: string): [hash: string, time: number, device: string] {
  const [hash = '', time, device = ''] = Buffer.from(row).toString('utf8').split(' ');
  if (!ORBIT_HASH.test(hash) || !Number.isSafeInteger(Number(time))) throw damaged(path, 'unreadable index');
  return [hash, Number(time), device];
}

function readHeads(bytes: Uint8Array | undefined, path: string): Map<string, Head> {
  if (!bytes) return new Map();
  try {
    const list = JSON.parse(Buffer.from(bytes).toString('utf8')) as Head[];
    return new Map(list.map((head) => [head.hash, head]));
  } catch {
    throw damaged(path, 'unreadable heads');
  }
}

interface ByteCache {
  get(hash: string): Uint8Array | undefined;
  add(hash: string, bytes: Uint8Array): void;
}

/** Keeps the newest bytes, up to a limit; the oldest go first. */
function createByteCache(limitBytes: number): ByteCache {
  const held = new Map<string, Uint8Array>();
  let size = 0;
  return {
    get: (hash) => held.get(hash),
    add(hash, bytes) {
      if (held.has(hash)) return;
      held.set(hash, bytes);
      size += bytes.length;
      for (const [oldest, old] of held) {
        if (size <= limitBytes) break;
        held.delete(oldest);
        size -= old.length;
      }
    },
  };
}
