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
      limbs[i] = Math.floor(value / BASE);
      rest = value % BASE;
    }
    while (from < LIMBS && limbs[from] === 0) from += 1;
    for (let i = 0; i < DIGITS_AT_ONCE; i++) {
      letters[at - i] = DIGITS.charCodeAt(rest % 58);
      rest = Math.floor(rest / 58);
    }
  }
  return latin1(letters);
}

function limbsOf(digest: Uint8Array): number[] {
  const byte = (i: number): number => (i < CID_HEAD.length ? CID_HEAD[i] : digest[i - CID_HEAD.length]) as number;
  return Array.from(
    { length: LIMBS },
    (_, i) => (byte(LIMB_BYTES * i) << 16) | (byte(LIMB_BYTES * i + 1) << 8) | byte(LIMB_BYTES * i + 2),
  );
}
