import sodium from 'sodium-native';
import type { VerifyEd25519 } from '#domain/books/record.ts';

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/**
 * The one verifier of Ed25519 signatures (docs/decisions/0007-one-verifier.md): libsodium, which refuses S and keys that
 * are not reduced and points of small order. False for anything malformed.
 */
export const verifyEd25519: VerifyEd25519 = (sig, publicKey, message) =>
  sig.length === SIGNATURE_BYTES &&
  publicKey.length === KEY_BYTES &&
  sodium.crypto_sign_verify_detached(sig, message, publicKey);
