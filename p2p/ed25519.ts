import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { fromHex, toHex } from '#domain/bytes.ts';

/** DER heads of RFC 8410 before the 32 raw bytes of a key. */
const SPKI_HEAD = fromHex('302a300506032b6570032100');
const PKCS8_HEAD = fromHex('302e020100300506032b657004220420');
const MAX_CACHED_KEYS = 10_000;

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

const keys = new Map<string, KeyObject>();

function publicKeyOf(hex: string): KeyObject {
  const cached = keys.get(hex);
  if (cached) return cached;
  const key = createPublicKey({ key: Buffer.concat([SPKI_HEAD, fromHex(hex)]), format: 'der', type: 'spki' });
  if (keys.size >= MAX_CACHED_KEYS) keys.clear();
  keys.set(hex, key);
  return key;
}

/** Something to be checked. */
export interface Signed {
  readonly sig: Uint8Array;
  /** 64 hex. */
  readonly publicKey: string;
  readonly message: Uint8Array;
}

/** As {@link verifyEd25519}, for many: a verdict for each, in their order. No promise is made for each of thousands. */
export function verifySignatures(signed: readonly Signed[]): Promise<boolean[]> {
  return new Promise((resolve) => {
    const verdicts = signed.map(() => false);
    let left = signed.length;
    if (left === 0) resolve(verdicts);
    for (const [i, one] of signed.entries())
      check(one, (valid) => {
        verdicts[i] = valid;
        left -= 1;
        if (left === 0) resolve(verdicts);
      });
  });
}

/** Checks off the main thread. Never rejects: whatever is malformed is simply not valid. */
export const verifyEd25519 = (sig: Uint8Array, publicKey: string, message: Uint8Array): Promise<boolean> =>
  new Promise((resolve) => check({ sig, publicKey, message }, resolve));

function check({ sig, publicKey, message }: Signed, tell: (valid: boolean) => void): void {
  if (sig.length !== 64) {
    tell(false);
    return;
  }
  try {
    verify(null, message, publicKeyOf(publicKey), sig, (error, valid) => tell(!error && valid));
  } catch {
    tell(false);
  }
}
