import { hash } from 'node:crypto';
import * as dagCbor from '@ipld/dag-cbor';
import { LevelBlockstore } from 'blockstore-level';
import { base32, base32upper } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import { create } from 'multiformats/hashes/digest';
import { cidOfDigest, equalBytes } from '#domain/bytes.ts';
import { type BlockFiles, FILE_BYTES, type NamedBytes, openBlockFiles } from './block-files.ts';
import { openIdentity } from './device-identity.ts';
import { asDiskError, type Database, isCorruption, markDamaged, openDurableDatabase } from './level-database.ts';
import { toOrbitHash } from './orbit-hash.ts';

/** Reads a log entry by its OrbitDB hash, from whichever book it is in. */
export type ReadEntryBytes = (hash: string) => Promise<Uint8Array | undefined>;

/**
 * The blocks on this disk, small ones in LevelDB and large ones in files. Log entries live in their books and are shown
 * here too, so that bitswap can serve them. A block whose bytes are not those of its name any more, or cannot be read, is dropped: it is not here, and can be stored again.
 */
export interface VillageBlocks {
  readonly blockstore: LevelBlockstore;
  /** Durable when resolved. */
  put(cid: CID, bytes: Uint8Array): Promise<void>;
  has(cid: CID): Promise<boolean>;
  readLocal(cid: CID): Promise<Uint8Array | undefined>;
  /** Bytes that were freed; undefined when it was not here. */
  release(cid: CID): Promise<number | undefined>;
  /** Whether they lie on this disk, by their sha-256, in that order; none is read. */
  hasMany(digests: readonly Uint8Array[]): Promise<boolean[]>;
  /** Blocks by their sha-256, in that order; undefined where this disk has none. */
  readMany(digests: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
  /** All of them durable when resolved. */
  putMany(blocks: readonly NamedBytes[]): Promise<void>;
  close(): Promise<void>;
}

const SHA_256 = 0x12;
/** As LevelBlockstore writes them. */
const keyOf = (digest: Uint8Array): string => `/${base32upper.encode(create(SHA_256, digest).bytes)}`;
const hashOf = (digest: Uint8Array): string => toOrbitHash(CID.createV1(dagCbor.code, create(SHA_256, digest)));

const isNamed = (digest: Uint8Array, bytes: Uint8Array): boolean => equalBytes(hash('sha256', bytes, 'buffer'), digest);

/** Blocks that lie here as blocks, not as entries of a book. */
interface SoundBlocks {
  read(digest: Uint8Array): Promise<Uint8Array | undefined>;
  readMany(digests: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
}

function createSoundBlocks(
  db: Database,
  files: BlockFiles,
  path: string,
  onDamaged: (cid: string) => void,
): SoundBlocks {
  const dropSmall = async (digest: Uint8Array): Promise<undefined> => {
    await db.del(keyOf(digest));
    onDamaged(cidOfDigest(digest));
  };
  const readFile = async (digest: Uint8Array): Promise<Uint8Array | undefined> => {
    const bytes = await files.read(digest);
    if (bytes === undefined || (bytes !== 'unreadable' && isNamed(digest, bytes))) return bytes;
    await files.remove(digest);
    onDamaged(cidOfDigest(digest));
    return undefined;
  };
  /** LevelDB knows at once what it lacks; a file that is not here costs a call. */
  const sound = async (digest: Uint8Array, inLevel: Uint8Array | undefined): Promise<Uint8Array | undefined> => {
    if (inLevel === undefined) return readFile(digest);
    return isNamed(digest, inLevel) ? inLevel : dropSmall(digest);
  };
  const read = async (digest: Uint8Array): Promise<Uint8Array | undefined> => {
    try {
      return await sound(digest, await db.get(keyOf(digest)));
    } catch (error) {
      if (!isCorruption(error)) throw error;
      markDamaged(path);
      return dropSmall(digest);
    }
  };
  return {
    read,
    async readMany(digests) {
      let found: (Uint8Array | undefined)[];
      try {
        found = await db.getMany(digests.map(keyOf));
      } catch (error) {
        if (!isCorruption(error)) throw error;
        return Promise.all(digests.map(read));
      }
      return Promise.all(digests.map((digest, i) => sound(digest, found[i])));
    },
  };
}

class OverlaidBlockstore extends LevelBlockstore {
  readonly #readEntry: ReadEntryBytes;
  readonly #sound: SoundBlocks;
  readonly #files: BlockFiles;
  constructor(db: Database, files: BlockFiles, sound: SoundBlocks, readEntry: ReadEntryBytes) {
    super(db);
    this.#files = files;
    this.#sound = sound;
    this.#readEntry = readEntry;
  }
  async read(cid: CID): Promise<Uint8Array | undefined> {
    const entry = await this.#readEntry(toOrbitHash(cid));
    return entry ?? (cid.multihash.code === SHA_256 ? this.#sound.read(cid.multihash.digest) : undefined);
  }
  override async put(cid: CID, value: BlockValue, options?: AbortOptions): Promise<CID> {
    const bytes = value instanceof Uint8Array ? value : await joined(value);
    if (bytes.length < FILE_BYTES || cid.multihash.code !== SHA_256) return super.put(cid, bytes, options);
    await this.#files.write([{ digest: cid.multihash.digest, bytes }]);
    return cid;
  }
  override async *get(cid: CID, options?: AbortOptions): AsyncGenerator<Uint8Array> {
    const bytes = await this.read(cid);
    if (bytes) yield bytes;
    else yield* super.get(cid, options);
  }
  override async has(cid: CID): Promise<boolean> {
    return (await this.read(cid)) !== undefined;
  }
  override async delete(cid: CID, options?: AbortOptions): Promise<void> {
    if (!(await this.#files.remove(cid.multihash.digest))) await super.delete(cid, options);
  }
  override async *getAll(options?: AbortOptions): AsyncGenerator<Pair> {
    yield* super.getAll(options);
    for await (const digest of this.#files.digests()) {
      const bytes = await this.#sound.read(digest);
      if (bytes) yield { cid: CID.createV1(raw.code, create(SHA_256, digest)), bytes: once(bytes) };
    }
  }
}

type BlockValue = Parameters<LevelBlockstore['put']>[1];
type AbortOptions = Parameters<LevelBlockstore['get']>[1];
type Pair =
  Awaited<ReturnType<ReturnType<LevelBlockstore['getAll']>['next']>> extends IteratorResult<infer One> ? One : never;

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
async function joined(parts: Exclude<BlockValue, Uint8Array>): Promise<Uint8Array> {
  const list: Uint8Array[] = [];
  for await (const part of parts) list.push(part);
  return Buffer.concat(list);
}

/** @param onDamaged told of each block that was dropped because it is not what it was */
export async function openVillageBlocks(
  path: string,
  readEntry: ReadEntryBytes,
  onDamaged: (cid: string) => void = () => undefined,
): Promise<VillageBlocks> {
  const db = await openDurableDatabase(path);
  const files = await openBlockFiles(`${path}-large`);
  const sound = createSoundBlocks(db, files, path, onDamaged);
  const blockstore = new OverlaidBlockstore(db, files, sound, readEntry);
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
    readLocal: (cid) => blockstore.read(cid),
    async release(cid) {
      const bytes = await sound.read(cid.multihash.digest);
      if (bytes) await blockstore.delete(cid);
      return bytes?.length;
    },
    async hasMany(digests) {
      const are = await db.hasMany(digests.map(keyOf)).catch((error) => {
        if (!isCorruption(error)) throw error;
        return digests.map(() => true);
      });
      return Promise.all(
        digests.map(
          async (digest, i) => are[i] || (await files.has(digest)) || (await readEntry(hashOf(digest))) !== undefined,
        ),
      );
    },
    async readMany(digests) {
      const found = await sound.readMany(digests);
      return Promise.all(found.map(async (bytes, i) => bytes ?? readEntry(hashOf(digests[i] ?? new Uint8Array()))));
    },
    async putMany(list) {
      const small = list.filter(({ bytes }) => bytes.length < FILE_BYTES);
      const operations = small.map(({ digest, bytes }) => ({ type: 'put' as const, key: keyOf(digest), value: bytes }));
      try {
        if (small.length > 0) await db.batch(operations, { sync: true });
        if (small.length < list.length) await files.write(list.filter(({ bytes }) => bytes.length >= FILE_BYTES));
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
    if (!bytes || openIdentity(bytes)) continue;
    const freed = await blocks.release(cid);
    if (freed === undefined) continue;
    released.blocks += 1;
    released.bytes += freed;
  }
  return released;
}
