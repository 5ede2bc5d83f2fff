import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { JobControl } from '#core/jobs.ts';
import { AppError } from '#core/ports/errors.ts';
import { asDiskFull } from '#core/storage/disk-full.ts';
import type { Village } from '#core/village/open-village.ts';
import { toHex } from '#domain/bytes.ts';
import { type BundleContent, digestOfBytes, gatherContent } from './bundle-content.ts';
import { carBlock, carHeader } from './car-write.ts';
import { requireFreeSpace } from './free-space.ts';
import { writeManifest } from './manifest.ts';
import type { KnownThere } from './since.ts';

export interface ExportWish {
  /** Absent: everything goes into the file. */
  readonly there?: KnownThere;
  /** Absent: all books. */
  readonly books?: readonly string[];
}

/** Of the first block: what it takes at most beside its list of blocks, and for each of these. */
const MANIFEST_ROOM_BYTES = 64 * 1024;
const LISTED_BYTES = 48;

export interface ExportedBundle {
  readonly entries: number;
  readonly blocks: number;
  readonly bytes: number;
}

/**
 * Writes what the network would carry into one CAR file: identities, log entries with parents before children, blocks.
 * The file has its name only when it is whole and on the disk. Errors: DISK_FULL, BAD_FILE, CANCELLED by the signal.
 */
export async function exportBundle(
  village: Village,
  path: string,
  wish: ExportWish,
  control: JobControl,
): Promise<ExportedBundle> {
  control.progress('gather', 0, 0);
  const content = await gatherContent(village, { there: wish.there ?? null, books: wish.books }, control.signal);
  const part = `${path}.part`;
  try {
    await requireFreeSpace(part, content.bytes + MANIFEST_ROOM_BYTES + content.blocks.length * LISTED_BYTES, 0);
    const handle = await open(part, 'w', 0o600);
    let bytes: number;
    try {
      bytes = await writeAll(handle, village, wish, content, control);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, path);
    await syncFolder(dirname(path));
    return { entries: content.entries.size, blocks: content.blocks.length, bytes };
  } catch (error) {
    await rm(part, { force: true });
    throw asFileError(asDiskFull(error, path), path);
  }
}

/** Else the name may be lost with a stick that is pulled out now. */
async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(
  handle: FileHandle,
  village: Village,
  wish: ExportWish,
  content: BundleContent,
  { signal, progress }: JobControl,
): Promise<number> {
  const { node, keys } = village;
  let written = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    signal.throwIfAborted();
    await handle.writeFile(bytes);
    written += bytes.length;
  };
  const manifest = writeManifest(
    {
      village: village.id,
      device: keys.id,
      madeMs: village.now(),
      since: wish.there?.have ?? null,
      have: content.have,
      books: content.books,
      identities: content.identities.size,
      blocks: content.blocks.map(({ digest, bytes }): [Uint8Array, number] => [digest, bytes]),
      wants: [...content.wants],
    },
    (message) => keys.sign(message),
  );
  const root = digestOfBytes(manifest);
  await write(carHeader(root));
  await write(carBlock(root, manifest));
  const due = new Set([...content.identities, ...content.entries]);
  for await (const { identities, entries } of node.exportEntries(wish.there?.have, wish.books)) {
    for (const bytes of [...identities, ...entries]) {
      const digest = digestOfBytes(bytes);
      if (due.delete(toHex(digest))) await write(carBlock(digest, bytes));
    }
    progress('copy', written, content.bytes);
  }
  if (due.size > 0)
    throw new AppError('BAD_FILE', 'The books changed while the file was written. Nothing was written; try again.', {
      retryable: true,
    });
  for (const { cid, digest } of content.blocks) {
    await write(carBlock(digest, await node.getBlock(cid, { signal, localOnly: true })));
    progress('copy', written, content.bytes);
  }
  return written;
}

function asFileError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (error instanceof AppError || !/^E[A-Z]+$/.test(code)) return error;
  return new AppError('BAD_FILE', `${path} cannot be written (${code}). Is the stick in, and may it be written?`, {
    cause: error,
  });
}

/**
 * Writes the books of one month and their blocks: what an archive keeps before this console drops them, and what
 * {@link takeBundle} brings back.
 */
export const exportMonth = (village: Village, month: string, path: string, control: JobControl) =>
  exportBundle(village, path, { books: village.node.books().filter((book) => book.endsWith(`-${month}`)) }, control);
