import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
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
  has(digest: Uint8Array): boolean;
  /** Undefined when it is not here; 'unreadable' where the disk has lost what lay there. */
  read(digest: Uint8Array): Promise<Uint8Array | 'unreadable' | undefined>;
  /** All of them durable when resolved; a crash leaves each whole or not here. */
  write(blocks: readonly NamedBytes[]): Promise<void>;
  remove(digest: Uint8Array): Promise<void>;
  digests(): Iterable<Uint8Array>;
}

export async function openBlockFiles(dir: string): Promise<BlockFiles> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const found = await readdir(dir);
  const names = new Set(found.filter((name) => NAME.test(name)));
  for (const name of found) if (!names.has(name)) await rm(join(dir, name), { force: true });
  let parts = 0;
  const writeOne = async ({ digest, bytes }: NamedBytes): Promise<string> => {
    const name = toHex(digest);
    const part = join(dir, `${name}.${parts++}`);
    try {
      await writeThrough(part, bytes);
      await rename(part, join(dir, name));
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    return name;
  };
  return {
    has: (digest) => names.has(toHex(digest)),
    async read(digest) {
      const name = toHex(digest);
      if (!names.has(name)) return undefined;
      try {
        return await readFile(join(dir, name));
      } catch (error) {
        if (hasCode(error, 'EIO')) return 'unreadable';
        if (!hasCode(error, 'ENOENT')) throw error;
        names.delete(name);
        return undefined;
      }
    },
    async write(blocks) {
      const written: string[] = [];
      for (let at = 0; at < blocks.length; at += WRITES_AT_ONCE) {
        const settled = await Promise.allSettled(blocks.slice(at, at + WRITES_AT_ONCE).map(writeOne));
        for (const result of settled) {
          if (result.status === 'rejected') throw result.reason;
          written.push(result.value);
        }
      }
      await syncFolder(dir);
      for (const name of written) names.add(name);
    },
    async remove(digest) {
      const name = toHex(digest);
      names.delete(name);
      await rm(join(dir, name), { force: true });
    },
    *digests() {
      for (const name of names) yield Buffer.from(name, 'hex');
    },
  };
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
