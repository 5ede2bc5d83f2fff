import type { Connection, ConnectionGater, Libp2p, MultiaddrConnection, PeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import type { Multiaddr } from '@multiformats/multiaddr';
import { NETWORK_LIMITS } from './network-limits.ts';
import { deviceOfPeer } from './peer-device.ts';
import type { VillageProtector } from './village-protector.ts';

/** Who may have a connection to this node, and how many. */
export interface VillageGate {
  online: boolean;
  readonly gater: ConnectionGater;
  /** Counts the connections of this node from now on. */
  attach(libp2p: Libp2p): void;
  isRevoked(peer: string): boolean;
  readonly isStranger: (peer: string) => boolean;
  /** The peer broke the protocol too often: hangs up on it. */
  cutOff(peer: string): void;
  /** After grants or revocations: closes what is not allowed any more and frees who is no stranger any more. */
  recheck(): void;
}

interface GateRules {
  /** Granted devices, 64 hex; undefined: no difference is made. */
  readonly members: (() => readonly string[]) | undefined;
  readonly isRevoked: ((device: string) => boolean) | undefined;
  /** Peers that get no connection for a while. */
  readonly isCutOff: (peer: string) => boolean;
  readonly protector: Pick<VillageProtector, 'throttle' | 'usesNewest'>;
}

export function createVillageGate({ members, isRevoked, isCutOff, protector }: GateRules): VillageGate {
  const pending = new Map<string, Set<MultiaddrConnection>>();
  /** The wires of strangers that got in, by peer. */
  const wires = new Map<string, MultiaddrConnection>();
  let libp2p: Libp2p | undefined;
  let granted: ReadonlySet<string> | undefined;

  const isGranted = (peer: string): boolean => {
    if (!members) return true;
    granted ??= new Set(members());
    return granted.has(deviceOfPeer(peer) ?? '');
  };
  const isRevokedPeer = (peer: string): boolean => isRevoked?.(deviceOfPeer(peer) ?? '') ?? false;
  const strangers = (): Connection[] =>
    (libp2p?.getConnections() ?? []).filter((c) => c.direction === 'inbound' && !isGranted(c.remotePeer.toString()));

  const hasRoomForStranger = (wire: MultiaddrConnection): boolean => {
    const here = strangers();
    const host = hostOf(wire.remoteAddr);
    if (here.filter((c) => hostOf(c.remoteAddr) === host).length >= NETWORK_LIMITS.strangersPerHost) return false;
    if (here.length < NETWORK_LIMITS.strangers) return true;
    const longest = here.reduce((a, b) => (a.timeline.open <= b.timeline.open ? a : b));
    if (Date.now() - longest.timeline.open < NETWORK_LIMITS.strangerStaysMs) return false;
    longest.abort(new Error('others wait for its place'));
    return true;
  };
  const denyInbound = (peerId: PeerId, wire: MultiaddrConnection): boolean => {
    settle(wire);
    const peer = peerId.toString();
    if (denyPeer(peerId)) return true;
    const standing = libp2p?.getConnections(peerId).length ?? 0;
    if (standing >= NETWORK_LIMITS.connectionsPerPeer) return true;
    if (isGranted(peer)) return false;
    if (isOldKeyOfStranger(peerId, wire)) return true;
    if (!hasRoomForStranger(wire)) return true;
    protector.throttle(wire, NETWORK_LIMITS.strangerBytesPerSecond);
    wires.set(peer, wire);
    wire.addEventListener('close', () => {
      if (wires.get(peer) === wire) wires.delete(peer);
    });
    return false;
  };
  /** The old key is for devices of the village that were away: whoever else has it may have it of a lost console. */
  const isOldKeyOfStranger = (peer: PeerId, wire: MultiaddrConnection): boolean =>
    !isGranted(peer.toString()) && !protector.usesNewest(wire);
  const settle = (wire: MultiaddrConnection): void => {
    const host = hostOf(wire.remoteAddr);
    const waiting = pending.get(host);
    waiting?.delete(wire);
    if (waiting?.size === 0) pending.delete(host);
  };
  const denyWire = (wire: MultiaddrConnection): boolean => {
    if (!gate.online) return true;
    const host = hostOf(wire.remoteAddr);
    const waiting = pending.get(host) ?? new Set();
    if (waiting.size >= NETWORK_LIMITS.pendingPerHost) return true;
    pending.set(host, waiting.add(wire));
    wire.addEventListener('close', () => settle(wire));
    return false;
  };
  const denyPeer = (peer: PeerId): boolean =>
    !gate.online || isRevokedPeer(peer.toString()) || isCutOff(peer.toString());

  const gate: VillageGate = {
    online: false,
    isRevoked: isRevokedPeer,
    isStranger: (peer) => !isGranted(peer),
    attach(node) {
      libp2p = node;
    },
    cutOff(peer) {
      for (const connection of libp2p?.getConnections(peerIdFromString(peer)) ?? [])
        connection.abort(new Error('it broke the protocol too often'));
    },
    recheck() {
      granted = undefined;
      for (const connection of libp2p?.getConnections() ?? []) {
        const peer = connection.remotePeer.toString();
        if (isRevokedPeer(peer)) connection.abort(new Error('the device was revoked'));
        const wire = wires.get(peer);
        if (!wire || !isGranted(peer)) continue;
        protector.throttle(wire, undefined);
        wires.delete(peer);
      }
    },
    gater: {
      denyDialPeer: denyPeer,
      denyDialMultiaddr: () => !gate.online,
      denyInboundConnection: denyWire,
      denyInboundEncryptedConnection: denyInbound,
      denyOutboundConnection: denyPeer,
      denyOutboundEncryptedConnection: (peer, wire) => denyPeer(peer) || isOldKeyOfStranger(peer, wire),
      denyInboundRelayReservation: (peer) => denyPeer(peer) || !isGranted(peer.toString()),
      denyOutboundRelayedConnection: (from, to) => denyPeer(from) || denyPeer(to),
      denyInboundRelayedConnection: (_relay, from) => denyPeer(from),
    },
  };
  return gate;
}

/** The host of a connection's other end; the relay's for a relayed one. */
function hostOf(address: Multiaddr): string {
  return (
    address.getComponents().find((c) => c.name === 'ip4' || c.name === 'ip6' || c.name.startsWith('dns'))?.value ?? ''
  );
}
