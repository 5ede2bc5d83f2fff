import { RELAY_V2_HOP_CODEC } from '@libp2p/circuit-relay-v2';
import type { IdentifyResult, Libp2p, PeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { isRelayed, throughRelay, withoutPeer, withPeer } from './addresses.ts';
import { backoffMs } from './backoff.ts';
import { peerOfDevice } from './peer-device.ts';

const LOOK_EVERY_MS = 5000;
/** After somebody new was met, who may know others, ms. */
const LOOK_SOON_MS = 300;
const LOOKED_FOR_AT_ONCE = 4;
const LOOK_TIMEOUT_MS = 10_000;
const FIRST_WAIT_MS = 2000;
const LAST_WAIT_MS = 10 * 60_000;
/** With so many devices of the village connected, no more are looked for. */
const ENOUGH_PEERS = 12;
const MAX_FOUND = 8;

/** Looks for devices of the village that are not connected: where others met them, and behind relays. */
export interface PeerFinder {
  /** Starts over with everyone, soon. */
  wake(): void;
  stop(): void;
}

interface FinderParts {
  readonly libp2p: Libp2p;
  /** Device ids, 64 hex. */
  readonly members: () => readonly string[];
  /** Not a stranger, who cannot make this node look around. */
  readonly isKnown: (peer: string) => boolean;
  readonly isOnline: () => boolean;
  readonly onFound: (peer: string, addresses: readonly string[]) => void;
}

export function createPeerFinder({ libp2p, members, isKnown, isOnline, onFound }: FinderParts): PeerFinder {
  /** Monotonic ms before which a peer is not looked for again, and how often it was. */
  const looked = new Map<string, { readonly nextAt: number; readonly count: number }>();
  const looking = new Set<string>();
  const self = libp2p.peerId.toString();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  /** A look is due soon. */
  let isDue = false;

  const isConnected = (peer: PeerId): boolean =>
    libp2p.getConnections(peer).some((c) => c.status === 'open' && !isRelayed(c.remoteAddr.toString()));
  const askOthers = async (peer: PeerId, signal: AbortSignal): Promise<void> => {
    const { multiaddrs } = await libp2p.peerRouting.findPeer(peer, { signal, useCache: false });
    const addresses = multiaddrs.map((a) => withoutPeer(a.toString())).slice(0, MAX_FOUND);
    if (addresses.length > 0) onFound(peer.toString(), addresses);
  };
  const relayAddresses = async (peer: PeerId): Promise<string[]> => {
    const found: string[] = [];
    for (const { remotePeer, remoteAddr } of libp2p.getConnections()) {
      if (remotePeer.equals(peer) || isRelayed(remoteAddr.toString())) continue;
      const { protocols } = await libp2p.peerStore.get(remotePeer).catch(() => ({ protocols: [] as string[] }));
      if (protocols.includes(RELAY_V2_HOP_CODEC))
        found.push(withPeer(throughRelay(remoteAddr.toString(), remotePeer.toString()), peer.toString()));
    }
    return found;
  };
  const askRelays = async (peer: PeerId, signal: AbortSignal): Promise<void> => {
    const addresses = await relayAddresses(peer);
    if (addresses.length === 0 || libp2p.getConnections(peer).length > 0) return;
    await libp2p.dial(
      addresses.map((a) => multiaddr(a)),
      { signal },
    );
  };
  const lookFor = async (name: string): Promise<void> => {
    const count = looked.get(name)?.count ?? 0;
    looked.set(name, { nextAt: performance.now() + backoffMs(count, FIRST_WAIT_MS, LAST_WAIT_MS), count: count + 1 });
    looking.add(name);
    const peer = peerIdFromString(name);
    const signal = AbortSignal.timeout(LOOK_TIMEOUT_MS);
    try {
      await askOthers(peer, signal).catch(() => undefined);
      // Both would dial at once otherwise, and one of the two connections would be cut again.
      if (self < name || count > 0) await askRelays(peer, signal).catch(() => undefined);
    } finally {
      looking.delete(name);
    }
  };
  const look = (): void => {
    if (!isOnline() || libp2p.getPeers().length === 0) return;
    const others = members()
      .map(peerOfDevice)
      .filter((peer) => peer !== self);
    const away = others.filter((peer) => !isConnected(peerIdFromString(peer)));
    for (const peer of looked.keys()) if (!away.includes(peer)) looked.delete(peer);
    if (others.length - away.length >= ENOUGH_PEERS) return;
    const nowAt = performance.now();
    const due = away
      .filter((peer) => !looking.has(peer) && (looked.get(peer)?.nextAt ?? 0) <= nowAt)
      .sort((a, b) => (looked.get(a)?.nextAt ?? 0) - (looked.get(b)?.nextAt ?? 0));
    for (const peer of due.slice(0, LOOKED_FOR_AT_ONCE - looking.size)) lookFor(peer).catch(() => undefined);
  };
  const lookAfter = (waitMs: number): void => {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(() => {
      isDue = false;
      look();
      lookAfter(LOOK_EVERY_MS);
    }, waitMs);
  };
  const wake = (): void => {
    looked.clear();
    // Whoever wakes it over and over must not put it off.
    if (!isDue) lookAfter(LOOK_SOON_MS);
    isDue = true;
  };
  const onIdentify = ({ detail }: CustomEvent<IdentifyResult>): void => {
    if (isKnown(detail.peerId.toString())) wake();
  };
  libp2p.addEventListener('peer:identify', onIdentify);
  lookAfter(LOOK_EVERY_MS);
  return {
    wake,
    stop() {
      stopped = true;
      clearTimeout(timer);
      libp2p.removeEventListener('peer:identify', onIdentify);
    },
  };
}
