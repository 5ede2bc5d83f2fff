import type { VerifyEd25519 } from '#domain/books/record.ts';

/** Something to be checked. */
export interface Signed {
  readonly sig: Uint8Array;
  /** 64 hex. */
  readonly publicKey: string;
  readonly message: Uint8Array;
}

/** Signatures on their way to a thread: one buffer, which is handed over and not copied. */
export interface SignatureBatch {
  /** Each once. */
  readonly keys: readonly Uint8Array[];
  /** For each: number of its key, length of the message (both 32 bits, little endian), signature, message. */
  readonly packed: Uint8Array<ArrayBuffer>;
  readonly count: number;
}

const SIGNATURE_BYTES = 64;
const HEAD_BYTES = 8;

/** Something else than hex becomes a key of another length, with which nothing is valid. */
export const keyBytes = (publicKey: string): Uint8Array => Buffer.from(publicKey, 'hex');

export function packSignatures(signatures: readonly Signed[]): SignatureBatch {
  const numbers = new Map<string, number>();
  const packed = new Uint8Array(signatures.reduce((n, s) => n + HEAD_BYTES + SIGNATURE_BYTES + s.message.length, 0));
  const view = new DataView(packed.buffer);
  let at = 0;
  for (const { sig, publicKey, message } of signatures) {
    const number = numbers.get(publicKey) ?? numbers.size;
    numbers.set(publicKey, number);
    view.setUint32(at, number, true);
    view.setUint32(at + 4, message.length, true);
    // One of another length stays all zeros, which is valid for nothing.
    if (sig.length === SIGNATURE_BYTES) packed.set(sig, at + HEAD_BYTES);
    packed.set(message, at + HEAD_BYTES + SIGNATURE_BYTES);
    at += HEAD_BYTES + SIGNATURE_BYTES + message.length;
  }
  return { keys: [...numbers.keys()].map(keyBytes), packed, count: signatures.length };
}

/** One byte for each signature: 1 where it is valid. */
export function checkBatch({ keys, packed, count }: SignatureBatch, verify: VerifyEd25519): Uint8Array<ArrayBuffer> {
  const verdicts = new Uint8Array(count);
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const key = keys[view.getUint32(at, true)];
    const from = at + HEAD_BYTES + SIGNATURE_BYTES;
    const to = from + view.getUint32(at + 4, true);
    if (key && verify(packed.subarray(at + HEAD_BYTES, from), key, packed.subarray(from, to))) verdicts[i] = 1;
    at = to;
  }
  return verdicts;
}
