import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import sodium from 'sodium-native';
import type { VerifyEd25519 } from '#domain/books/record.ts';
import { fromHex, toHex } from '#domain/bytes.ts';

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Where signatures are looked at: to make the memory of a small array seen from outside takes longer than to copy it. */
const held = Buffer.allocUnsafeSlow(SIGNATURE_BYTES);

/**
 * The one verifier of Ed25519 signatures (docs/decisions/0007-one-verifier.md): libsodium, which refuses S and keys that
 * are not reduced and points of small order. False for anything malformed.
 */
export const verifyEd25519: VerifyEd25519 = (sig, publicKey, message) => {
  if (sig.length !== SIGNATURE_BYTES || publicKey.length !== KEY_BYTES) return false;
  held.set(sig);
  return sodium.crypto_sign_verify_detached(held, message, publicKey);
};

/** DER head of RFC 8410 before the 32 raw bytes of a private key. */
const PKCS8_HEAD = fromHex('302e020100300506032b657004220420');

export interface Ed25519Signer {
  /** 64 hex. */
  readonly publicKey: string;
  /** 64 bytes, the same for the same message. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** The signer of a seed of 32 bytes; the key stays in the runtime's own key object. */
export function ed25519Signer(seed: Uint8Array): Ed25519Signer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    publicKey: toHex(Uint8Array.from(spki.subarray(-KEY_BYTES))),
    sign: (message) => Uint8Array.from(sign(null, message, key)),
  };
}
