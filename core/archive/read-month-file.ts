import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { digestOfBytes } from '#core/bundles/bundle-content.ts';
import { walkBundle } from '#core/bundles/bundle-walk.ts';
import type { JobControl } from '#core/jobs.ts';
import { AppError } from '#core/ports/errors.ts';
import type { Village } from '#core/village/open-village.ts';
import { digestOf, toHex } from '#domain/bytes.ts';
import type { Month } from '#domain/time.ts';
import { booksOf, segmentsOf } from './month-places.ts';

/** All of a month that lies on this disk, by digests in hex. */
export interface MonthHere {
  /** Entries by book, counted before the digests were gathered: so many of the first are in them. */
  readonly books: Readonly<Record<string, number>>;
  /** Entries and the identities of their authors. */
  readonly entries: ReadonlySet<string>;
  readonly segments: readonly string[];
}

/** What a file must hold before this month may go. */
export async function monthHere(village: Village, month: Month, signal: AbortSignal): Promise<MonthHere> {
  const { node } = village;
  const present = new Set(node.books());
  const books: Record<string, number> = {};
  for (const book of booksOf(month)) if (present.has(book)) books[book] = node.size(book);
  const entries = new Set<string>();
  for await (const { identities, entries: chunk } of node.exportEntries(undefined, Object.keys(books))) {
    signal.throwIfAborted();
    for (const bytes of [...identities, ...chunk]) entries.add(toHex(digestOfBytes(bytes)));
  }
  const rows = village.store.segments();
  const verified = segmentsOf(village.state(), month).filter(({ cid }) => rows.get(cid)?.state === 'verified');
  return { books, entries, segments: verified.map((s) => s.cid) };
}

/**
 * Reads a file back from its first byte to its last and holds it against what is here. Answers its SHA-256.
 * Errors: EXPORT_NOT_WHOLE, BAD_FILE, BUNDLE_DAMAGED, BUNDLE_OTHER_VILLAGE.
 */
export async function requireWholeFile(
  village: Village,
  month: Month,
  path: string,
  here: MonthHere,
  control: JobControl,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const lackedEntries = new Set(here.entries);
  const lackedBlocks = new Set(here.segments.map((cid) => toHex(digestOf(cid))));
  let isSigned = false;
  let damagedAt: number | undefined;
  await walkBundle(
    path,
    {
      manifest() {
        isSigned = true;
      },
      entries({ identities, entries }) {
        for (const bytes of [...identities, ...entries]) lackedEntries.delete(toHex(digestOfBytes(bytes)));
      },
      block: (digest) => void lackedBlocks.delete(toHex(digest)),
      damage(offset) {
        damagedAt ??= offset;
      },
    },
    {
      village: village.id,
      signal: control.signal,
      progress: (done, of) => control.progress('check file', done, of),
    },
  );
  if (damagedAt !== undefined || !isSigned)
    throw new AppError(
      'BUNDLE_DAMAGED',
      `The file is damaged${damagedAt === undefined ? '' : ` at byte ${damagedAt}`}. Nothing was removed. Write ${month} to a file again.`,
      { data: { month, offset: damagedAt ?? 0 } },
    );
  const [entries, blocks] = [lackedEntries.size, lackedBlocks.size];
  if (entries + blocks > 0)
    throw new AppError(
      'EXPORT_NOT_WHOLE',
      `The file lacks ${entries} records and ${blocks} days of readings of ${month} that are here: it is of another month, or was written before they came. Nothing was removed. Write ${month} to a file again.`,
      { data: { month, entries, blocks } },
    );
  return hashOfFile(path, control.signal);
}

export async function hashOfFile(
  path: string,
  signal: AbortSignal,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { signal })) {
    hash.update(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
  }
  return { sha256: hash.digest('hex'), bytes };
}
