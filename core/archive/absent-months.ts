import { createBreath } from '#core/breath.ts';
import type { Village } from '#core/village/open-village.ts';
import { DIGEST_BYTES, holds } from '#domain/books/chains.ts';
import type { Month } from '#domain/time.ts';
import { booksOf, MONTH_BOOK, neverHere, segmentsOf } from './month-places.ts';

/** Months of which the last anchored cut holds records that are not on this disk. */
export function absentMonths(village: Village): Month[] {
  const { chains } = village.checkpoint();
  const here = new Map(village.store.settledByBook());
  // What the cut holds may not be marked as settled yet.
  for (const record of village.index.outside.values())
    if (holds(chains, record)) here.set(record.book, (here.get(record.book) ?? 0) + 1);
  const settled = new Map<string, number>();
  for (const [place, digests] of chains) {
    const [book = ''] = place.split(' ');
    settled.set(book, (settled.get(book) ?? 0) + digests.length / DIGEST_BYTES);
  }
  const absent = [...settled].flatMap(([book, records]) =>
    (here.get(book) ?? 0) < records ? (MONTH_BOOK.exec(book)?.[1] ?? []) : [],
  );
  return [...new Set(absent)].sort();
}

/** Shows months as not here, and asks nobody for their days. */
export async function noteAbsent(village: Village, months: readonly Month[]): Promise<void> {
  const { store } = village;
  const breath = createBreath();
  const known = store.archivedMonths();
  for (const month of months) {
    if ((known.get(month)?.place ?? 'here') !== 'here') continue;
    const cids = segmentsOf(village.state(), month).map((s) => s.cid);
    const archived = {
      month,
      place: 'dropped' as const,
      file: '',
      sha256: '',
      atMs: village.now(),
      bytes: 0,
      books: {},
    };
    store.putAbsent(archived, cids);
    await breath();
  }
  store.putSegmentsHere(0);
}

/** Months whose records came since, from a file or a console that kept them, are here: their days are asked for again. */
export async function returnAbsent(village: Village): Promise<void> {
  const { store } = village;
  const absent = [...store.archivedMonths().values()].filter(neverHere);
  if (absent.length === 0) return;
  await village.onArchive(absent.flatMap(({ month }) => booksOf(month)));
  const still = new Set(absentMonths(village));
  const returned = absent.filter(({ month }) => !still.has(month));
  for (const archived of returned) {
    const cids = segmentsOf(village.state(), archived.month).map((s) => s.cid);
    store.endAbsent({ ...archived, place: 'here' }, cids);
  }
  if (returned.length === 0) return;
  // All segments are looked at again.
  store.putSegmentsHere(0);
  await village.onArchive([]);
  await village.segments.fetch();
}

/** Whether entries of such a month came that were not looked at yet. */
export function hasReturning({ store, node }: Village): boolean {
  const absent = [...store.archivedMonths().values()].filter(neverHere);
  if (absent.length === 0) return false;
  const read = store.booksRead();
  return absent.some(({ month }) => booksOf(month).some((book) => node.size(book) > (read.get(book) ?? 0)));
}
