import type { Libp2p } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { backoffMs } from './backoff.ts';
import type { KnownAddresses } from './known-addresses.ts';

const FIRST_WAIT_MS = 250;
const LAST_WAIT_MS = 30_000;
const DIAL_TIMEOUT_MS = 10_000;
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
  pause(): void;
}

/** A peer with all its addresses, or one address whose peer is not known yet. */
export type DialTarget = { readonly peer: string } | { readonly bare: string };

export function createRedialler(libp2p: Libp2p, known: KnownAddresses, isOnline: () => boolean): Redialler {
  const timers = new Map<string, NodeJS.Timeout>();
  const attempts = new Map<string, number>();
  const dialling = new Map<string, Promise<void>>();

  const isConnected = (target: DialTarget): boolean =>
    'peer' in target && libp2p.getConnections(peerIdFromString(target.peer)).length > 0;
  const connect = async (target: DialTarget): Promise<void> => {
    const signal = AbortSignal.timeout(DIAL_TIMEOUT_MS);
    if ('peer' in target) {
      const addresses = known.of(target.peer).map((a) => withPeer(a, target.peer));
      await libp2p.dial(
        addresses.map((a) => multiaddr(a)),
        { signal },
      );
      return;
    }
    const connection = await libp2p.dial(multiaddr(target.bare), { signal });
    known.settle(target.bare, connection.remotePeer.toString());
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
  const connectOrRetry = async (target: DialTarget): Promise<void> => {
    const key = keyOf(target);
    try {
      await connect(target);
      if ('bare' in target) attempts.delete(key);
    } catch (error) {
      const count = attempts.get(key) ?? 0;
      attempts.set(key, count + 1);
      if (isOnline()) schedule(target, backoffMs(count, FIRST_WAIT_MS, LAST_WAIT_MS));
      throw error;
    } finally {
      dialling.delete(key);
    }
  };
  const attempt = async (target: DialTarget): Promise<void> => {
    if (!isOnline() || isConnected(target)) return;
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
      const count = stoodMs > STEADY_MS ? 0 : (attempts.get(peer) ?? 0);
      attempts.set(peer, count + 1);
      if (isOnline() && known.of(peer).length > 0) schedule({ peer }, backoffMs(count, FIRST_WAIT_MS, LAST_WAIT_MS));
    },
    wake(peer) {
      if (!isOnline() || known.of(peer).length === 0) return;
      attempts.delete(peer);
      schedule({ peer }, backoffMs(0, FIRST_WAIT_MS, LAST_WAIT_MS));
    },
    pause() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}

const keyOf = (target: DialTarget): string => ('peer' in target ? target.peer : target.bare);
const withPeer = (address: string, peer: string): string =>
  address.includes('/p2p/') ? address : `${address}/p2p/${peer}`;
