import { LevelBlockstore } from 'blockstore-level';
import type { CID } from 'multiformats/cid';
import { toOrbitHash } from './device-identity.ts';
import { asDiskError, type Database, openDurableDatabase } from './level-database.ts';

/** Reads a log entry by its OrbitDB hash, from whichever book it is in. */
export type ReadEntryBytes = (hash: string) => Promise<Uint8Array | undefined>;

/** The blocks on this disk. Log entries live in their books and are shown here too, so that bitswap can serve them. */
export interface VillageBlocks {
  readonly blockstore: LevelBlockstore;
  /** Durable when resolved. */
  put(cid: CID, bytes: Uint8Array): Promise<void>;
  has(cid: CID): Promise<boolean>;
  readLocal(cid: CID): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

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
      const chunks: Uint8Array[] = [];
      for await (const chunk of blockstore.get(cid)) chunks.push(chunk);
      return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    },
    close: () => db.close(),
  };
}
