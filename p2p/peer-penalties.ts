import { createRecentMap } from './recent-map.ts';

/** A peer that broke the protocol is left alone for this long; each time after it twice as long, ms. */
const FIRST_MS = 30_000;
const LAST_MS = 3_600_000;
/** Broken so often, it gets no connection at all while it is left alone. */
const CUT_OFF_AT = 3;
/** After so long without a fault the next one is the first again, ms. */
const FORGIVEN_AFTER_MS = 6 * 3_600_000;

/** Which peers broke the protocol, and how long each is left alone. */
export interface PeerPenalties {
  /** True when the peer is to be cut off: all its connections closed, and no new one made. */
  note(peer: string): boolean;
  /** For how long nothing is exchanged with the peer, ms; 0 when it may. */
  readonly leftMs: (peer: string) => number;
  readonly isCutOff: (peer: string) => boolean;
}

/** `now`: monotonic ms. */
export function createPeerPenalties(now: () => number): PeerPenalties {
  const faults = createRecentMap<{ readonly count: number; readonly atMs: number; readonly untilMs: number }>();
  const leftMs = (peer: string): number => Math.max(0, (faults.get(peer)?.untilMs ?? 0) - now());
  const isCutOff = (peer: string): boolean => leftMs(peer) > 0 && (faults.get(peer)?.count ?? 0) >= CUT_OFF_AT;
  return {
    note(peer) {
      const before = faults.get(peer);
      const count = before && now() - before.atMs < FORGIVEN_AFTER_MS ? before.count + 1 : 1;
      const barredMs = Math.min(LAST_MS, FIRST_MS * 2 ** (count - 1));
      faults.set(peer, { count, atMs: now(), untilMs: now() + barredMs });
      return isCutOff(peer);
    },
    leftMs,
    isCutOff,
  };
}
