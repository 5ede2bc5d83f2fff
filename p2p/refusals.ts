const MAX_REMEMBERED = 20_000;

/**
 * Entries that are never fetched or judged again while this process runs; the oldest are forgotten first. Of one book
 * each: what was given under the name of another book is sound in its own.
 */
export interface Refusals {
  add(book: string, hash: string): void;
  has(book: string, hash: string): boolean;
}

export function createRefusals(limit = MAX_REMEMBERED): Refusals {
  const refused = new Set<string>();
  return {
    add(book, hash) {
      refused.add(`${book} ${hash}`);
      if (refused.size <= limit) return;
      const [oldest] = refused;
      if (oldest !== undefined) refused.delete(oldest);
    },
    has: (book, hash) => refused.has(`${book} ${hash}`),
  };
}
