import type { StickNews } from './stick.tsx';
import type { SyncStatus } from './sync.tsx';

export type Peer = SyncStatus['peers'][number];

const TAIL = 6;

/** The end of a peer id: its beginning is the same for all. */
export const shortPeer = (peer: string): string => peer.slice(-TAIL);

/** A console of the village, whether wires reach it or only sticks. */
export interface ConsoleRow extends Peer {
  /** Days of readings that it lacks, as far as it told. */
  readonly toSendDays: number;
  /** Only files brought news of it. */
  readonly isByStick: boolean;
}

/**
 * Wires and sticks together. What a console lacks that is away is what it last told; one that never told anything lacks
 * everything, which says nothing about it, and so is left out.
 */
export function consoleRows(peers: readonly Peer[], told: StickNews['consoles']): ConsoleRow[] {
  const byDevice = new Map(told.map((c) => [c.device, c]));
  const wired = peers.map((peer): ConsoleRow => {
    const known = peer.device === null || peer.connected ? undefined : byDevice.get(peer.device);
    const lacks = known && known.toldAtMs !== null ? known.lacks : { entries: 0, days: 0 };
    return {
      ...peer,
      inStep: peer.inStep && lacks.entries + lacks.days === 0,
      toSend: Math.max(peer.toSend, lacks.entries),
      toSendDays: lacks.days,
      isByStick: false,
    };
  });
  const seen = new Set(peers.map((p) => p.device));
  const carried = told
    .filter((c) => !seen.has(c.device) && c.toldAtMs !== null)
    .map(
      (c): ConsoleRow => ({
        peer: c.device,
        device: c.device,
        name: c.name,
        connected: false,
        relayed: false,
        keyRefused: false,
        heardAtMs: c.toldAtMs,
        inStep: c.lacks.entries + c.lacks.days === 0,
        toSend: c.lacks.entries,
        toFetch: 0,
        sameState: null,
        addresses: [],
        toSendDays: c.lacks.days,
        isByStick: true,
      }),
    );
  return [...wired, ...carried];
}

/** Connected first, then the last heard. */
export const orderPeers = <P extends Peer>(peers: readonly P[]): P[] =>
  [...peers].sort((a, b) => Number(b.connected) - Number(a.connected) || (b.heardAtMs ?? 0) - (a.heardAtMs ?? 0));

export type PeerStanding =
  | 'same-now'
  | 'same-then'
  | 'differs'
  | 'copying'
  | 'comparing'
  | 'waits'
  | 'unheard'
  | 'refused'
  | 'by-stick';

/** How its book stands to ours; of one that is away, what was known when it was last heard. */
export function standingOf(peer: Peer & { readonly isByStick?: boolean }): PeerStanding {
  if (peer.isByStick) return peer.inStep ? 'same-then' : 'by-stick';
  if (peer.keyRefused && !peer.connected) return 'refused';
  if (peer.inStep && peer.sameState === false) return 'differs';
  if (peer.inStep) return peer.connected ? 'same-now' : 'same-then';
  if (!peer.connected) return peer.heardAtMs === null ? 'unheard' : 'waits';
  return peer.toSend + peer.toFetch > 0 ? 'copying' : 'comparing';
}
