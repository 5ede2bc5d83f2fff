import type { Village } from '#core/village/open-village.ts';
import { returnAbsent } from './absent-months.ts';
import { neverHere, segmentsOf } from './month-places.ts';

/** After a file was taken in: months that are whole again are here again; of others, what came back is. */
export async function finishReturn(village: Village): Promise<void> {
  const { store } = village;
  await returnAbsent(village);
  const dropped = [...store.archivedMonths().values()].filter((m) => m.place === 'dropped' && !neverHere(m));
  if (dropped.length === 0) return;
  const cameBack: string[] = [];
  for (const archived of dropped) {
    const books = Object.keys(archived.books);
    const kept = await keptEntries(village, books);
    if (books.some((book) => (kept.get(book) ?? 0) > 0)) cameBack.push(...books);
    const rows = store.segments();
    const isWhole =
      books.every((book) => kept.get(book) === village.node.size(book)) &&
      segmentsOf(village.state(), archived.month).every(({ cid }) => !rows.get(cid)?.away);
    if (isWhole) store.putArchived({ ...archived, place: 'here', books: {} });
  }
  await village.onArchive(cameBack);
}

async function keptEntries(village: Village, books: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const kept = new Map<string, number>();
  for await (const { book, entries } of village.node.exportEntries(undefined, books))
    kept.set(book, (kept.get(book) ?? 0) + entries.length);
  return kept;
}
