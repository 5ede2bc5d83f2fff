import * as dagCbor from '@ipld/dag-cbor';
import { LevelBlockstore } from 'blockstore-level';
import { base32, base32upper } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';
import { create } from 'multiformats/hashes/digest';
import { openIdentity } from './device-identity.ts';
import { asDiskError, type Database, openDurableDatabase } from './level-database.ts';
import { toOrbitHash } from './orbit-hash.ts';

/** Reads a log entry by its OrbitDB hash, from whichever book it is in. */
export type ReadEntryBytes = (hash: string) => Promise<Uint8Array | undefined>;

/** The blocks on this disk. Log entries live in their books and are shown here too, so that bitswap can serve them. */
export interface VillageBlocks {
  readonly blockstore: LevelBlockstore;
  /** Durable when resolved. */
  put(cid: CID, bytes: Uint8Array): Promise<void>;
  has(cid: CID): Promise<boolean>;
  readLocal(cid: CID): Promise<Uint8Array | undefined>;
  /** Bytes that were freed; undefined when it was not here. */
  release(cid: CID): Promise<number | undefined>;
  /** Blocks by their sha-256, in that order; undefined where this disk has none. */
  readMany(digests: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
  /** All of them durable when resolved: one write, one fsync. */
  putMany(blocks: readonly { readonly digest: Uint8Array; readonly bytes: Uint8Array }[]): Promise<void>;
  close(): Promise<void>;
}

const SHA_256 = 0x12;
/** As LevelBlockstore writes them. */
const keyOf = (digest: Uint8Array): string => `/${base32upper.encode(create(SHA_256, digest).bytes)}`;
const hashOf = (digest: Uint8Array): string => toOrbitHash(CID.createV1(dagCbor.code, create(SHA_256, digest)));

class OverlaidBlockstore extends LevelBlockstore {
  readonly #readEntry: ReadEntryBytes;
  constructor(db: Database, readEntry: ReadEntryBytes) {
    super(db);
    this.#readEntry = readEntry;
  }
  override async *get(cid: CID, options?: { signal?: AbortSignal }): AsyncGenerator<Uint8Array> {
    const entry = await this.#readEntry(toOrbitHash(cid));
    if (entry) yield entry;
    else yield* super.get(cid, options);
  }
  override async has(cid: CID, options?: { signal?: AbortSignal }): Promise<boolean> {
    return (await this.#readEntry(toOrbitHash(cid))) !== undefined || super.has(cid, options);
  }
  /** Whether it lies here as a block of its own, not as an entry of a book. */
  holds(cid: CID): Promise<boolean> {
    return super.has(cid);
  }
}

async function toBytes(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

export async function openVillageBlocks(path: string, readEntry: ReadEntryBytes): Promise<VillageBlocks> {
  const db = await openDurableDatabase(path);
  const blockstore = new OverlaidBlockstore(db, readEntry);
  return {
    blockstore,
    async put(cid, bytes) {
      try {
        await blockstore.put(cid, bytes);
      } catch (error) {
        throw asDiskError(error, path);
      }
    },
    has: (cid) => blockstore.has(cid),
    async readLocal(cid) {
      if (!(await blockstore.has(cid))) return undefined;
      return toBytes(blockstore.get(cid));
    },
    async release(cid) {
      if (!(await blockstore.holds(cid))) return undefined;
      const bytes = await toBytes(blockstore.get(cid));
      await blockstore.delete(cid);
      return bytes.length;
    },
    async readMany(digests) {
      const found = await db.getMany(digests.map(keyOf));
      return Promise.all(found.map(async (bytes, i) => bytes ?? readEntry(hashOf(digests[i] ?? new Uint8Array()))));
    },
    async putMany(list) {
      const operations = list.map(({ digest, bytes }) => ({ type: 'put' as const, key: keyOf(digest), value: bytes }));
      try {
        await db.batch(operations, { sync: true });
      } catch (error) {
        throw asDiskError(error, path);
      }
    },
    close: () => db.close(),
  };
}

/** Drops blocks; those small enough to be an author's identity are looked at first, and identities stay. */
export async function releaseBlocks(
  blocks: Pick<VillageBlocks, 'readLocal' | 'release'>,
  cids: readonly string[],
): Promise<{ readonly blocks: number; readonly bytes: number }> {
  const released = { blocks: 0, bytes: 0 };
  for (const cid of cids.map((text) => CID.parse(text, base32))) {
    const bytes = await blocks.readLocal(cid);
    if (!bytes || (await openIdentity(bytes))) continue;
    const freed = await blocks.release(cid);
    if (freed === undefined) continue;
    released.blocks += 1;
    released.bytes += freed;
  }
  return released;
}
