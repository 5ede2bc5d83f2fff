import * as z from 'zod';
import { concat, decode, encode, sha256, toHex } from '../bytes.ts';
import { bytesOf } from '../ids.ts';
import type { Checkpoint } from './epochs.ts';
import { MAX_SNAPSHOT_BYTES, writeSnapshot } from './snapshot.ts';
import { ZERO_HASH } from './state.ts';

/** Well below what every way of blocks carries. */
const PART_BYTES = 1024 * 1024;
const MAX_PARTS = MAX_SNAPSHOT_BYTES / PART_BYTES;
/** The most that a root takes: 34 bytes for each part, and its frame. */
const MAX_ROOT_BYTES = 34 * MAX_PARTS + 128;
/** The most that a block of a snapshot takes. */
export const MAX_PART_BYTES = PART_BYTES + 8;

/** A snapshot as it travels: blocks of a bounded size, and the one that names them in order. */
export interface SnapshotBlocks {
  readonly root: Uint8Array;
  readonly parts: readonly Uint8Array[];
}

const rootSchema = z.strictObject({
  type: z.literal('gridpact snapshot parts'),
  v: z.literal(1),
  bytes: z.int().min(1).max(MAX_SNAPSHOT_BYTES),
  parts: z.array(bytesOf(32)).min(1).max(MAX_PARTS),
});
export type SnapshotRoot = Pick<z.infer<typeof rootSchema>, 'bytes' | 'parts'>;

export function splitSnapshot(bytes: Uint8Array): SnapshotBlocks {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += PART_BYTES) parts.push(encode(bytes.slice(at, at + PART_BYTES)));
  const digests = parts.map((part) => sha256(part));
  return { root: encode({ type: 'gridpact snapshot parts', v: 1, bytes: bytes.length, parts: digests }), parts };
}

/** The parts that a root from outside names; undefined where it is none. Never throws. */
export function readSnapshotRoot(root: Uint8Array): SnapshotRoot | undefined {
  try {
    const parsed = rootSchema.safeParse(root.length <= MAX_ROOT_BYTES ? decode(root) : undefined);
    return parsed.data && Math.ceil(parsed.data.bytes / PART_BYTES) === parsed.data.parts.length
      ? parsed.data
      : undefined;
  } catch {
    return undefined;
  }
}

/** The bytes inside the parts of a root; each part was checked against its digest. Undefined where they do not fit. */
export function joinSnapshot({ bytes }: SnapshotRoot, parts: readonly Uint8Array[]): Uint8Array | undefined {
  try {
    const inside = parts.map((part) => decode(part));
    if (!inside.every((part) => part instanceof Uint8Array)) return undefined;
    const joined = concat(...inside);
    return joined.length === bytes ? joined : undefined;
  } catch {
    return undefined;
  }
}

export const snapshotHash = (root: Uint8Array): string => `0x${toHex(sha256(root))}`;

const known = new WeakMap<Checkpoint, string>();

/** The blocks of a checkpoint's snapshot. */
export function snapshotBlocks(checkpoint: Checkpoint): SnapshotBlocks {
  const blocks = splitSnapshot(writeSnapshot(checkpoint));
  known.set(checkpoint, snapshotHash(blocks.root));
  return blocks;
}

/** What a close names of the checkpoint that it follows: the hash of its snapshot; zero before the first close. */
export function checkpointHash(checkpoint: Checkpoint): string {
  if (checkpoint.settled === ZERO_HASH) return ZERO_HASH;
  return known.get(checkpoint) ?? snapshotHash(snapshotBlocks(checkpoint).root);
}
