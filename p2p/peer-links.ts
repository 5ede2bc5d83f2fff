import type { Connection, IdentifyResult, Libp2p, PeerId, PeerInfo } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { AppError } from '#core/ports/errors.ts';
import { openKnownAddresses } from './known-addresses.ts';
import { createRedialler, type DialTarget } from './redialler.ts';

/** Peers of which only an announcement is known; they are remembered for good once a connection stood. */
const MAX_ANNOUNCED = 256;
const DIALLED_AT_ONCE_MS = 5000;

/** Connections to the peers of the village: dialling, redialling, cutting and restoring all of them. */
export interface PeerLinks {
  dial(address: string): Promise<void>;
  /** All remembered and connected peers. */
  list(): PeerLink[];
  readonly online: boolean;
  setOnline(online: boolean): Promise<void>;
  stop(): Promise<void>;
}

export interface PeerLink {
  readonly peer: string;
  readonly connected: boolean;
  readonly addresses: readonly string[];
}

/** Whether this node may have connections at all; the gate of the host asks it. */
export interface OnlineSwitch {
  online: boolean;
}

export function createPeerLinks(
  libp2p: Libp2p,
  addressFile: string,
  gate: OnlineSwitch,
  onChange: () => void,
): PeerLinks {
  const known = openKnownAddresses(addressFile);
  const announced = new Set<string>();
  /** Monotonic ms. */
  const connectedAt = new Map<string, number>();
  const redialler = createRedialler(libp2p, known, () => gate.online);
  const self = libp2p.peerId.toString();

  const onConnect = ({ detail }: CustomEvent<PeerId>): void => {
    const peer = detail.toString();
    announced.delete(peer);
    connectedAt.set(peer, performance.now());
    const dialled = libp2p.getConnections(detail).filter((c) => c.direction === 'outbound');
    known.add(
      peer,
      dialled.map((c) => withoutPeer(c.remoteAddr.toString())),
    );
    onChange();
  };
  const onDisconnect = ({ detail }: CustomEvent<PeerId>): void => {
    const peer = detail.toString();
    redialler.lost(peer, performance.now() - (connectedAt.get(peer) ?? 0));
    connectedAt.delete(peer);
    onChange();
  };
  const onIdentify = ({ detail }: CustomEvent<IdentifyResult>): void => {
    const addresses = detail.listenAddrs.map((a) => withoutPeer(a.toString())).slice(0, 8);
    if (known.add(detail.peerId.toString(), addresses)) onChange();
  };
  const onDiscovery = ({ detail }: CustomEvent<PeerInfo>): void => {
    const peer = detail.id.toString();
    if (peer === self || !gate.online || libp2p.getConnections(detail.id).length > 0) return;
    if (known.of(peer).length > 0) {
      redialler.wake(peer);
      return;
    }
    if (announced.has(peer) || announced.size >= MAX_ANNOUNCED) return;
    announced.add(peer);
    // An announcement may be stale; the next one tries again.
    libp2p.dial(detail.id).catch(() => announced.delete(peer));
  };
  /**
   * Two sides that dial at once make two connections; then the side with the lower id keeps the newer. A new connection
   * beside one that stood for a while means that the peer lost the old one, which is then closed on either side.
   */
  const onConnection = ({ detail: fresh }: CustomEvent<Connection>): void => {
    const decides = self < fresh.remotePeer.toString();
    for (const other of libp2p.getConnections(fresh.remotePeer)) {
      if (other.id === fresh.id || other.status !== 'open') continue;
      const ageMs = fresh.timeline.open - other.timeline.open;
      if (decides || ageMs > DIALLED_AT_ONCE_MS) other.abort(new Error('a newer connection replaces this one'));
    }
  };
  libp2p.addEventListener('connection:open', onConnection);
  libp2p.addEventListener('peer:connect', onConnect);
  libp2p.addEventListener('peer:disconnect', onDisconnect);
  libp2p.addEventListener('peer:identify', onIdentify);
  libp2p.addEventListener('peer:discovery', onDiscovery);

  const hangUpAll = async (): Promise<void> => {
    redialler.pause();
    await Promise.all(libp2p.getPeers().map((peer) => libp2p.hangUp(peer)));
  };

  return {
    async dial(address) {
      const target = readAddress(address, self);
      const bare = withoutPeer(address);
      known.add('peer' in target ? target.peer : undefined, [bare]);
      onChange();
      if (!gate.online) throw dialFailed(address, 'this node is set offline; it is dialled once it is online again');
      try {
        await redialler.dialNow(target);
      } catch (error) {
        throw dialFailed(address, error instanceof Error ? error.message : 'no answer', error);
      }
    },
    list() {
      const connected = new Set(libp2p.getPeers().map((p) => p.toString()));
      return [...new Set([...known.peers(), ...connected])].map((peer) => ({
        peer,
        connected: connected.has(peer),
        addresses: known.of(peer),
      }));
    },
    get online() {
      return gate.online;
    },
    async setOnline(online) {
      if (gate.online === online) return;
      gate.online = online;
      if (online) redialler.wakeAll();
      else await hangUpAll();
      onChange();
    },
    async stop() {
      gate.online = false;
      libp2p.removeEventListener('connection:open', onConnection);
      libp2p.removeEventListener('peer:connect', onConnect);
      libp2p.removeEventListener('peer:disconnect', onDisconnect);
      libp2p.removeEventListener('peer:identify', onIdentify);
      libp2p.removeEventListener('peer:discovery', onDiscovery);
      redialler.pause();
      await known.saved();
    },
  };
}

const withoutPeer = (address: string): string => address.replace(/\/p2p\/[^/]+$/, '');

function readAddress(address: string, self: string): DialTarget {
  let peer: string | undefined;
  try {
    if (address.length > 512) throw new Error('too long');
    peer = multiaddr(address)
      .getComponents()
      .findLast((c) => c.name === 'p2p')?.value;
    if (peer !== undefined) peerIdFromString(peer);
  } catch (error) {
    throw new AppError('BAD_ADDRESS', `"${address.slice(0, 100)}" is not an address; expected /ip4/…/tcp/…/p2p/…`, {
      cause: error,
    });
  }
  if (peer === self) throw new AppError('BAD_ADDRESS', `${address} is the address of this node itself`);
  return peer === undefined ? { bare: address } : { peer };
}

const dialFailed = (address: string, why: string, cause?: unknown): AppError =>
  new AppError('DIAL_FAILED', `no connection to ${address}: ${why}`, { retryable: true, data: { address }, cause });
