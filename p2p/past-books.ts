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

/** Names that are kept of one peer; with more of them all are forgotten, and it is heard anew. */
const MAX_NAMES = 40_000;

export function createPastBooks(): PastBooks {
  let names = 0;
  const listed = new Map<string, readonly string[]>();
  const gone = new Map<string, Set<string>>();
  let heads = new Map<string, readonly string[]>();
  const forget = (): void => {
    listed.clear();
    gone.clear();
    heads = new Map();
    names = 0;
  };
  const makeRoom = (more: number): void => {
    if (names + more > MAX_NAMES) forget();
    names += more;
  };
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
    listed(book, list) {
      if (!OF_MONTH.test(book)) return;
      makeRoom(list.length);
      names -= listed.get(book)?.length ?? 0;
      listed.set(book, list);
      settle(book);
    },
    gone(book, hashes) {
      if (!OF_MONTH.test(book) || hashes.length === 0) return;
      makeRoom(hashes.length);
      const of = gone.get(book) ?? new Set();
      for (const hash of hashes) of.add(hash);
      gone.set(book, of);
      settle(book);
    },
    heads: () => heads,
    has: (book) => gone.has(book),
    isGone: (hash) => [...gone.values()].some((of) => of.has(hash)),
    forget,
  };
}
