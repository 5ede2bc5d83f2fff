import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { toHex } from '#domain/bytes.ts';

const ED_PRIVATE = Buffer.from('302e020100300506032b657004220420', 'hex');
const X_PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex');
const X_PUBLIC = Buffer.from('302a300506032b656e032100', 'hex');

const privateKey = (prefix: Buffer, seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' });
const publicKey = (prefix: Buffer, raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([prefix, raw]), format: 'der', type: 'spki' });
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
  const signing = privateKey(ED_PRIVATE, seed);
  const boxSeed = createHash('sha256').update('gridpact device box').update(seed).digest();
  const boxing = privateKey(X_PRIVATE, boxSeed);
  return {
    id: toHex(rawPublic(signing)),
    seed,
    box: toHex(rawPublic(boxing)),
    sign: (message) => new Uint8Array(sign(null, message, signing)),
    agree: (other) => agreeWith(boxing, other),
  };
}

export const newSeed = (): Uint8Array => new Uint8Array(randomBytes(32));

function agreeWith(own: KeyObject, other: Uint8Array): Uint8Array {
  return new Uint8Array(diffieHellman({ privateKey: own, publicKey: publicKey(X_PUBLIC, other) }));
}

/** A one-time X25519 key pair for sealing something to one device. */
export function ephemeralBox(): { readonly publicKey: Uint8Array; agree(other: Uint8Array): Uint8Array } {
  const own = privateKey(X_PRIVATE, randomBytes(32));
  return { publicKey: rawPublic(own), agree: (other) => agreeWith(own, other) };
}
