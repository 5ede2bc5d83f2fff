import { CID } from 'multiformats/cid';
import { create } from 'multiformats/hashes/digest';
import { concat, encode } from '#domain/bytes.ts';

/** CIDv1, dag-cbor, sha2-256 of 32 bytes: the bytes of a CID before its digest. Every block of a village has one. */
export const CID_HEAD = Uint8Array.of(1, 0x71, 0x12, 0x20);
export const CID_BYTES = CID_HEAD.length + 32;

/** First bytes of a CAR v1 file with one root. */
export function carHeader(rootDigest: Uint8Array): Uint8Array {
  const header = encode({ version: 1, roots: [CID.createV1(0x71, create(0x12, rootDigest))] });
  return concat(varint(header.length), header);
}

/** One block as it stands in the file. */
export const carBlock = (digest: Uint8Array, bytes: Uint8Array): Uint8Array =>
  concat(varint(CID_BYTES + bytes.length), CID_HEAD, digest, bytes);

/** How many bytes {@link carBlock} makes of a block. */
export const carBlockSize = (bytes: number): number => varint(CID_BYTES + bytes).length + CID_BYTES + bytes;

function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80);
  out.push(rest);
  return Uint8Array.from(out);
}
