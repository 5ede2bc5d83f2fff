import type { VillageBooks } from './village-books.ts';
import { type Hello, MAX_HEADS } from './wire-messages.ts';

/** What one greeting carries at most, so that no frame comes near the limit. */
export const GREETING_MARKS = 10_000;
const GREETING_HEADS = 5_000;

export const headsOf = (books: VillageBooks, book: string): string[] => books.heads(book).slice(0, MAX_HEADS);

/** All books with heads and marks, in as many greetings as it takes. */
export function splitGreeting(village: string, books: VillageBooks): Hello[] {
  const parts: Hello['books'][] = [[]];
  let weight = 0;
  for (const book of books.names()) {
    const listing = { book, heads: headsOf(books, book), marks: books.marksOf(book).list() };
    weight += listing.marks.length / GREETING_MARKS + listing.heads.length / GREETING_HEADS;
    if (weight > 1 && (parts.at(-1)?.length ?? 0) > 0) {
      parts.push([]);
      weight = 0;
    }
    parts.at(-1)?.push(listing);
  }
  return parts.map((list, i) => ({ t: 'hello', v: 1, village, more: i < parts.length - 1, books: list }));
}

/** Heads of books, in as many messages as it takes. */
export function splitHeads<T extends { readonly heads: readonly string[] }>(list: readonly T[]): T[][] {
  const parts: T[][] = [[]];
  let count = 0;
  for (const item of list) {
    count += item.heads.length;
    if (count > GREETING_HEADS) {
      parts.push([]);
      count = item.heads.length;
    }
    parts.at(-1)?.push(item);
  }
  return parts.filter((part) => part.length > 0);
}
