import { access, mkdir, open, opendir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '#domain/bytes.ts';

/** A block of so many bytes lies in a file of its own: LevelDB would write it several times over, and map whole tables to do so. */
export const FILE_BYTES = 32 * 1024;

/** Written at once. */
const WRITES_AT_ONCE = 8;
const NAME = /^[0-9a-f]{64}$/;

export interface NamedBytes {
  /** sha-256, 32 bytes. */
  readonly digest: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Large blocks, a file to each, named by their sha-256. What is read is not checked here. */
export interface BlockFiles {
  has(digest: Uint8Array): Promise<boolean>;
  /** Undefined when it is not here; 'unreadable' where the disk has lost what lay there. */
  read(digest: Uint8Array): Promise<Uint8Array | 'unreadable' | undefined>;
  /** All of them durable when resolved; a crash leaves each whole or not here. */
  write(blocks: readonly NamedBytes[]): Promise<void>;
  /** Whether it was here. */
  remove(digest: Uint8Array): Promise<boolean>;
  digests(): AsyncIterable<Uint8Array>;
}

/** Opens without listing: there may be as many as a village has hours. */
export async function openBlockFiles(dir: string): Promise<BlockFiles> {
  const unfinished = join(dir, 'unfinished');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const pathOf = (digest: Uint8Array): string => join(dir, toHex(digest));
  let parts = 0;
  const writeOne = async ({ digest, bytes }: NamedBytes): Promise<void> => {
    const part = join(unfinished, String(parts++));
    try {
      await writeThrough(part, bytes);
      await rename(part, pathOf(digest));
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  };
  return {
    has: (digest) => unlessAbsent(access(pathOf(digest)).then(() => true)).then((is) => is ?? false),
    async read(digest) {
      try {
        return await unlessAbsent(readFile(pathOf(digest)));
      } catch (error) {
        if (hasCode(error, 'EIO')) return 'unreadable';
        throw error;
      }
    },
    async write(blocks) {
      for (let at = 0; at < blocks.length; at += WRITES_AT_ONCE) {
        const settled = await Promise.allSettled(blocks.slice(at, at + WRITES_AT_ONCE).map(writeOne));
        const failed = settled.find((result) => result.status === 'rejected');
        if (failed) throw failed.reason;
      }
      await syncFolder(dir);
    },
    remove: async (digest) => (await unlessAbsent(rm(pathOf(digest)).then(() => true))) ?? false,
    async *digests() {
      for await (const { name } of await opendir(dir)) if (NAME.test(name)) yield Buffer.from(name, 'hex');
    },
  };
}

async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

async function writeThrough(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** So that the names in it are on the disk. Windows opens no folder, and writes names through by itself. */
async function syncFolder(dir: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(dir);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
