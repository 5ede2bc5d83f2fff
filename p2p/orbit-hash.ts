import { hash } from 'node:crypto';
import { base58btc } from 'multiformats/bases/base58';
import { CID } from 'multiformats/cid';
import { latin1 } from './latin1.ts';

/** OrbitDB names blocks by CIDv1 in base58btc. */
export const toOrbitHash = (cid: CID): string => cid.toString(base58btc);
export const cidOfOrbitHash = (name: string): CID => CID.parse(name, base58btc);

/** CIDv1, dag-cbor, sha2-256 of 32 bytes: the bytes of a CID before its digest. */
const CID_HEAD = [1, 0x71, 0x12, 0x20] as const;
const LIMB_BYTES = 3;
const LIMB = 2 ** 24;
const LIMBS = (CID_HEAD.length + 32) / LIMB_BYTES;
const DIGITS = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** Taken out at once: a remainder and a limb fit a number exactly. */
const DIGITS_AT_ONCE = 4;
const BASE = 58 ** DIGITS_AT_ONCE;
/** Of 36 bytes that begin with a 1. */
const LENGTH = 48;

/** The name of a block, spelled out here: every entry is named when it comes. */
export function orbitHashOf(block: Uint8Array): string {
  const limbs = limbsOf(hash('sha256', block, 'buffer'));
  const letters = new Uint8Array(1 + LENGTH);
  letters[0] = 'z'.charCodeAt(0);
  for (let at = LENGTH, from = 0; at > 0; at -= DIGITS_AT_ONCE) {
    let rest = 0;
    for (let i = from; i < LIMBS; i++) {
      const value = rest * LIMB + (limbs[i] as number);
      const whole = Math.floor(value / BASE);
      limbs[i] = whole;
      rest = value - whole * BASE;
    }
    while (from < LIMBS && limbs[from] === 0) from += 1;
    for (let i = 0; i < DIGITS_AT_ONCE; i++) {
      const whole = Math.floor(rest / 58);
      letters[at - i] = DIGITS.charCodeAt(rest - whole * 58);
      rest = whole;
    }
  }
  return latin1(letters);
}

function limbsOf(digest: Uint8Array): Float64Array {
  const bytes = new Uint8Array(CID_HEAD.length + digest.length);
  bytes.set(CID_HEAD);
  bytes.set(digest, CID_HEAD.length);
  const limbs = new Float64Array(LIMBS);
  for (let i = 0, at = 0; i < LIMBS; i++, at += LIMB_BYTES)
    limbs[i] = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
  return limbs;
}
