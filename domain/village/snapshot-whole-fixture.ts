import { noChains } from '../books/chains.ts';
import { equalBytes, sha256, toHex } from '../bytes.ts';
import type { Checkpoint } from './epochs.ts';
import { GROWN_KINDS, restand } from './grown.ts';
import { type Snapshot, snapshotBlocks, snapshotOf } from './snapshot.ts';
import { perGroup, readGroup } from './snapshot-groups.ts';
import { readLive } from './snapshot-live.ts';
import { joinBlocks, type Part, readSnapshotRoot, snapshotHash } from './snapshot-root.ts';

/** For tests: a snapshot with all its blocks in memory, by digest in hex. */
export interface WholeSnapshot {
  readonly root: Uint8Array;
  readonly blocks: ReadonlyMap<string, Uint8Array>;
}
const nameOf = (block: Uint8Array): string => toHex(sha256(block));

export function writeWhole(checkpoint: Checkpoint): WholeSnapshot {
  const snapshot: Snapshot = snapshotOf(checkpoint);
  const blocks = [...snapshotBlocks(checkpoint, snapshot, () => true)].flat();
  return { root: snapshot.block, blocks: new Map(blocks.map((block) => [nameOf(block), block])) };
}

/** Every byte of it, for comparing. */
export const bytesOfWhole = ({ root, blocks }: WholeSnapshot): string =>
  [root, ...[...blocks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, block]) => block)].map(toHex).join();

export type OpenedWhole =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly hash: string }
  | { readonly ok: false; readonly reason: string };
const no = (reason: string): OpenedWhole => ({ ok: false, reason });

/** Reads it as a console does, but into memory. */
export function openWhole({ root: block, blocks }: WholeSnapshot): OpenedWhole {
  const root = readSnapshotRoot(block);
  if (!root) return no('no root');
  const join = (parts: readonly Part[]): Uint8Array | undefined => {
    const found = parts.flatMap(({ digest, bytes }) => {
      const part = blocks.get(toHex(digest));
      return part && part.length === bytes && equalBytes(sha256(part), digest) ? [part] : [];
    });
    return found.length === parts.length ? joinBlocks(found) : undefined;
  };
  const live = readLive(join(root.live) ?? new Uint8Array(), root);
  if (!live.ok) return no(live.reason);
  const checkpoint = restand({ ...live.bare, chains: noChains() }, (map) => map.fork());
  for (const kind of GROWN_KINDS) {
    const { items, groups } = root.grown[kind];
    for (const [i, parts] of groups.entries()) {
      const count = Math.min(perGroup(kind), items - i * perGroup(kind));
      const read = readGroup(kind, join(parts) ?? new Uint8Array(), count);
      if (!read.ok) return no(read.reason);
      const map = kind === 'chains' ? checkpoint.chains : checkpoint.state[kind];
      for (const [key, value] of read.items) map.set(key, value as never);
    }
  }
  return { ok: true, checkpoint, hash: snapshotHash(block) };
}
