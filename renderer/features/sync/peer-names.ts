import type { SyncStatus } from './sync.tsx';

export type Peer = SyncStatus['peers'][number];

const TAIL = 6;

/** The end of a peer id: its beginning is the same for all. */
export const shortPeer = (peer: string): string => peer.slice(-TAIL);

/** Connected first, then the last heard. */
export const orderPeers = (peers: readonly Peer[]): Peer[] =>
  [...peers].sort((a, b) => Number(b.connected) - Number(a.connected) || (b.heardAtMs ?? 0) - (a.heardAtMs ?? 0));
