import { createHash } from 'node:crypto';
import { equalBytes } from '#domain/bytes.ts';
import { CID_BYTES, CID_HEAD } from './car-write.ts';
import { createFileWindow, type FileWindow, type PieceReader } from './file-window.ts';

/** The largest block a village stores; the manifest is held to it too. */
export const MAX_BLOCK_BYTES = 4 * 1024 * 1024;
const MAX_HEADER_BYTES = 1024;
const MAX_VARINT_BYTES = 8;
/** False finds while looking for the next whole block; a file made of them is given up. */
const MAX_FALSE_FINDS = 1000;

export type CarPart =
  | { readonly kind: 'root'; readonly digest: Uint8Array }
  | { readonly kind: 'block'; readonly digest: Uint8Array; readonly bytes: Uint8Array; readonly offset: number }
  | { readonly kind: 'damaged'; readonly offset: number; readonly what: Damage };
export type Damage = 'header' | 'length' | 'bytes' | 'cut-off' | 'given-up';

interface Found {
  readonly digest: Uint8Array;
  readonly bytes: Uint8Array;
  readonly next: number;
}

/**
 * Walks through a CAR file of any size in bounded memory. Every block it yields matches its CID. After damage it looks
 * for the next whole block, so that one flipped bit costs one block. Never rejects because of what is in the file.
 */
export async function* readCar(handle: PieceReader, size: number): AsyncGenerator<CarPart, void, void> {
  const window = createFileWindow(handle, size);
  const root = await readHeader(window);
  let offset = root?.next ?? 0;
  if (root) yield { kind: 'root', digest: root.digest };
  else yield { kind: 'damaged', offset: 0, what: 'header' };
  let falseFinds = 0;
  while (offset < size) {
    const found = await readBlock(window, offset);
    if (typeof found === 'object') {
      yield { kind: 'block', digest: found.digest, bytes: found.bytes, offset };
      offset = found.next;
      continue;
    }
    if (root || offset > 0) yield { kind: 'damaged', offset, what: found };
    const search = await findBlock(window, offset + 1, MAX_FALSE_FINDS - falseFinds);
    falseFinds += search.falseFinds;
    if (falseFinds >= MAX_FALSE_FINDS) yield { kind: 'damaged', offset, what: 'given-up' };
    if (search.at === undefined) return;
    offset = search.at;
  }
}

async function readHeader(window: FileWindow): Promise<{ digest: Uint8Array; next: number } | undefined> {
  const start = await window.read(0, MAX_VARINT_BYTES);
  const length = readVarint(start, 0);
  if (!length || length.value > MAX_HEADER_BYTES || length.value < CID_BYTES) return undefined;
  const next = length.bytes + length.value;
  const header = (await window.read(length.bytes, length.value)).slice();
  const digest = header.length === length.value ? rootDigestOf(header) : undefined;
  return digest && { digest, next };
}

/** Canonical dag-cbor of `{roots: [one CID of ours], version: 1}`, byte for byte. */
const HEADER_HEAD = Buffer.from('a265726f6f747381d82a582500', 'hex');
const HEADER_TAIL = Buffer.from('6776657273696f6e01', 'hex');
function rootDigestOf(header: Uint8Array): Uint8Array | undefined {
  const at = HEADER_HEAD.length;
  const fits =
    header.length === at + CID_BYTES + HEADER_TAIL.length &&
    equalBytes(header.subarray(0, at), HEADER_HEAD) &&
    equalBytes(header.subarray(at, at + CID_HEAD.length), CID_HEAD) &&
    equalBytes(header.subarray(at + CID_BYTES), HEADER_TAIL);
  return fits ? header.slice(at + CID_HEAD.length, at + CID_BYTES) : undefined;
}

/** Nothing is allocated before the length was held against the limit and the size of the file. */
async function readBlock(window: FileWindow, offset: number): Promise<Found | Damage> {
  const head = await window.read(offset, MAX_VARINT_BYTES + CID_HEAD.length);
  const length = readVarint(head, 0);
  if (!length || length.value < CID_BYTES || length.value > CID_BYTES + MAX_BLOCK_BYTES)
    return head.length < MAX_VARINT_BYTES ? 'cut-off' : 'length';
  const next = offset + length.bytes + length.value;
  const isOurs = equalBytes(head.subarray(length.bytes, length.bytes + CID_HEAD.length), CID_HEAD);
  if (next > window.size) return isOurs ? 'cut-off' : 'length';
  if (!isOurs) return 'bytes';
  const whole = await window.read(offset + length.bytes, length.value);
  const digest = whole.slice(CID_HEAD.length, CID_BYTES);
  const bytes = whole.slice(CID_BYTES);
  return equalBytes(digest, createHash('sha256').update(bytes).digest()) ? { digest, bytes, next } : 'bytes';
}

const SEARCH_BYTES = 1024 * 1024;
interface Search {
  readonly at: number | undefined;
  readonly falseFinds: number;
}

async function findBlock(window: FileWindow, from: number, allowed: number): Promise<Search> {
  const head = Buffer.from(CID_HEAD);
  let falseFinds = 0;
  for (let at = from; at + CID_HEAD.length <= window.size; at += SEARCH_BYTES) {
    const part = Buffer.from(await window.read(at, SEARCH_BYTES + CID_HEAD.length - 1));
    for (let hit = part.indexOf(head); hit >= 0; hit = part.indexOf(head, hit + 1)) {
      for (let before = 1; before <= 4 && at + hit - before >= from; before++) {
        const start = at + hit - before;
        const length = readVarint(await window.read(start, before), 0);
        if (length?.bytes !== before) continue;
        if (typeof (await readBlock(window, start)) === 'object') return { at: start, falseFinds };
        falseFinds += 1;
        if (falseFinds >= allowed) return { at: undefined, falseFinds };
      }
    }
  }
  return { at: undefined, falseFinds };
}

/** An unsigned LEB128 number of at most eight bytes, the shortest form only. */
function readVarint(bytes: Uint8Array, from: number): { readonly value: number; readonly bytes: number } | undefined {
  let value = 0;
  for (let i = 0; i < MAX_VARINT_BYTES; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return byte === 0 && i > 0 ? undefined : { value, bytes: i + 1 };
  }
  return undefined;
}
