import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { AbortOptions, ConnectionProtector, MultiaddrConnection } from '@libp2p/interface';
import { byteStream } from '@libp2p/utils';
import { utf8 } from '#domain/bytes.ts';
import { sealConnection, type ThrottledConnection } from './sealed-connection.ts';
import { createKeyStream, NONCE_BYTES } from './xsalsa20.ts';

/** Nonces and the first words of a connection; a loaded single-board computer needs a while. */
const TIMEOUT_MS = 5000;
/** Addresses of which is remembered what they refused. */
const MAX_ADDRESSES = 1000;
/** Length-prefixed, as multistream-select sends it before anything else, in both directions. */
const FIRST_WORDS = utf8('\x13/multistream/1.0.0\n');

/**
 * Lets only holders of a key of the village network connect: the wire format of libp2p's private networks, with more
 * than one key. Inbound, the first words tell which of our keys the other side has; outbound, the newest is tried first
 * and the older ones when a dial is repeated.
 */
export interface VillageProtector {
  protect(connection: MultiaddrConnection, options?: AbortOptions): Promise<MultiaddrConnection>;
  readonly asComponent: () => ConnectionProtector;
  /** Whether a dial to one of these addresses failed over its key, and another key is left to try now. */
  hasKeyLeft(addresses: readonly string[]): boolean;
  /** Whether one of these addresses answered and refused every key we have. */
  isRefused(addresses: readonly string[]): boolean;
  /** Whether the connection stands under the newest key. */
  usesNewest(connection: MultiaddrConnection): boolean;
  /** Reads at most so many bytes a second from the connection; undefined: as many as come. */
  throttle(connection: MultiaddrConnection, bytesPerSecond: number | undefined): void;
}

interface Refusal {
  /** Keys it refused since the newest was last tried. */
  readonly tried: readonly Uint8Array[];
  /** It refused all we had, one after the other. */
  readonly isOfAll: boolean;
}

/** `keys`: 32 bytes each, the newest first; asked at every connection. */
export function createVillageProtector(keys: () => readonly Uint8Array[]): VillageProtector {
  const refusals = new Map<string, Refusal>();
  const protectedBy = new WeakMap<
    MultiaddrConnection,
    { readonly sealed: ThrottledConnection; readonly key: Uint8Array }
  >();
  const noteRefusal = (address: string, key: Uint8Array): void => {
    const before = refusals.get(address);
    const tried = [...(before?.tried ?? []), key];
    refusals.delete(address);
    refusals.set(address, { tried, isOfAll: (before?.isOfAll ?? false) || untried(tried).length === 0 });
    const [oldest] = refusals.keys();
    if (refusals.size > MAX_ADDRESSES && oldest !== undefined) refusals.delete(oldest);
  };
  const untried = (tried: readonly Uint8Array[]): Uint8Array[] =>
    keys().filter((key) => !tried.some((t) => timingSafeEqual(t, key)));
  /** The newest that is left; after all, from the newest again: the other side may have learned it since. */
  const nextKey = (address: string): Uint8Array | undefined => {
    const refusal = refusals.get(address);
    const [next] = untried(refusal?.tried ?? []);
    if (!next && refusal) refusals.set(address, { ...refusal, tried: [] });
    return next ?? keys()[0];
  };

  const protect = async (connection: MultiaddrConnection, options?: AbortOptions): Promise<MultiaddrConnection> => {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const signal = options?.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    const bytes = byteStream(connection);
    const localNonce = randomBytes(NONCE_BYTES);
    const read = async (count: number): Promise<Uint8Array> => (await bytes.read({ bytes: count, signal })).subarray();
    const [remoteNonce] = await Promise.all([read(NONCE_BYTES), bytes.write(localNonce, { signal })]);
    if (connection.direction === 'inbound') {
      const sent = await read(FIRST_WORDS.length);
      const key = keys().find((k) => isSame(createKeyStream(k, remoteNonce).xor(sent), FIRST_WORDS));
      if (!key) throw new Error('the other side does not have the key of the village network');
      const inbound = createKeyStream(key, remoteNonce);
      const first = inbound.xor(sent);
      const sealed = sealConnection(bytes.unwrap(), { inbound, outbound: createKeyStream(key, localNonce), first });
      protectedBy.set(connection, { sealed, key });
      return sealed;
    }
    const address = addressKey(connection.remoteAddr.toString());
    const key = nextKey(address);
    if (!key) throw new Error('this console has no key of the village network');
    const sealed = sealConnection(bytes.unwrap(), {
      inbound: createKeyStream(key, remoteNonce),
      outbound: createKeyStream(key, localNonce),
      expected: FIRST_WORDS,
      onFirst(isExpected) {
        if (isExpected) refusals.delete(address);
        else noteRefusal(address, key);
      },
    });
    protectedBy.set(connection, { sealed, key });
    return sealed;
  };
  return {
    protect,
    asComponent: () => ({ protect: (connection, options) => protect(connection as MultiaddrConnection, options) }),
    hasKeyLeft(addresses) {
      const tried = addresses.map((a) => refusals.get(addressKey(a))?.tried ?? []);
      return tried.some((t) => t.length > 0 && untried(t).length > 0);
    },
    isRefused: (addresses) => addresses.some((a) => refusals.get(addressKey(a))?.isOfAll ?? false),
    usesNewest(connection) {
      const used = protectedBy.get(connection)?.key;
      const [newest] = keys();
      return used !== undefined && newest !== undefined && timingSafeEqual(used, newest);
    },
    throttle: (connection, bytesPerSecond) => protectedBy.get(connection)?.sealed.throttle(bytesPerSecond),
  };
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
const addressKey = (address: string): string => address.replace(/\/p2p\/[^/]+$/, '');
