import { statfsSync } from 'node:fs';

/** Kept free of what others send, so that this console can always write its own: a share of the disk, and at most this. */
const RESERVED_PERCENT = 5n;
const MOST_RESERVED_BYTES = 256n * 1024n * 1024n;
/** How long one look at the disk is good for, ms. */
const LOOK_EVERY_MS = 1000;

export interface DiskRoom {
  readonly freeBytes: number;
  readonly reservedBytes: number;
}

export function roomOn(dir: string): DiskRoom {
  const { bavail, blocks, bsize } = statfsSync(dir, { bigint: true });
  const share = (blocks * bsize * RESERVED_PERCENT) / 100n;
  const reserved = share < MOST_RESERVED_BYTES ? share : MOST_RESERVED_BYTES;
  return { freeBytes: Number(bavail * bsize), reservedBytes: Number(reserved) };
}

/** Whether the disk has more free than is reserved; looked up at most once a second of `now` (monotonic ms). */
export function watchRoom(dir: string, now: () => number = () => performance.now()): () => boolean {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let hasRoom = true;
  return () => {
    if (now() - lookedAt < LOOK_EVERY_MS) return hasRoom;
    lookedAt = now();
    const { freeBytes, reservedBytes } = roomOn(dir);
    hasRoom = freeBytes > reservedBytes;
    return hasRoom;
  };
}
