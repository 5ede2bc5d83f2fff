import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { open, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#core/ports/errors.ts';
import { asDiskFull } from '#core/storage/disk-full.ts';
import { requireFreeSpace } from './free-space.ts';

/** So many files of windows at once; the oldest goes when another comes. */
const MAX_FILES = 8;

/** Files on their way between a window and the core. They do not outlive the core. */
export interface BundleFiles {
  /** Errors: DISK_FULL when so many bytes have no room. */
  create(bytes: number): Promise<{ readonly file: string; readonly path: string }>;
  /** Errors: NOT_FOUND. */
  pathOf(file: string): string;
  /** Errors: NOT_FOUND, BAD_INPUT, DISK_FULL. */
  write(file: string, offset: number, bytes: Uint8Array): Promise<void>;
  read(
    file: string,
    offset: number,
    maxBytes: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly isLast: boolean }>;
  drop(file: string): Promise<void>;
}

export function createBundleFiles(dir: string): BundleFiles {
  rmSync(dir, { recursive: true, force: true });
  const wanted = new Map<string, number>();
  const pathOf = (file: string): string => {
    if (wanted.has(file)) return join(dir, `${file}.car`);
    throw new AppError('NOT_FOUND', 'This file is not here any more. Choose it again.');
  };
  const drop = async (file: string): Promise<void> => {
    if (!wanted.has(file)) return;
    await rm(pathOf(file), { force: true });
    wanted.delete(file);
  };
  return {
    pathOf,
    drop,
    async create(bytes) {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      for (const oldest of [...wanted.keys()].slice(0, Math.max(0, wanted.size - MAX_FILES + 1))) await drop(oldest);
      const file = randomBytes(8).toString('hex');
      const path = join(dir, `${file}.car`);
      await requireFreeSpace(path, bytes);
      await writeFile(path, '', { mode: 0o600 });
      wanted.set(file, bytes);
      return { file, path };
    },
    async write(file, offset, bytes) {
      const path = pathOf(file);
      const { size } = await stat(path);
      if (offset > size || offset + bytes.length > (wanted.get(file) ?? 0))
        throw new AppError(
          'BAD_INPUT',
          'A piece of the file is missing, or it is longer than was said. Choose it again.',
        );
      const handle = await open(path, 'r+');
      try {
        await handle.write(bytes, 0, bytes.length, offset);
      } catch (e) {
        throw asDiskFull(e, path);
      } finally {
        await handle.close();
      }
    },
    async read(file, offset, maxBytes) {
      const handle = await open(pathOf(file), 'r');
      try {
        const { size } = await handle.stat();
        const bytes = new Uint8Array(Math.max(0, Math.min(maxBytes, size - offset)));
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
        return { bytes: bytes.subarray(0, bytesRead), isLast: offset + bytesRead >= size };
      } finally {
        await handle.close();
      }
    },
  };
}
