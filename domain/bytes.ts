import * as dagCbor from '@ipld/dag-cbor';
import { sha256 as sha } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base32 } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';

/** SHA-256 over parts one after another. Where much is hashed, a host gives its native one in place of {@link sha256}. */
export type Sha256 = (...parts: readonly Uint8Array[]) => Uint8Array;
export const sha256: Sha256 = (...parts) => {
  const h = sha.create();
  for (const p of parts) h.update(p);
  return h.digest();
};
export const utf8 = (text: string): Uint8Array => utf8ToBytes(text);
/** Lower-case hex without a prefix. */
export const toHex = (bytes: Uint8Array): string => bytesToHex(bytes);
/** Reads hex with or without 0x; throws on anything else. */
export const fromHex = (hex: string): Uint8Array => hexToBytes(hex.startsWith('0x') ? hex.slice(2) : hex);
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/**
 * Canonical dag-cbor: one value, one byte string. Bigints must fit 64 bits. Always a plain Uint8Array: under Node the
 * encoder may answer a Buffer, whose slice() shares its bytes.
 */
export function encode(value: unknown): Uint8Array {
  const bytes: Uint8Array = dagCbor.encode(value);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
/**
 * Strict decode: throws unless the bytes are exactly the canonical form of the value they hold. How deep a value may be
 * is bounded, for a decoder that runs out of stack would judge the same bytes here so and there otherwise.
 */
export function decode(bytes: Uint8Array): unknown {
  if (isTooDeep(bytes)) throw new Error('the value is nested too deep');
  const value = dagCbor.decode<unknown>(bytes);
  if (!equalBytes(dagCbor.encode(value), bytes)) throw new Error('the bytes are not canonical dag-cbor');
  return value;
}

/** Of anything that is read from outside. */
const MAX_DEPTH = 64;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;

/** Goes from head to head without looking at what is malformed: the decoder has the word on that. */
function isTooDeep(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Values that are still to come, of each value that is open. */
  const open: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] as number;
    const [major, form] = [first >> 5, first & 31];
    const width = form < 24 ? 0 : 2 ** (form - 24);
    if (form > 27 || at + width >= bytes.length) return false;
    const n = form < 24 ? form : numberAt(view, at + 1, width);
    at += 1 + width;
    if (major === 2 || major === 3) at += n;
    const inside = major === ARRAY ? n : major === MAP ? 2 * n : major === TAG ? 1 : 0;
    if (inside > 0 && open.push(inside) > MAX_DEPTH) return true;
    if (inside > 0) continue;
    let left = 0;
    while (open.length > 0 && left === 0) {
      left = (open.pop() as number) - 1;
      if (left > 0) open.push(left);
    }
  }
  return false;
}

const numberAt = (view: DataView, at: number, width: number): number =>
  width === 1
    ? view.getUint8(at)
    : width === 2
      ? view.getUint16(at)
      : width === 4
        ? view.getUint32(at)
        : Number(view.getBigUint64(at));

/** Decodes what this console itself encoded and kept sealed: the type is taken at its word. */
export const decodeKept = <T>(bytes: Uint8Array): T => dagCbor.decode<T>(bytes);

/** CIDv1 (dag-cbor, sha2-256) of a block, as base32 text. */
export const cidOf = (block: Uint8Array, hash: Sha256 = sha256): string => cidOfDigest(hash(block));

/** The bytes of a CID before its digest: version 1, dag-cbor, sha2-256 of 32 bytes. */
const CID_HEAD = [1, dagCbor.code, 0x12, 32] as const;
const BASE32 = Array.from('abcdefghijklmnopqrstuvwxyz234567', (letter) => letter.charCodeAt(0));

/** The CID that {@link cidOf} gives a block with this digest. Spelled out here: every record is named by it. */
export function cidOfDigest(digest: Uint8Array): string {
  if (digest.length !== 32) throw new Error(`a digest of ${digest.length} bytes is no sha2-256`);
  const letters = ['b'.charCodeAt(0)];
  let held = 0;
  let bits = 0;
  for (let i = -CID_HEAD.length; i < digest.length; i++) {
    held = ((held << 8) | ((i < 0 ? CID_HEAD[i + CID_HEAD.length] : digest[i]) as number)) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) letters.push(BASE32[(held >> (bits - 5)) & 31] as number);
  }
  letters.push(BASE32[(held << (5 - bits)) & 31] as number);
  return String.fromCharCode(...letters);
}
/** The 32 byte sha2-256 digest inside a CID made by {@link cidOf}. */
export const digestOf = (cid: string): Uint8Array => CID.parse(cid, base32).multihash.digest;
