import { MAX_WANTED } from './wire-messages.ts';

/** A want that was not answered in this time may be asked again, ms. */
const RETRY_AFTER_MS = 10_000;
/** Entries that came within this time are likely followed by the rest, ms. */
const QUIET_AFTER_MS = 1000;
const MAX_ASKED = 20_000;

/** What was asked of one peer by name and has not come yet. */
export interface Wants {
  /** Marks hashes as asked and returns those that were not, in messages of a bounded size. */
  ask(hashes: readonly string[]): string[][];
  arrived(hashes: readonly string[]): void;
  /** The peer does not keep these: they are not asked of it again. Answers those that were asked of it. */
  gone(hashes: readonly string[]): string[];
  /** The peer said anew what it has; of some entries only, when it has more than it had. */
  forgetGone(hashes?: Iterable<string>): void;
  /** Whether no entries came for a while, so that what is missing will not come by itself. */
  isQuiet(): boolean;
  count(): number;
}

export function createWants(now: () => number): Wants {
  const asked = new Map<string, number>();
  const gone = new Set<string>();
  let arrivedAt = Number.NEGATIVE_INFINITY;
  return {
    ask(hashes) {
      for (const [hash, at] of asked) if (now() - at > RETRY_AFTER_MS) asked.delete(hash);
      const fresh = hashes.filter((hash) => !asked.has(hash) && !gone.has(hash)).slice(0, MAX_ASKED - asked.size);
      for (const hash of fresh) asked.set(hash, now());
      return Array.from({ length: Math.ceil(fresh.length / MAX_WANTED) }, (_, i) =>
        fresh.slice(i * MAX_WANTED, (i + 1) * MAX_WANTED),
      );
    },
    arrived(hashes) {
      arrivedAt = now();
      for (const hash of hashes) asked.delete(hash);
    },
    gone(hashes) {
      if (gone.size >= MAX_ASKED) gone.clear();
      return hashes.filter((hash) => {
        gone.add(hash);
        return asked.delete(hash);
      });
    },
    forgetGone(hashes) {
      if (hashes) for (const hash of hashes) gone.delete(hash);
      else gone.clear();
    },
    isQuiet: () => now() - arrivedAt > QUIET_AFTER_MS,
    count: () => asked.size,
  };
}
