import type { Libp2p } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { isRelayed, withPeer } from './addresses.ts';
import { backoffMs } from './backoff.ts';
import type { KnownAddresses } from './known-addresses.ts';
import type { VillageProtector } from './village-protector.ts';

const FIRST_WAIT_MS = 250;
/** Between two tries to reach a peer directly that is reached over a relay. */
const FIRST_DIRECT_WAIT_MS = 5000;
const LAST_DIRECT_WAIT_MS = 10 * 60_000;
const DIAL_TIMEOUT_MS = 10_000;
/** Keys of the network that are tried in one go. */
const MAX_KEYS = 3;
/** A connection that stood this long was a good one. */
const STEADY_MS = 10_000;

/** Keeps dialling every remembered peer that is not connected, each with its own growing wait. */
export interface Redialler {
  /** Dials now and forgets the wait. Rejects when it fails; the redialling goes on. */
  dialNow(target: DialTarget): Promise<void>;
  /** Starts over with everything remembered. */
  wakeAll(): void;
  /** A connection to the peer ended. The wait starts over only if it had stood for a while. */
  lost(peer: string, stoodMs: number): void;
  /** The peer shows signs of life: dial it soon if it is not connected. */
  wake(peer: string): void;
  /** The peer is connected over a relay: tries to reach it without. */
  improve(peer: string): void;
  forget(peer: string): void;
  pause(): void;
}

/** A peer with all its addresses, or one address whose peer is not known yet. */
export type DialTarget = { readonly peer: string } | { readonly bare: string };

interface RediallerParts {
  readonly libp2p: Libp2p;
  readonly known: KnownAddresses;
  readonly protector: Pick<VillageProtector, 'hasKeyLeft'>;
  readonly mayDial: (target: DialTarget) => boolean;
}

export function createRedialler({ libp2p, known, protector, mayDial }: RediallerParts): Redialler {
  const timers = new Map<string, NodeJS.Timeout>();
  const attempts = new Map<string, number>();
  const dialling = new Map<string, Promise<void>>();

  const standing = (target: DialTarget): 'no' | 'relayed' | 'direct' => {
    const connections = 'peer' in target ? libp2p.getConnections(peerIdFromString(target.peer)) : [];
    const open = connections.filter((c) => c.status === 'open');
    if (open.length === 0) return 'no';
    return open.every((c) => isRelayed(c.remoteAddr.toString())) ? 'relayed' : 'direct';
  };
  const addressesOf = (target: DialTarget): string[] => {
    if ('bare' in target) return [target.bare];
    const all = known.of(target.peer).map((a) => withPeer(a, target.peer));
    return standing(target) === 'relayed' ? all.filter((a) => !isRelayed(a)) : all;
  };
  /** A dial that failed over the key of the network is repeated with the next one. */
  const connect = async (target: DialTarget): Promise<void> => {
    const addresses = addressesOf(target);
    if (addresses.length === 0) throw new Error('no address is known');
    for (let tries = 1; ; tries++) {
      try {
        const signal = AbortSignal.timeout(DIAL_TIMEOUT_MS);
        const connection = await libp2p.dial(
          addresses.map((a) => multiaddr(a)),
          { signal },
        );
        if ('bare' in target) known.settle(target.bare, connection.remotePeer.toString());
        return;
      } catch (error) {
        if (tries >= MAX_KEYS || !protector.hasKeyLeft(addresses)) throw error;
      }
    }
  };
  const schedule = (target: DialTarget, waitMs: number): void => {
    const key = keyOf(target);
    clearTimeout(timers.get(key));
    timers.set(
      key,
      setTimeout(() => {
        timers.delete(key);
        attempt(target).catch(() => undefined);
      }, waitMs),
    );
  };
  const retryLater = (target: DialTarget): void => {
    const key = keyOf(target);
    const count = attempts.get(key) ?? 0;
    attempts.set(key, count + 1);
    if (!mayDial(target) || addressesOf(target).length === 0) return;
    const isRelay = standing(target) === 'relayed';
    const waitMs = isRelay
      ? backoffMs(count, FIRST_DIRECT_WAIT_MS, LAST_DIRECT_WAIT_MS)
      : backoffMs(count, FIRST_WAIT_MS, known.longestWaitMs(key));
    schedule(target, waitMs);
  };
  const connectOrRetry = async (target: DialTarget): Promise<void> => {
    const key = keyOf(target);
    try {
      await connect(target);
      if ('bare' in target) attempts.delete(key);
      else if (standing(target) === 'relayed') retryLater(target);
    } catch (error) {
      retryLater(target);
      throw error;
    } finally {
      dialling.delete(key);
    }
  };
  const attempt = async (target: DialTarget): Promise<void> => {
    if (!mayDial(target) || standing(target) === 'direct') return;
    const key = keyOf(target);
    const dial = dialling.get(key) ?? connectOrRetry(target);
    dialling.set(key, dial);
    await dial;
  };
  return {
    async dialNow(target) {
      attempts.delete(keyOf(target));
      clearTimeout(timers.get(keyOf(target)));
      await attempt(target);
    },
    wakeAll() {
      attempts.clear();
      for (const peer of known.peers()) if (known.of(peer).length > 0) schedule({ peer }, 0);
      for (const bare of known.bare()) schedule({ bare }, 0);
    },
    lost(peer, stoodMs) {
      if (stoodMs > STEADY_MS) attempts.delete(peer);
      retryLater({ peer });
    },
    wake(peer) {
      if (!mayDial({ peer }) || known.of(peer).length === 0) return;
      attempts.delete(peer);
      schedule({ peer }, backoffMs(0, FIRST_WAIT_MS, FIRST_WAIT_MS));
    },
    improve(peer) {
      attempts.delete(peer);
      retryLater({ peer });
    },
    forget(peer) {
      clearTimeout(timers.get(peer));
      timers.delete(peer);
      attempts.delete(peer);
    },
    pause() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}

const keyOf = (target: DialTarget): string => ('peer' in target ? target.peer : target.bare);
