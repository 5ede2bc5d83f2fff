const MAX_REMEMBERED = 200_000;

/** Entries on their way to one peer, oldest first, each at most once, and what that peer is known to have. */
export interface SendQueue {
  /** Skips what the peer has or is about to get. */
  add(book: string, hashes: readonly string[]): void;
  /** Adds what the peer asked for by name, even if it once had it. */
  addWanted(book: string, hashes: readonly string[]): void;
  /** The next entries that belong to one book, at most so many. */
  peek(limit: number): { readonly book: string; readonly hashes: readonly string[] } | undefined;
  /** Takes out what is about to be sent. */
  remove(hashes: readonly string[]): void;
  /** The peer has these; those that wait to be sent are taken out. */
  markKnown(hashes: readonly string[]): void;
  readonly isKnown: (hash: string) => boolean;
  /** The peer was told that these are not kept here: once they are, they have to be sent all the same. */
  markUnsent(hashes: readonly string[]): void;
  /** The peer said anew what it has. */
  forgetKnown(): void;
  length(): number;
  /** Behind all that was added so far. */
  end(): number;
  /** Whether all that stood before this end was taken out. */
  isPast(end: number): boolean;
}

export function createSendQueue(): SendQueue {
  let items: { book: string; hash: string }[] = [];
  let at = 0;
  /** Items that were cut off the front. */
  let cut = 0;
  const queued = new Set<string>();
  const known = new Set<string>();
  const remember = (hash: string): void => {
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.add(hash);
  };
  const push = (book: string, hash: string): void => {
    if (queued.has(hash)) return;
    queued.add(hash);
    remember(hash);
    items.push({ book, hash });
  };
  /** Passes over what was taken out. */
  const dropSettled = (): void => {
    while (at < items.length && !queued.has(items[at]?.hash ?? '')) at += 1;
    if (at < 1024 && at < items.length) return;
    items = items.slice(at);
    cut += at;
    at = 0;
  };
  return {
    add(book, hashes) {
      for (const hash of hashes) if (!known.has(hash)) push(book, hash);
    },
    addWanted(book, hashes) {
      for (const hash of hashes) push(book, hash);
    },
    peek(limit) {
      dropSettled();
      const first = items[at];
      if (!first) return undefined;
      // What was taken out and asked for again stands there twice.
      const hashes = new Set<string>();
      for (let i = at; hashes.size < limit; i++) {
        const item = items[i];
        if (item?.book !== first.book) break;
        if (queued.has(item.hash)) hashes.add(item.hash);
      }
      return { book: first.book, hashes: [...hashes] };
    },
    remove(hashes) {
      for (const hash of hashes) queued.delete(hash);
    },
    markKnown(hashes) {
      for (const hash of hashes) {
        queued.delete(hash);
        remember(hash);
      }
    },
    markUnsent(hashes) {
      for (const hash of hashes) known.delete(hash);
    },
    isKnown: (hash) => known.has(hash),
    forgetKnown: () => known.clear(),
    length: () => queued.size,
    end: () => cut + items.length,
    isPast(end) {
      dropSettled();
      return cut + at >= end;
    },
  };
}
