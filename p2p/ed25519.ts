import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { fromHex, toHex } from '#domain/bytes.ts';

/** DER heads of RFC 8410 before the 32 raw bytes of a key. */
const SPKI_HEAD = fromHex('302a300506032b6570032100');
const PKCS8_HEAD = fromHex('302e020100300506032b657004220420');

export interface Ed25519Signer {
  /** 64 hex. */
  readonly publicKey: string;
  sign(message: Uint8Array): Uint8Array;
}

export function createSigner(seed: Uint8Array): Ed25519Signer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    publicKey: toHex(Uint8Array.from(spki.subarray(SPKI_HEAD.length))),
    sign: (message) => Uint8Array.from(sign(null, message, key)),
  };
}
