import type { PeerFetch } from '#core/ports/village-node.ts';

const RATE_OVER_MS = 5000;
const BUCKET_MS = 500;

/** Counts what every peer does for the fetches that run now. */
export interface BlockProgress {
  asked(peer: string, blocks: number, bytes: number): void;
  /** A want was answered, with or without its block. */
  answered(peer: string, bytes: number, isBlock: boolean): void;
  received(peer: string, bytes: number): void;
  list(): PeerFetch[];
  clear(): void;
}

interface Counts {
  askedBlocks: number;
  askedBytes: number;
  receivedBlocks: number;
  receivedBytes: number;
  /** Bytes that came in the half second that begins at `atMs`, newest last. */
  buckets: { readonly atMs: number; bytes: number }[];
  readonly sinceMs: number;
}

/** `now` is monotonic, ms. */
export function createBlockProgress(now: () => number): BlockProgress {
  const peers = new Map<string, Counts>();
  const of = (peer: string): Counts => {
    const counts = peers.get(peer) ?? {
      askedBlocks: 0,
      askedBytes: 0,
      receivedBlocks: 0,
      receivedBytes: 0,
      buckets: [],
      sinceMs: now(),
    };
    peers.set(peer, counts);
    return counts;
  };
  const rateOf = ({ buckets, sinceMs }: Counts): number => {
    const fromMs = now() - RATE_OVER_MS;
    const bytes = buckets.reduce((sum, bucket) => (bucket.atMs >= fromMs ? sum + bucket.bytes : sum), 0);
    const overMs = Math.min(RATE_OVER_MS, Math.max(BUCKET_MS, now() - sinceMs));
    return Math.round((bytes * 1000) / overMs);
  };
  return {
    asked(peer, blocks, bytes) {
      const counts = of(peer);
      counts.askedBlocks += blocks;
      counts.askedBytes += bytes;
    },
    answered(peer, bytes, isBlock) {
      const counts = of(peer);
      counts.askedBlocks -= 1;
      counts.askedBytes -= bytes;
      if (!isBlock) return;
      counts.receivedBlocks += 1;
      counts.receivedBytes += bytes;
    },
    received(peer, bytes) {
      const { buckets } = of(peer);
      const last = buckets.at(-1);
      if (last && now() - last.atMs < BUCKET_MS) last.bytes += bytes;
      else buckets.push({ atMs: now(), bytes });
      if (buckets.length > RATE_OVER_MS / BUCKET_MS) buckets.shift();
    },
    list: () =>
      [...peers].map(([peer, counts]) => ({
        peer,
        askedBlocks: counts.askedBlocks,
        askedBytes: counts.askedBytes,
        receivedBlocks: counts.receivedBlocks,
        receivedBytes: counts.receivedBytes,
        bytesPerSecond: rateOf(counts),
      })),
    clear: () => peers.clear(),
  };
}
