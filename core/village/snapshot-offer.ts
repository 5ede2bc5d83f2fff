import { createBreath } from '#core/breath.ts';
import { nativeSha256 } from '#core/crypto/native-sha256.ts';
import type { VillageNode } from '#core/ports/village-node.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import { cidOf, cidOfDigest, fromHex } from '#domain/bytes.ts';
import type { Checkpoint } from '#domain/village/epochs.ts';
import { makeSnapshot, type Snapshot, snapshotBlocks } from '#domain/village/snapshot.ts';
import { allParts, readSnapshotRoot, type SnapshotRoot } from '#domain/village/snapshot-root.ts';

type Blocks = Pick<VillageNode, 'putBlock' | 'heldBlocks' | 'releaseBlocks'>;
type Roots = Pick<VillageStore, 'snapshotsHere' | 'putSnapshotHere' | 'dropSnapshotHere'>;

/** The CID of the block under which a close names a snapshot. */
export const snapshotCid = (hash: string): string => cidOfDigest(fromHex(hash));

/** Makes a snapshot and gives others their turn meanwhile. */
export async function snapshotInTurns(checkpoint: Checkpoint): Promise<Snapshot> {
  const breath = createBreath();
  const making = makeSnapshot(checkpoint, nativeSha256);
  for (;;) {
    const { done, value } = making.next();
    if (done) return value;
    await breath();
  }
}

/**
 * Keeps what a newcomer starts from as blocks that peers and files ask for: the snapshot of the last checkpoint, which
 * the next close will name, and of the one before, which the last close names. Most blocks are of both. Of older ones
 * goes what neither needs.
 */
export async function offerSnapshots(
  node: Blocks,
  store: Roots,
  now: Checkpoint,
  before: Checkpoint | undefined,
): Promise<void> {
  const kept = new Set<string>();
  for (const checkpoint of before && before.epochs.length > 0 ? [before, now] : [now]) {
    const snapshot = await snapshotInTurns(checkpoint);
    store.putSnapshotHere(snapshot.hash, snapshot.block);
    kept.add(snapshot.hash);
    await putSnapshot(node, checkpoint, snapshot);
  }
  for (const { hash, root: block } of store.snapshotsHere()) {
    const root = readSnapshotRoot(block);
    // One that is ahead is being fetched.
    if (kept.has(hash) || (root && !now.epochs.some((e) => e.close === root.settled))) continue;
    await dropSnapshot(node, store, hash);
  }
}

const cidsOf = ({ root, hash }: Pick<Snapshot, 'root' | 'hash'>): string[] => [
  snapshotCid(hash),
  ...allParts(root).map(({ digest }) => cidOfDigest(digest)),
];

async function putSnapshot(node: Blocks, checkpoint: Checkpoint, snapshot: Snapshot): Promise<void> {
  const held = await node.heldBlocks(cidsOf(snapshot));
  const breath = createBreath();
  for (const blocks of snapshotBlocks(checkpoint, snapshot, ({ digest }) => !held.has(cidOfDigest(digest)))) {
    for (const block of blocks) await node.putBlock(cidOf(block, nativeSha256), block);
    await breath();
  }
  const cid = snapshotCid(snapshot.hash);
  if (!held.has(cid)) await node.putBlock(cid, snapshot.block);
}

const rootsHere = (store: Roots): { readonly hash: string; readonly root: SnapshotRoot; readonly bytes: number }[] =>
  store.snapshotsHere().flatMap(({ hash, root: block }) => {
    const root = readSnapshotRoot(block);
    return root ? [{ hash, root, bytes: block.length }] : [];
  });

/** Lets go of a snapshot's blocks, but for those that another one here has too. */
export async function dropSnapshot(node: Pick<Blocks, 'releaseBlocks'>, store: Roots, hash: string): Promise<void> {
  const roots = rootsHere(store);
  const needed = new Set(roots.filter((r) => r.hash !== hash).flatMap(cidsOf));
  const cids = roots.filter((r) => r.hash === hash).flatMap(cidsOf);
  await node.releaseBlocks(cids.filter((cid) => !needed.has(cid)));
  store.dropSnapshotHere(hash);
}

/** The blocks of a snapshot, where all are here and whole, the root first. */
export async function snapshotBlocksHere(
  node: Pick<VillageNode, 'hasBlock'>,
  store: Roots,
  hash: string,
): Promise<{ readonly cid: string; readonly bytes: number }[]> {
  const here = rootsHere(store).find((r) => r.hash === hash);
  if (!here) return [];
  const parts = allParts(here.root).map(({ digest, bytes }) => ({ cid: cidOfDigest(digest), bytes }));
  const blocks = [{ cid: snapshotCid(hash), bytes: here.bytes }, ...parts];
  for (const { cid } of blocks) if (!(await node.hasBlock(cid))) return [];
  return blocks;
}
