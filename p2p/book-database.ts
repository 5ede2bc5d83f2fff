import { crc32 } from 'node:zlib';
import { AppError } from '#core/ports/errors.ts';
import { type ByteCache, createByteCache } from './byte-cache.ts';
import { createGroupCommit } from './group-commit.ts';
import { asDiskError, compactRange, openDatabase } from './level-database.ts';

const CACHE_BYTES = 16 * 1024 * 1024;
/** Read at once; LevelDB counts keys and values. */
const CHUNK_ROWS = 512;
const CHUNK_BYTES = 512 * 1024;
const CRC_BYTES = 4;

export type Write =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

/**
 * All books of a village in one LevelDB, so that opening does not depend on their number and one fsync serves several.
 * Keys: `s!<book>` summary; `e!<book>!<number>` entry bytes in the order of joining; `i!<book>!<number>` index rows of
 * the entries that were joined together, from that number on; `r!<book>!<number>` the bytes are released; `h!<hash>`
 * "book number".
 */
export interface BookDatabase {
  readonly path: string;
  /** Entry bytes by hash, read or written lately. */
  readonly cache: ByteCache;
  /** Atomic, and durable (fsync) when resolved; concurrent calls share the fsync. */
  commit(writes: readonly Write[]): Promise<void>;
  get(key: string): Promise<Uint8Array | undefined>;
  getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /** Rows whose keys begin with the prefix, from `prefix` + `from` on, as of the moment of the call. */
  rows(prefix: string, from?: string): AsyncIterable<readonly [string, Uint8Array][]>;
  /** As {@link BookDatabase.rows}, without the keys. */
  values(prefix: string, from?: string): AsyncIterable<readonly Uint8Array[]>;
  /** Gives the disk space of deleted rows back. */
  compact(prefix: string): Promise<void>;
  close(): Promise<void>;
}

export async function openBookDatabase(path: string): Promise<BookDatabase> {
  const db = await openDatabase(path);
  const group = createGroupCommit<Write>(async (writes) => {
    try {
      const batch = db.batch();
      for (const write of writes) {
        if (write.type === 'put') batch.put(write.key, write.value);
        else batch.del(write.key);
      }
      await batch.write({ sync: true });
    } catch (error) {
      throw asDiskError(error, path);
    }
  });
  return {
    path,
    cache: createByteCache(CACHE_BYTES),
    commit: (writes) => group.commit(writes),
    get: (key) => db.get(key),
    getMany: (keys) => db.getMany([...keys]),
    rows: (prefix, from) => readAhead(db.iterator(chunksOf(prefix, from))),
    values: (prefix, from) => readAhead(db.values(chunksOf(prefix, from))),
    compact(prefix) {
      const { gte, lt } = rangeOf(prefix);
      return compactRange(db, gte, lt);
    },
    async close() {
      await group.idle();
      await db.close();
    },
  };
}

const chunksOf = (prefix: string, from = ''): ReturnType<typeof rangeOf> & { readonly highWaterMarkBytes: number } => ({
  ...rangeOf(prefix),
  gte: `${prefix}${from}`,
  highWaterMarkBytes: CHUNK_BYTES,
});

interface Chunks<T> {
  nextv(size: number): Promise<T[]>;
  close(): Promise<void>;
}

/** The next rows are read while these are looked at. */
async function* readAhead<T>(rows: Chunks<T>): AsyncIterable<readonly T[]> {
  const read = (): Promise<T[]> => {
    const reading = rows.nextv(CHUNK_ROWS);
    reading.catch(() => undefined);
    return reading;
  };
  let next = read();
  try {
    for (let chunk = await next; chunk.length > 0; chunk = await next) {
      next = read();
      yield chunk;
    }
  } finally {
    await next.catch(() => undefined);
    await rows.close();
  }
}

/** Prefixes end with `!`, which `"` follows. */
const rangeOf = (prefix: string): { readonly gte: string; readonly lt: string } => ({
  gte: prefix,
  lt: `${prefix.slice(0, -1)}"`,
});

/** Entry bytes as they lie on disk: their CRC-32 comes first, because LevelDB does not look for flipped bits. */
export function sealBytes(bytes: Uint8Array): Uint8Array {
  // Small ones share their memory with those sealed before and after them: thousands are sealed at once.
  const { buffer, byteOffset, length } = Buffer.allocUnsafe(CRC_BYTES + bytes.length);
  const sealed = new Uint8Array(buffer, byteOffset, length);
  new DataView(buffer, byteOffset, length).setUint32(0, crc32(bytes));
  sealed.set(bytes, CRC_BYTES);
  return sealed;
}

/** The bytes inside, without looking whether they are sound. */
export const bodyOf = (sealed: Uint8Array): Uint8Array => sealed.subarray(CRC_BYTES);

export function unsealBytes(sealed: Uint8Array, path: string): Uint8Array {
  if (sealed.length < CRC_BYTES) throw damaged(path, 'an entry was cut short on disk');
  const bytes = bodyOf(sealed);
  const crc = new DataView(sealed.buffer, sealed.byteOffset, sealed.length).getUint32(0);
  if (crc32(bytes) !== crc) throw damaged(path, 'an entry was changed on disk');
  return bytes;
}

export const damaged = (path: string, what: string): AppError =>
  new AppError('BOOK_DAMAGED', `${path}: ${what}; move the folder away and let the peers send the books again`, {
    data: { path },
  });
