import type { SyncStatus } from './sync.tsx';

export type Peer = SyncStatus['peers'][number];

const TAIL = 6;

/** The end of a peer id: its beginning is the same for all. */
export const shortPeer = (peer: string): string => peer.slice(-TAIL);

/** Connected first, then the last heard. */
export const orderPeers = (peers: readonly Peer[]): Peer[] =>
  [...peers].sort((a, b) => Number(b.connected) - Number(a.connected) || (b.heardAtMs ?? 0) - (a.heardAtMs ?? 0));

export type PeerStanding =
  | 'same-now'
  | 'same-then'
  | 'differs'
  | 'copying'
  | 'comparing'
  | 'waits'
  | 'unheard'
  | 'refused';

/** How its book stands to ours; of one that is away, what was known when it was last heard. */
export function standingOf(peer: Peer): PeerStanding {
  if (peer.keyRefused && !peer.connected) return 'refused';
  if (peer.inStep && peer.sameState === false) return 'differs';
  if (peer.inStep) return peer.connected ? 'same-now' : 'same-then';
  if (!peer.connected) return peer.heardAtMs === null ? 'unheard' : 'waits';
  return peer.toSend + peer.toFetch > 0 ? 'copying' : 'comparing';
}
