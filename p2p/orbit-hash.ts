import { hash } from 'node:crypto';
import { base58btc } from 'multiformats/bases/base58';
import { CID } from 'multiformats/cid';

/** OrbitDB names blocks by CIDv1 in base58btc. */
export const toOrbitHash = (cid: CID): string => cid.toString(base58btc);
export const cidOfOrbitHash = (name: string): CID => CID.parse(name, base58btc);

/** CIDv1, dag-cbor, sha2-256 of 32 bytes: the bytes of a CID before its digest. */
const CID_HEAD = [1, 0x71, 0x12, 0x20] as const;
const LIMB_BYTES = 3;
const LIMB = 2 ** 24;
const DIGEST_BYTES = 32;
const LIMBS = (CID_HEAD.length + DIGEST_BYTES) / LIMB_BYTES;
const DIGITS = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** Taken out at once: a remainder and a limb fit a number exactly. */
const DIGITS_AT_ONCE = 4;
const BASE = 58 ** DIGITS_AT_ONCE;
/** Of 36 bytes that begin with a 1. */
const LENGTH = 48;

/** Used anew for every name: arrays of their own would take longer than the arithmetic. */
const bytes = new Uint8Array(CID_HEAD.length + DIGEST_BYTES);
const limbs = new Float64Array(LIMBS);
const letters = Buffer.allocUnsafeSlow(1 + LENGTH);
bytes.set(CID_HEAD);
letters.write('z', 'latin1');

/** The name of a block, spelled out here: every entry is named when it comes. */
export function orbitHashOf(block: Uint8Array): string {
  const digest = hash('sha256', block, 'binary');
  for (let i = 0; i < DIGEST_BYTES; i++) bytes[CID_HEAD.length + i] = digest.charCodeAt(i);
  fillLimbs();
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
  return letters.toString('latin1');
}

function fillLimbs(): void {
  for (let i = 0, at = 0; i < LIMBS; i++, at += LIMB_BYTES)
    limbs[i] = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}
