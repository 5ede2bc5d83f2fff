import type { AuthorMark } from '#core/ports/village-node.ts';
import type { RemoteMarks } from './remote-marks.ts';
import type { VillageBooks } from './village-books.ts';

/** How far each author of each book is, by device. */
export type MarksByBook = Map<string, Map<string, AuthorMark>>;

export function noteIn(map: MarksByBook, book: string, marks: readonly AuthorMark[]): void {
  const known = map.get(book) ?? new Map<string, AuthorMark>();
  map.set(book, known);
  for (const mark of marks) known.set(mark.device, mark);
}

export const isSame = (a: AuthorMark, b: AuthorMark | undefined): boolean => a.time === b?.time && a.count === b.count;

/** Entries that the peer tells to have beyond ours, in books that it keeps. */
export function countBehind(books: VillageBooks, remote: RemoteMarks, isPast: (book: string) => boolean): number {
  let behind = 0;
  for (const book of remote.books()) if (!isPast(book)) behind += books.marksOf(book).countBehind(remote.of(book));
  return behind;
}

/** Entries that the peer did not tell to have and did not ask for yet. */
export function countAhead(books: VillageBooks, remote: RemoteMarks, given: MarksByBook): number {
  let ahead = 0;
  for (const book of books.names())
    for (const { device, count } of books.marksOf(book).list()) {
      const has = Math.max(remote.get(book, device)?.count ?? 0, given.get(book)?.get(device)?.count ?? 0);
      ahead += Math.max(0, count - has);
    }
  return ahead;
}
