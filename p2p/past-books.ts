import { OF_MONTH } from './entry-limits.ts';

/** Hashes of one peer that are remembered; an honest one names a few for each month. */
const MAX_LISTED = 20_000;
const MAX_GONE = 20_000;

/**
 * Books of months that one of both sides does not keep whole. There the heads can never be the same: what the peer lists
 * and nobody can have of it, and what it lists and was joined here before, sets the two no further apart.
 */
export interface PastBooks {
  /** Heads that the peer names beyond ours, and those of them that are joined here, where we have holes ourselves. */
  listed(book: string, heads: readonly string[], joined: readonly string[]): void;
  /** The peer does not keep these. */
  gone(book: string, hashes: readonly string[]): void;
  /** By book, the heads of the peer that count as here towards it; another map once anything changed. */
  heads(): ReadonlyMap<string, readonly string[]>;
  readonly has: (book: string) => boolean;
  /** The peer said that it does not keep this entry. */
  readonly isGone: (hash: string) => boolean;
  /** The peer said anew what it has. */
  forget(): void;
}

interface Listing {
  readonly heads: readonly string[];
  readonly joined: ReadonlySet<string>;
}

export function createPastBooks(): PastBooks {
  const listings = new Map<string, Listing>();
  const books = new Set<string>();
  const gone = new Set<string>();
  let count = 0;
  let heads = new Map<string, readonly string[]>();
  const settle = (book: string): void => {
    const { heads: named, joined } = listings.get(book) ?? { heads: [], joined: new Set() };
    const left = named.filter((hash) => gone.has(hash) || joined.has(hash));
    if (left.join() === (heads.get(book) ?? []).join()) return;
    heads = new Map(heads);
    if (left.length > 0) heads.set(book, left);
    else heads.delete(book);
  };
  return {
    listed(book, named, joined) {
      if (!OF_MONTH.test(book)) return;
      count -= listings.get(book)?.heads.length ?? 0;
      listings.delete(book);
      if (named.length > 0 && count + named.length <= MAX_LISTED) {
        listings.set(book, { heads: named, joined: new Set(joined) });
        count += named.length;
      }
      settle(book);
    },
    gone(book, hashes) {
      if (!OF_MONTH.test(book) || hashes.length === 0 || gone.size + hashes.length > MAX_GONE) return;
      for (const hash of hashes) gone.add(hash);
      books.add(book);
      settle(book);
    },
    heads: () => heads,
    has: (book) => books.has(book),
    isGone: (hash) => gone.has(hash),
    forget() {
      listings.clear();
      books.clear();
      gone.clear();
      count = 0;
      heads = new Map();
    },
  };
}
