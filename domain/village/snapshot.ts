import { type Sha256, sha256 } from '../bytes.ts';
import type { Items, Layered } from '../layered-map.ts';
import type { Checkpoint } from './epochs.ts';
import { GROWN_KINDS, type GrownKind, grownIn } from './grown.ts';
import { groupsFor, perGroup, writeGroup } from './snapshot-groups.ts';
import { writeLive } from './snapshot-live.ts';
import {
  cutBytes,
  type Part,
  partsOfBytes,
  type SnapshotRoot,
  snapshotHash,
  writeSnapshotRoot,
} from './snapshot-root.ts';
import { ZERO_HASH } from './state.ts';

/** The hash of a checkpoint is that of its root, which names the blocks that hold the rest. */
export interface Snapshot {
  readonly root: SnapshotRoot;
  /** The root as a block. */
  readonly block: Uint8Array;
  readonly hash: string;
}

const snapshots = new WeakMap<Checkpoint, Snapshot>();
/** What lies below never changes, and so neither do its groups. */
const groupsBelow = new WeakMap<Items<unknown>, readonly (readonly Part[])[]>();

/**
 * Makes the snapshot of a checkpoint: the same on every console that has the records of its cut. A group is made again
 * only where something in it is new or other than below, so it costs what was laid on. Yields after every group.
 */
export function* makeSnapshot(checkpoint: Checkpoint, hash: Sha256 = sha256): Generator<void, Snapshot> {
  const known = snapshots.get(checkpoint);
  if (known) return known;
  const grown = {} as Record<GrownKind, SnapshotRoot['grown'][GrownKind]>;
  for (const kind of GROWN_KINDS) {
    const items = grownIn(checkpoint, kind);
    grown[kind] = { items: items.size, groups: yield* groupsOf(kind, items, hash) };
  }
  const { state, settled } = checkpoint;
  const root = { village: state.village, settled, live: partsOfBytes(writeLive(checkpoint), hash), grown };
  const block = writeSnapshotRoot(root);
  const snapshot = { root, block, hash: snapshotHash(block) };
  snapshots.set(checkpoint, snapshot);
  return snapshot;
}

/** As {@link makeSnapshot}, in one go. */
export function snapshotOf(checkpoint: Checkpoint, hash: Sha256 = sha256): Snapshot {
  const making = makeSnapshot(checkpoint, hash);
  for (;;) {
    const { done, value } = making.next();
    if (done) return value;
  }
}

/** The same checkpoint in another place has this snapshot: its groups need not be made again. */
export function rememberSnapshot(checkpoint: Checkpoint, snapshot: Snapshot): void {
  snapshots.set(checkpoint, snapshot);
  for (const kind of GROWN_KINDS) {
    const items = grownIn(checkpoint, kind);
    if (items.size > 0 && items.laid().changed.size === 0 && items.below.size === items.size)
      groupsBelow.set(items.below, snapshot.root.grown[kind].groups);
  }
}

/** What a close names of the checkpoint that it follows: the hash of its snapshot; zero before the first close. */
export const checkpointHash = (checkpoint: Checkpoint, hash: Sha256 = sha256): string =>
  checkpoint.settled === ZERO_HASH ? ZERO_HASH : snapshotOf(checkpoint, hash).hash;

/** Those blocks of a snapshot, all but its root, that are wanted: made again from the checkpoint it is of. */
export function* snapshotBlocks(
  checkpoint: Checkpoint,
  { root }: Snapshot,
  isWanted: (part: Part) => boolean,
): Generator<readonly Uint8Array[]> {
  if (root.live.some(isWanted)) yield cutBytes(writeLive(checkpoint));
  for (const kind of GROWN_KINDS) {
    const wanted = root.grown[kind].groups.flatMap((parts, group) => (parts.some(isWanted) ? [group] : []));
    for (const [, bytes] of groupBytes(kind, grownIn(checkpoint, kind), wanted)) yield cutBytes(bytes);
  }
}

function* groupsOf(kind: GrownKind, items: Layered<unknown>, hash: Sha256): Generator<void, (readonly Part[])[]> {
  const kept = groupsBelow.get(items.below);
  const groups = kept ? [...kept] : [];
  for (const [group, bytes] of groupBytes(kind, items, otherGroups(kind, items, kept?.length))) {
    groups[group] = partsOfBytes(bytes, hash);
    yield;
  }
  return groups;
}

/** The groups in which something is new, or other than below, where so many are known. */
function otherGroups(kind: GrownKind, items: Layered<unknown>, known: number | undefined): number[] {
  const size = perGroup(kind);
  const { below } = items;
  const first = known === undefined ? 0 : items.size > below.size ? Math.floor(below.size / size) : known;
  const others = new Set<number>();
  for (const key of known === undefined ? [] : items.laid().changed.keys())
    others.add(Math.floor((items.positionOf(key) ?? 0) / size));
  for (let group = first; group < groupsFor(kind, items.size); group++) others.add(group);
  return [...others].sort((a, b) => a - b);
}

/** Groups in ascending order with their bytes; those in a row are read in one go. */
function* groupBytes(
  kind: GrownKind,
  items: Layered<unknown>,
  groups: readonly number[],
): Generator<readonly [group: number, bytes: Uint8Array]> {
  const size = perGroup(kind);
  let at = -1;
  let rest: Iterator<readonly [string, unknown]> | undefined;
  for (const group of groups) {
    if (!rest || group !== at) rest = items.entries(group * size)[Symbol.iterator]();
    const taken: (readonly [string, unknown])[] = [];
    while (taken.length < size) {
      const next = rest.next();
      if (next.done) break;
      taken.push(next.value);
    }
    at = group + 1;
    yield [group, writeGroup(kind, taken)];
  }
}
