import type { AuthorMark } from '#core/ports/village-node.ts';

/** How far a peer says it has each book. */
export interface RemoteMarks {
  /** In the order in which they are best asked for. */
  books(): readonly string[];
  of(book: string): Iterable<AuthorMark>;
  get(book: string, device: string): AuthorMark | undefined;
  /** How many authors of the book it named. */
  authors(book: string): number;
  /** Answers how many marks there are in all. */
  note(book: string, marks: readonly AuthorMark[]): number;
  forget(book: string): void;
}

const OF_ALL_MONTHS = ['members', 'settlement'];
const MONTH = /-(\d{4}-\d{2})$/;
/** Before others comes what is of no month: with it each month can be settled as it comes, the oldest first. */
function byUse(a: string, b: string): number {
  const rank = (book: string): number => (MONTH.test(book) ? 3 : (OF_ALL_MONTHS.indexOf(book) + 3) % 3);
  const keyOf = (book: string): string => `${rank(book)} ${MONTH.exec(book)?.[1] ?? ''} ${book}`;
  const [first, second] = [keyOf(a), keyOf(b)];
  return first < second ? -1 : Number(first > second);
}

export function createRemoteMarks(): RemoteMarks {
  const books = new Map<string, Map<string, AuthorMark>>();
  let count = 0;
  return {
    books: () => [...books.keys()].sort(byUse),
    of: (book) => books.get(book)?.values() ?? [],
    get: (book, device) => books.get(book)?.get(device),
    authors: (book) => books.get(book)?.size ?? 0,
    note(book, marks) {
      const known = books.get(book) ?? new Map<string, AuthorMark>();
      books.set(book, known);
      count -= known.size;
      for (const mark of marks) known.set(mark.device, mark);
      count += known.size;
      return count;
    },
    forget(book) {
      count -= books.get(book)?.size ?? 0;
      books.delete(book);
    },
  };
}
