import { OF_MONTH } from './entry-limits.ts';

/** Books of months that a peer let go of, with the heads it names and nobody can have of it. */
export interface PastBooks {
  listed(book: string, heads: readonly string[]): void;
  gone(book: string, hashes: readonly string[]): void;
  /** By book, the heads of the peer that it does not keep; another map once anything changed. */
  heads(): ReadonlyMap<string, readonly string[]>;
  readonly has: (book: string) => boolean;
  /** The peer said that it does not keep this entry. */
  readonly isGone: (hash: string) => boolean;
  /** The peer said anew what it has. */
  forget(): void;
}

export function createPastBooks(): PastBooks {
  const listed = new Map<string, readonly string[]>();
  const gone = new Map<string, Set<string>>();
  let heads = new Map<string, readonly string[]>();
  const settle = (book: string): void => {
    const of = gone.get(book);
    const left = (listed.get(book) ?? []).filter((hash) => of?.has(hash));
    const before = heads.get(book) ?? [];
    if (left.join() === before.join()) return;
    heads = new Map(heads);
    if (left.length > 0) heads.set(book, left);
    else heads.delete(book);
  };
  return {
    listed(book, names) {
      if (!OF_MONTH.test(book)) return;
      listed.set(book, names);
      settle(book);
    },
    gone(book, hashes) {
      if (!OF_MONTH.test(book) || hashes.length === 0) return;
      const of = gone.get(book) ?? new Set();
      for (const hash of hashes) of.add(hash);
      gone.set(book, of);
      settle(book);
    },
    heads: () => heads,
    has: (book) => gone.has(book),
    isGone: (hash) => [...gone.values()].some((of) => of.has(hash)),
    forget() {
      listed.clear();
      gone.clear();
      heads = new Map();
    },
  };
}
