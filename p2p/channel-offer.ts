import type { ChannelKeys } from './block-channel.ts';
import { RECORD_KEY_BYTES } from './sealed-records.ts';

/**
 * How a channel is agreed on, over a stream of libp2p: the fetching side opens it, the serving side answers with one
 * frame, which is a port of its own, a token that is good for one connection within seconds, and a fresh key for each
 * direction; or with a byte of 0 when it has none to give.
 */
export const CHANNEL_PROTOCOL = '/gridpact/blocks-channel/1.0.0';

export const TOKEN_BYTES = 32;
const OFFER_BYTES = 2 + TOKEN_BYTES + 2 * RECORD_KEY_BYTES;

export interface ChannelOffer {
  readonly port: number;
  readonly token: Uint8Array;
  /** As the fetching side uses them. */
  readonly keys: ChannelKeys;
}

export const NO_OFFER = Uint8Array.of(0);

export function offerBytes({ port, token, keys }: ChannelOffer): Uint8Array {
  const bytes = new Uint8Array(OFFER_BYTES);
  new DataView(bytes.buffer).setUint16(0, port);
  bytes.set(token, 2);
  bytes.set(keys.sealing, 2 + TOKEN_BYTES);
  bytes.set(keys.opening, 2 + TOKEN_BYTES + RECORD_KEY_BYTES);
  return bytes;
}

/** Undefined when nothing is offered, or it cannot be read. Never throws. */
export function readOffer(bytes: Uint8Array): ChannelOffer | undefined {
  if (bytes.length !== OFFER_BYTES) return undefined;
  const port = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint16(0);
  const keysAt = 2 + TOKEN_BYTES;
  const sealing = bytes.slice(keysAt, keysAt + RECORD_KEY_BYTES);
  const opening = bytes.slice(keysAt + RECORD_KEY_BYTES);
  return port === 0 ? undefined : { port, token: bytes.slice(2, keysAt), keys: { sealing, opening } };
}
