import { open } from 'node:fs/promises';
import { AppError } from '#core/ports/errors.ts';
import type { EntryBundle } from '#core/ports/village-node.ts';
import { equalBytes, toHex } from '#domain/bytes.ts';
import { type Damage, readCar } from './car-read.ts';
import { kindOfBlock } from './entry-view.ts';
import type { PieceReader } from './file-window.ts';
import { type Manifest, readManifest } from './manifest.ts';

/** Devices of one bundle; each has one identity block. */
const MAX_IDENTITIES = 4096;
const BATCH_BYTES = 512 * 1024;

/** What a walk through a bundle tells of, in the order of the file. */
export interface BundleVisitor {
  manifest?(manifest: Manifest): void | Promise<void>;
  /** Entries of one book with the identities seen so far. */
  entries?(batch: EntryBundle): void | Promise<void>;
  block?(digest: Uint8Array, bytes: Uint8Array): void | Promise<void>;
  damage?(offset: number, what: Damage | 'manifest' | 'signature' | 'other-village'): void;
}
export interface WalkOptions {
  readonly village: string;
  readonly signal: AbortSignal;
  readonly progress: (doneBytes: number, ofBytes: number) => void;
}

/** Walks through a file from outside, block by block, in bounded memory. Errors: BAD_FILE, BUNDLE_OTHER_VILLAGE. */
export async function walkBundle(path: string, visitor: BundleVisitor, options: WalkOptions): Promise<void> {
  const failed = (verb: string) => (e: NodeJS.ErrnoException) => {
    throw new AppError('BAD_FILE', `${path} cannot be ${verb} (${e.code ?? e.message}). Is the stick in?`, {
      cause: e,
    });
  };
  const handle = await open(path, 'r').catch(failed('opened'));
  try {
    const stat = await handle.stat();
    if (!stat.isFile())
      throw new AppError('BAD_FILE', `${path} is not a file. Name the file that the other console wrote.`);
    const { size } = stat;
    const reader: PieceReader = {
      read: (bytes, at, length, offset) => handle.read(bytes, at, length, offset).catch(failed('read')),
    };
    const state = createWalk(visitor, options.village);
    let told = 0;
    for await (const part of readCar(reader, size)) {
      options.signal.throwIfAborted();
      if (part.kind === 'root') state.root = part.digest;
      else if (part.kind === 'damaged') visitor.damage?.(part.offset, part.what);
      else {
        await state.take(part.digest, part.bytes, part.offset);
        if (part.offset - told > BATCH_BYTES) {
          told = part.offset;
          options.progress(told, size);
        }
      }
    }
    await state.flush();
    options.progress(size, size);
    if (!state.isBundle()) throw new AppError('BAD_FILE', `${path} is not a Gridpact bundle: nothing in it is one.`);
  } finally {
    await handle.close();
  }
}

/** The village a file says it is of. Errors: BAD_FILE. */
export async function villageOfBundle(path: string): Promise<string> {
  try {
    const end = new AbortController();
    await walkBundle(path, {}, { village: '', signal: end.signal, progress: () => undefined });
  } catch (e) {
    const village = e instanceof AppError ? e.data['village'] : undefined;
    if (typeof village === 'string') return village;
    throw e;
  }
  throw new AppError('BAD_FILE', `${path} is not a Gridpact bundle: nothing in it is one.`);
}

function createWalk(visitor: BundleVisitor, village: string) {
  const identities = new Map<string, Uint8Array>();
  let root: Uint8Array | undefined;
  let manifestSeen = false;
  let entriesSeen = 0;
  let batch: { book: string; entries: Uint8Array[]; bytes: number } | undefined;

  const flush = async (): Promise<void> => {
    const full = batch;
    batch = undefined;
    if (full) await visitor.entries?.({ book: full.book, identities: [...identities.values()], entries: full.entries });
  };
  const takeEntry = async (book: string, bytes: Uint8Array): Promise<void> => {
    if (batch && (batch.book !== book || batch.bytes + bytes.length > BATCH_BYTES)) await flush();
    batch ??= { book, entries: [], bytes: 0 };
    batch.entries.push(bytes);
    batch.bytes += bytes.length;
    entriesSeen += 1;
  };
  const takeManifest = async (digest: Uint8Array, bytes: Uint8Array, offset: number): Promise<boolean> => {
    const isRoot = root !== undefined && equalBytes(root, digest);
    const read = readManifest(bytes);
    if (!read.ok && !isRoot) return false;
    manifestSeen = true;
    // The header named another block: it was changed, and this one was not.
    if (root && !isRoot) visitor.damage?.(0, 'header');
    if (!read.ok) visitor.damage?.(offset, read.reason === 'signature' ? 'signature' : 'manifest');
    else {
      if (read.manifest.village !== village) throw otherVillage(read.manifest.village);
      await visitor.manifest?.(read.manifest);
    }
    return true;
  };
  return {
    set root(digest: Uint8Array) {
      root = digest;
    },
    async take(digest: Uint8Array, bytes: Uint8Array, offset: number): Promise<void> {
      const what = kindOfBlock(bytes);
      if (what.kind === 'identity') {
        if (identities.size < MAX_IDENTITIES) identities.set(toHex(digest), bytes);
      } else if (what.kind === 'entry') {
        if (what.village === village) await takeEntry(what.book, bytes);
        else if (manifestSeen || entriesSeen > 0) visitor.damage?.(offset, 'other-village');
        else throw otherVillage(what.village);
      } else {
        const mayBeManifest = !manifestSeen && entriesSeen === 0;
        if (mayBeManifest && (await takeManifest(digest, bytes, offset))) return;
        await flush();
        await visitor.block?.(digest, bytes);
      }
    },
    flush,
    isBundle: () => manifestSeen || entriesSeen > 0,
  };
}

const otherVillage = (village: string): AppError =>
  new AppError(
    'BUNDLE_OTHER_VILLAGE',
    `The file belongs to another village (${village.slice(0, 8)}). Open that village and bring it in there; nothing was taken.`,
    { data: { village } },
  );
