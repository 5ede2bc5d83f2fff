import { createHash, createPrivateKey, createPublicKey, diffieHellman, type KeyObject, randomBytes } from 'node:crypto';
import { ed25519Signer } from '#core/ports/ed25519.ts';
import { toHex } from '#domain/bytes.ts';

const X_PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex');
const X_PUBLIC = Buffer.from('302a300506032b656e032100', 'hex');

const privateBox = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([X_PRIVATE, seed]), format: 'der', type: 'pkcs8' });
const publicBox = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([X_PUBLIC, raw]), format: 'der', type: 'spki' });
const rawPublic = (key: KeyObject): Uint8Array =>
  new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32));

/** A device's two keys: Ed25519 signs records and frames, X25519 opens sealed keys. */
export interface DeviceKeys {
  /** Ed25519 public key, 64 hex: the device id. */
  readonly id: string;
  readonly seed: Uint8Array;
  /** X25519 public key, 64 hex. */
  readonly box: string;
  sign(message: Uint8Array): Uint8Array;
  agree(publicBox: Uint8Array): Uint8Array;
}

/** Both keys come from one 32-byte seed, so that one secret is kept. */
export function deviceKeysFrom(seed: Uint8Array): DeviceKeys {
  const signer = ed25519Signer(seed);
  const boxSeed = createHash('sha256').update('gridpact device box').update(seed).digest();
  const boxing = privateBox(boxSeed);
  return {
    id: signer.publicKey,
    seed,
    box: toHex(rawPublic(boxing)),
    sign: signer.sign,
    agree: (other) => agreeWith(boxing, other),
  };
}

export const newSeed = (): Uint8Array => new Uint8Array(randomBytes(32));

function agreeWith(own: KeyObject, other: Uint8Array): Uint8Array {
  return new Uint8Array(diffieHellman({ privateKey: own, publicKey: publicBox(other) }));
}

/** A one-time X25519 key pair for sealing something to one device. */
export function ephemeralBox(): { readonly publicKey: Uint8Array; agree(other: Uint8Array): Uint8Array } {
  const own = privateBox(randomBytes(32));
  return { publicKey: rawPublic(own), agree: (other) => agreeWith(own, other) };
}
