import type { Connection, IdentifyResult, Libp2p, PeerId, PeerInfo } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { AppError } from '#core/ports/errors.ts';
import { isRelayed, withoutPeer, withPeer } from './addresses.ts';
import { isDirect } from './best-connection.ts';
import { openKnownAddresses } from './known-addresses.ts';
import { createPeerFinder } from './peer-finder.ts';
import { createRedialler, type DialTarget } from './redialler.ts';
import type { VillageGate } from './village-gate.ts';
import type { VillageProtector } from './village-protector.ts';
import { watchForWaking } from './wake-watch.ts';

/** Strangers that are dialled at once because they were announced: anybody on the local network can announce names. */
const MAX_ANNOUNCED = 32;
/** Addresses of its own that a peer may name. */
const MAX_IDENTIFIED = 8;
const DIALLED_AT_ONCE_MS = 5000;
const TWIN_STAYS_MS = 1000;
const FOUND_TIMEOUT_MS = 10_000;
const DROP_STALE_EVERY_MS = 24 * 3_600_000;

/** Connections to the peers of the village: dialling, redialling, cutting and restoring all of them. */
export interface PeerLinks {
  dial(address: string): Promise<void>;
  /** All remembered and connected peers. */
  list(): PeerLink[];
  /** Forgets where a peer was reached and hangs up on it. */
  forget(peer: string): Promise<void>;
  /** Grants or revocations changed. */
  recheck(): void;
  readonly online: boolean;
  setOnline(online: boolean): Promise<void>;
  stop(): Promise<void>;
}

export interface PeerLink {
  readonly peer: string;
  readonly connected: boolean;
  /** Connected, but only over a third node. */
  readonly relayed: boolean;
  /** It answered, and refused every key of the village network we have. */
  readonly keyRefused: boolean;
  readonly addresses: readonly string[];
}

interface LinkParts {
  readonly libp2p: Libp2p;
  readonly addressFile: string;
  readonly gate: VillageGate;
  readonly protector: VillageProtector;
  readonly members: (() => readonly string[]) | undefined;
  /** UTC ms. */
  readonly now: () => number;
  readonly onChange: () => void;
}

export function createPeerLinks({
  libp2p,
  addressFile,
  gate,
  protector,
  members,
  now,
  onChange,
}: LinkParts): PeerLinks {
  const known = openKnownAddresses(addressFile, now);
  const announced = new Set<string>();
  /** Monotonic ms. */
  const connectedAt = new Map<string, number>();
  const mayDial = (target: DialTarget): boolean => gate.online && !('peer' in target && gate.isRevoked(target.peer));
  const redialler = createRedialler({ libp2p, known, protector, mayDial });
  const self = libp2p.peerId.toString();

  const onConnect = ({ detail }: CustomEvent<PeerId>): void => {
    const peer = detail.toString();
    announced.delete(peer);
    connectedAt.set(peer, performance.now());
    // Whoever has the network key may come under new names without end: a stranger is remembered where we dialled it.
    const dialled = libp2p.getConnections(detail).filter((c) => c.direction === 'outbound');
    known.met(
      peer,
      dialled.map((c) => withoutPeer(c.remoteAddr.toString())),
    );
    onChange();
  };
  const onDisconnect = ({ detail }: CustomEvent<PeerId>): void => {
    const peer = detail.toString();
    if (gate.isStranger(peer) && known.of(peer).length === 0) {
      known.forget(peer);
      libp2p.peerStore.delete(detail).catch(() => undefined);
    } else known.met(peer, []);
    redialler.lost(peer, performance.now() - (connectedAt.get(peer) ?? 0));
    connectedAt.delete(peer);
    onChange();
  };
  const onIdentify = ({ detail }: CustomEvent<IdentifyResult>): void => {
    const peer = detail.peerId.toString();
    if (gate.isStranger(peer) && known.of(peer).length === 0) return;
    const addresses = detail.listenAddrs.map((a) => withoutPeer(a.toString())).slice(0, MAX_IDENTIFIED);
    if (known.add(peer, addresses)) onChange();
    if (isRelayed(detail.connection.remoteAddr.toString())) redialler.improve(peer);
  };
  /** Of a stranger nothing was remembered; now it is granted. */
  const rememberGranted = async (id: PeerId): Promise<void> => {
    const peer = id.toString();
    if (gate.isStranger(peer) || known.of(peer).length > 0) return;
    const { addresses } = await libp2p.peerStore.get(id);
    known.add(peer, addresses.map((a) => withoutPeer(a.multiaddr.toString())).slice(0, MAX_IDENTIFIED));
  };
  /** Anybody can announce names: of one that was not met nothing is kept, and its next announcement is news again. */
  const dropUnmet = (id: PeerId): void => {
    if (libp2p.getConnections(id).length === 0) libp2p.peerStore.delete(id).catch(() => undefined);
  };
  const onDiscovery = ({ detail: { id } }: CustomEvent<PeerInfo>): void => {
    const peer = id.toString();
    if (peer === self || announced.has(peer) || libp2p.getConnections(id).length > 0) return;
    const canDial = mayDial({ peer });
    if (known.of(peer).length > 0) {
      if (canDial) redialler.wake(peer);
      return;
    }
    if (!canDial || (gate.isStranger(peer) && announced.size >= MAX_ANNOUNCED)) {
      dropUnmet(id);
      return;
    }
    announced.add(peer);
    libp2p.dial(id).catch(() => {
      announced.delete(peer);
      dropUnmet(id);
    });
  };
  const leaving = new Set<NodeJS.Timeout>();
  const drop = (spare: Connection): void => spare.abort(new Error('another connection replaces this one'));
  const onConnection = ({ detail: fresh }: CustomEvent<Connection>): void => {
    const { now: spare, soon } = spareConnections(libp2p, fresh);
    for (const connection of spare) drop(connection);
    for (const connection of soon) {
      const timer = setTimeout(() => {
        leaving.delete(timer);
        if (libp2p.getConnections(connection.remotePeer).length > 1) drop(connection);
      }, TWIN_STAYS_MS);
      leaving.add(timer);
    }
  };
  libp2p.addEventListener('connection:open', onConnection);
  libp2p.addEventListener('peer:connect', onConnect);
  libp2p.addEventListener('peer:disconnect', onDisconnect);
  libp2p.addEventListener('peer:identify', onIdentify);
  libp2p.addEventListener('peer:discovery', onDiscovery);
  const finder = createPeerFinder({
    libp2p,
    members: members ?? (() => []),
    isKnown: (peer) => !gate.isStranger(peer),
    isOnline: () => gate.online,
    onFound(peer, addresses) {
      if (known.of(peer).length > 0) {
        known.add(peer, addresses);
        redialler.wake(peer);
        return;
      }
      // Others may tell of a console for long after it is gone: it is remembered once it answers.
      const targets = addresses.map((a) => multiaddr(withPeer(a, peer)));
      libp2p.dial(targets, { signal: AbortSignal.timeout(FOUND_TIMEOUT_MS) }).catch(() => undefined);
    },
  });
  const wake = (): void => {
    if (!gate.online) return;
    redialler.wakeAll();
    finder.wake();
  };
  const stopWatching = watchForWaking(wake);
  known.dropStale();
  const dropTimer = setInterval(() => known.dropStale(), DROP_STALE_EVERY_MS);

  const hangUpAll = async (): Promise<void> => {
    redialler.pause();
    await Promise.all(libp2p.getPeers().map((peer) => libp2p.hangUp(peer)));
  };

  return {
    async dial(address) {
      const target = readAddress(address, self);
      if ('peer' in target && gate.isRevoked(target.peer))
        throw dialFailed(address, 'that console was taken out of the village');
      const bare = withoutPeer(address);
      known.add('peer' in target ? target.peer : undefined, [bare]);
      onChange();
      if (!gate.online) throw dialFailed(address, 'this node is set offline; it is dialled once it is online again');
      try {
        await redialler.dialNow(target);
      } catch (error) {
        const why = protector.isRefused([bare])
          ? 'it refuses the key of the village network that this console has'
          : reasonOf(error);
        throw dialFailed(address, why, error);
      }
    },
    list() {
      const connections = Map.groupBy(libp2p.getConnections(), (c) => c.remotePeer.toString());
      return [...new Set([...known.peers(), ...connections.keys()])].map((peer) => {
        const addresses = known.of(peer);
        const links = connections.get(peer) ?? [];
        return {
          peer,
          connected: links.length > 0,
          relayed: links.length > 0 && links.every((c) => isRelayed(c.remoteAddr.toString())),
          keyRefused: links.length === 0 && protector.isRefused(addresses),
          addresses,
        };
      });
    },
    async forget(peer) {
      redialler.forget(peer);
      known.forget(peer);
      const id = peerIdFromString(peer);
      await libp2p.hangUp(id);
      await libp2p.peerStore.delete(id);
      // Hanging up made it known again, as any peer that was met.
      redialler.forget(peer);
      known.forget(peer);
      onChange();
    },
    recheck() {
      gate.recheck();
      for (const peer of libp2p.getPeers()) rememberGranted(peer).catch(() => undefined);
      finder.wake();
    },
    get online() {
      return gate.online;
    },
    async setOnline(online) {
      if (gate.online === online) return;
      gate.online = online;
      if (online) wake();
      else await hangUpAll();
      onChange();
    },
    async stop() {
      gate.online = false;
      stopWatching();
      clearInterval(dropTimer);
      for (const timer of leaving) clearTimeout(timer);
      finder.stop();
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

/**
 * What a new connection makes superfluous. A relayed one goes as soon as there is a direct one. A new connection beside
 * one that stood for a while means that the peer lost the old one, which is then closed on either side. Two sides that
 * dial at once make two alike; then the side with the lower id decides: over a relay it keeps the newer, otherwise the
 * older, over which the exchange has begun, and the newer goes `soon`, when the dial that made it has been answered.
 */
function spareConnections(libp2p: Libp2p, fresh: Connection): { now: Connection[]; soon: Connection[] } {
  const others = libp2p.getConnections(fresh.remotePeer).filter((c) => c.id !== fresh.id && c.status === 'open');
  if (!isDirect(fresh) && others.some(isDirect)) return { now: [fresh], soon: [] };
  const isReplaced = (other: Connection): boolean =>
    isDirect(fresh) !== isDirect(other) || fresh.timeline.open - other.timeline.open > DIALLED_AT_ONCE_MS;
  const decides = libp2p.peerId.toString() < fresh.remotePeer.toString();
  if (decides && !isDirect(fresh)) return { now: others, soon: [] };
  const now = others.filter(isReplaced);
  return { now, soon: decides && now.length < others.length ? [fresh] : [] };
}

function readAddress(address: string, self: string): DialTarget {
  let peer: string | undefined;
  try {
    if (address.length > 512) throw new Error('too long');
    const parts = multiaddr(address).getComponents();
    const last = parts.at(-1);
    peer = last?.name === 'p2p' ? last.value : undefined;
    if (peer !== undefined) peerIdFromString(peer);
    else if (isRelayed(address)) throw new Error('it does not say whom to reach over the relay');
  } catch (error) {
    throw new AppError('BAD_ADDRESS', `"${address.slice(0, 100)}" is not an address; expected /ip4/…/tcp/…/p2p/…`, {
      cause: error,
    });
  }
  if (peer === self) throw new AppError('BAD_ADDRESS', `${address} is the address of this node itself`);
  return peer === undefined ? { bare: address } : { peer };
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'no answer');
const dialFailed = (address: string, why: string, cause?: unknown): AppError =>
  new AppError('DIAL_FAILED', `no connection to ${address}: ${why}`, { retryable: true, data: { address }, cause });
