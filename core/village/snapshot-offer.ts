import type { VillageNode } from '#core/ports/village-node.ts';
import { cidOf, cidOfDigest, fromHex } from '#domain/bytes.ts';
import type { Checkpoint } from '#domain/village/epochs.ts';
import { checkpointHash, readSnapshotRoot, snapshotBlocks } from '#domain/village/snapshot-blocks.ts';

type Blocks = Pick<VillageNode, 'putBlock' | 'hasBlock' | 'getBlock' | 'releaseBlocks'>;

/** The CID of the block under which a close names a snapshot. */
export const snapshotCid = (hash: string): string => cidOfDigest(fromHex(hash));

/**
 * Keeps what a newcomer starts from as blocks that peers and files ask for: the snapshot of the last checkpoint, which
 * the next close will name, and of the one before, which the last close names. Older ones go.
 */
export async function offerSnapshots(node: Blocks, now: Checkpoint, before: Checkpoint | undefined): Promise<void> {
  for (const checkpoint of before && before.epochs.length > 0 ? [before, now] : [now])
    await putSnapshot(node, checkpoint);
  const older = before && now.state.closes.get(before.settled)?.cut.checkpoint;
  const root = older && (await readHere(node, snapshotCid(older)));
  if (root) await node.releaseBlocks([...partsOf(root), snapshotCid(older)]);
}

async function putSnapshot(node: Blocks, checkpoint: Checkpoint): Promise<void> {
  if (await node.hasBlock(snapshotCid(checkpointHash(checkpoint)))) return;
  const { root, parts } = snapshotBlocks(checkpoint);
  for (const block of [...parts, root]) await node.putBlock(cidOf(block), block);
}

const partsOf = (root: Uint8Array): string[] => (readSnapshotRoot(root)?.parts ?? []).map(cidOfDigest);

async function readHere(node: Blocks, cid: string): Promise<Uint8Array | undefined> {
  if (!(await node.hasBlock(cid))) return undefined;
  return node.getBlock(cid, { signal: new AbortController().signal, localOnly: true });
}

/** The blocks of the snapshot that the last close names, as far as they are here, the root first. */
export async function snapshotBlocksHere(
  node: Blocks,
  hash: string,
): Promise<{ readonly cid: string; readonly bytes: number }[]> {
  const cid = snapshotCid(hash);
  const root = await readHere(node, cid);
  const blocks = root ? [{ cid, bytes: root.length }] : [];
  for (const part of root ? partsOf(root) : []) {
    const bytes = await readHere(node, part);
    if (!bytes) return [];
    blocks.push({ cid: part, bytes: bytes.length });
  }
  return blocks;
}
