import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '#core/ports/errors.ts';

/** Kept free beyond what is written: databases grow while they take things in. */
const SPARE_BYTES = 64 * 1024 * 1024;

/**
 * @param spareBytes what has to stay free beside it
 * Errors: DISK_FULL when the disk of that path has no room for so much more.
 */
export async function requireFreeSpace(path: string, bytes: number, spareBytes = SPARE_BYTES): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  const free = bavail * bsize;
  if (free >= bytes + spareBytes) return;
  const megabytes = (n: number): number => Math.ceil(n / 1_000_000);
  throw new AppError(
    'DISK_FULL',
    `${dirname(path)} has ${megabytes(free)} MB free; ${megabytes(bytes + spareBytes)} MB are needed. Free some space and try again.`,
    { retryable: true, data: { neededBytes: bytes + spareBytes, freeBytes: free } },
  );
}
