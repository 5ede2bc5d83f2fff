import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { MAX_PACKED_BYTES } from '#api/bundles.ts';
import type { JobControl } from '#core/jobs.ts';
import { AppError } from '#core/ports/errors.ts';
import type { VillageMarks } from '#core/ports/village-node.ts';
import type { Village } from '#core/village/open-village.ts';
import { exportBundle } from './export-bundle.ts';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);
/** The books that agreements and signatures are in, and those they speak of. */
const SMALL_BOOKS = ['members', 'assets', 'agreements'];
const MAX_UNPACKED_BYTES = 2 * 1024 * 1024;

/** What another place lacks of people, assets and agreements, as bytes for QR frames. Errors: BAD_INPUT (too much). */
export async function packBundle(
  village: Village,
  have: VillageMarks,
  path: string,
  control: JobControl,
): Promise<{ readonly bytes: Uint8Array; readonly entries: number }> {
  const there = { have: new Map([...have].filter(([book]) => SMALL_BOOKS.includes(book))), wants: [] };
  const { entries } = await exportBundle(village, path, { there, books: SMALL_BOOKS }, control);
  const bytes = new Uint8Array(await deflate(await readFile(path), { level: 9 }));
  if (bytes.length <= MAX_PACKED_BYTES) return { bytes, entries };
  throw new AppError(
    'BAD_INPUT',
    `${entries} entries are ${Math.ceil(bytes.length / 1000)} kB: too much for QR codes. Use a file on a stick.`,
    { data: { entries, bytes: bytes.length } },
  );
}

/** Errors: BAD_FILE when the bytes are not what {@link packBundle} makes, or unfold to more than it ever would. */
export async function unpackBundle(bytes: Uint8Array): Promise<Uint8Array> {
  try {
    return new Uint8Array(await inflate(bytes, { maxOutputLength: MAX_UNPACKED_BYTES }));
  } catch (e) {
    throw new AppError('BAD_FILE', 'What was scanned is not whole. Scan it again from the first code.', { cause: e });
  }
}
