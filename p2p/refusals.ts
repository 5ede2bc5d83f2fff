const MAX_REMEMBERED = 20_000;

/** Hashes that are never fetched or judged again while this process runs; the oldest are forgotten first. */
export interface Refusals {
  add(hash: string): void;
  readonly has: (hash: string) => boolean;
}

export function createRefusals(limit = MAX_REMEMBERED): Refusals {
  const hashes = new Set<string>();
  return {
    add(hash) {
      hashes.add(hash);
      if (hashes.size <= limit) return;
      const [oldest] = hashes;
      if (oldest !== undefined) hashes.delete(oldest);
    },
    has: (hash) => hashes.has(hash),
  };
}
