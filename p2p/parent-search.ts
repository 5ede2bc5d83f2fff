import type { BookPulls } from './book-pulls.ts';
import type { PastBooks } from './past-books.ts';
import type { VillageBooks } from './village-books.ts';
import type { Wants } from './wants.ts';

interface SearchContext {
  readonly books: VillageBooks;
  readonly pulls: BookPulls;
  readonly wants: Wants;
  readonly past: PastBooks;
  /** Asks the peer for entries by name. */
  readonly ask: (book: string, hashes: readonly string[]) => void;
}

/** Asks one peer by name for what is known to be missing: heads it named, and parents of entries that came. */
export interface ParentSearch {
  /** Asks for heads the peer named and all that is missing of the book, unless somebody is sending what is lacked of it. */
  seekHeads(book: string, heads: readonly string[]): Promise<void>;
  /** Asks for these parents; where somebody is sending what is lacked of the book they are likely among it, so later. */
  seek(book: string, parents: readonly string[]): Promise<void>;
  /** Asks for all that is missing of a book, or puts that off in the same way. */
  seekAll(book: string): Promise<void>;
  /** Books whose search was put off. */
  putOff(): readonly string[];
  /** The peer has more of the book than it had: what it did not keep may be among it, also where no mark shows that. */
  grown(book: string): void;
}

export function createParentSearch({ books, pulls, wants, past, ask }: SearchContext): ParentSearch {
  const waiting = new Set<string>();
  const lackedOf = (book: string): readonly string[] => [...books.missing(book), ...books.absent(book)];
  const want = async (book: string, hashes: readonly string[]): Promise<void> => {
    const others = beyondOurs(books, book, hashes);
    if (others.length === 0) return;
    const standings = await books.standing(book, others);
    const open = others.filter((_, i) => standings[i] === 'unknown');
    for (const part of wants.ask(open)) ask(book, part);
  };
  const seek = async (book: string, parents: readonly string[]): Promise<void> => {
    if (pulls.isUnderWay(book)) {
      waiting.add(book);
      return;
    }
    await want(book, parents);
    await books.giveUp(book, parents.filter(past.isGone));
  };
  return {
    async seekHeads(book, heads) {
      if (!pulls.isUnderWay(book)) await want(book, [...heads, ...lackedOf(book)]);
    },
    seek,
    async seekAll(book) {
      waiting.delete(book);
      await seek(book, lackedOf(book));
    },
    putOff: () => [...waiting],
    grown(book) {
      const absent = books.absent(book);
      if (absent.size === 0) return;
      wants.forgetGone(absent);
      waiting.add(book);
    },
  };
}

/** Without reading the book's index, which most books need not. */
export function beyondOurs(books: VillageBooks, book: string, hashes: readonly string[]): readonly string[] {
  const ours = new Set(books.heads(book));
  return hashes.filter((hash) => !ours.has(hash));
}
