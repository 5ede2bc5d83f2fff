import { publicKeyFromRaw } from '@libp2p/crypto/keys';
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id';
import { fromHex, toHex } from '#domain/bytes.ts';

/** The device behind a libp2p peer id: both are the same Ed25519 key. Undefined for other kinds of keys. */
export function deviceOfPeer(peer: string): string | undefined {
  try {
    const id = peerIdFromString(peer);
    return id.type === 'Ed25519' ? toHex(id.publicKey.raw) : undefined;
  } catch {
    return undefined;
  }
}

/** The libp2p peer id of a device, 64 hex. */
export const peerOfDevice = (device: string): string =>
  peerIdFromPublicKey(publicKeyFromRaw(fromHex(device))).toString();
