import { AppError } from '#core/ports/errors.ts';
import { step } from '#core/ports/steps.ts';
import type { Village } from '#core/village/open-village.ts';
import { snapshotCid } from '#core/village/snapshot-offer.ts';
import { readParts } from '#core/village/take-snapshot.ts';
import { cidOfDigest } from '#domain/bytes.ts';
import { DAY_MS } from '#domain/time.ts';
import type { Checkpoint } from '#domain/village/epochs.ts';
import type { Snapshot } from '#domain/village/snapshot.ts';
import { readLive } from '#domain/village/snapshot-live.ts';
import { allParts, maxSnapshotBytes, type Part, readSnapshotRoot } from '#domain/village/snapshot-root.ts';
import { rootsFault } from '#domain/village/verify-snapshot.ts';

/** Blocks that nobody sends in this time are not waited for; the next occasion tries again and goes on. */
const STALL_MS = 20_000;
const SHORTEST_MONTH_MS = 28 * DAY_MS;

export type BroughtSnapshot =
  | { readonly is: 'here'; readonly snapshot: Snapshot; readonly bare: Omit<Checkpoint, 'chains'> }
  /** Nobody has all of it now. */
  | { readonly is: 'lacking' }
  | { readonly is: 'wrong'; readonly reason: string };

/**
 * Brings a snapshot to this disk block by block; what came stays, so that a fetch that was cut off goes on. What can be
 * known from its live part is verified before the rest is asked for.
 */
export async function bringSnapshot(village: Village, hash: string, from: 'disk' | 'peers'): Promise<BroughtSnapshot> {
  const { node, store } = village;
  const block = await bringRoot(village, hash, from);
  if (!block) return { is: 'lacking' };
  const root = readSnapshotRoot(block);
  if (!root) return wrong('its root cannot be read');
  store.putSnapshotHere(hash, block);
  if (!(await bringParts(village, root.live, from))) return { is: 'lacking' };
  const bytes = await readParts(node, root.live);
  if (bytes === 'lacking') return { is: 'lacking' };
  if (bytes === 'unfit') return wrong('its parts do not fit');
  const live = readLive(bytes, root);
  if (!live.ok) return wrong(live.reason);
  const { bare } = live;
  const fault = rootsFault(village.id, bare.state);
  if (fault !== undefined) return wrong(fault);
  const parts = allParts(root);
  const months = Math.ceil((village.now() - (bare.state.founding?.createdMs ?? 0)) / SHORTEST_MONTH_MS);
  const size = parts.reduce((n, part) => n + part.bytes, 0);
  if (size > maxSnapshotBytes(months)) return wrong(`it has ${size} bytes, more than a village of its age needs`);
  if (!(await bringParts(village, parts, from))) return { is: 'lacking' };
  return { is: 'here', snapshot: { root, block, hash }, bare };
}

const wrong = (reason: string): BroughtSnapshot => ({ is: 'wrong', reason });

async function bringRoot({ node }: Village, hash: string, from: 'disk' | 'peers'): Promise<Uint8Array | undefined> {
  const cid = snapshotCid(hash);
  if (from === 'disk' && !(await node.hasBlock(cid))) return undefined;
  try {
    return await node.getBlock(cid, { signal: AbortSignal.timeout(STALL_MS), localOnly: from === 'disk' });
  } catch (e) {
    if (e instanceof AppError && e.code === 'BLOCK_NOT_FOUND') return undefined;
    throw e;
  }
}

/** Whether all of them are on this disk now. */
async function bringParts({ node }: Village, parts: readonly Part[], from: 'disk' | 'peers'): Promise<boolean> {
  const wanted = parts.map(({ digest, bytes }) => ({ cid: cidOfDigest(digest), bytes }));
  const held = await node.heldBlocks(wanted.map(({ cid }) => cid));
  const lacking = wanted.filter(({ cid }) => !held.has(cid));
  if (lacking.length === 0) return true;
  if (from === 'disk') return false;
  const stalled = new AbortController();
  const stall = (): NodeJS.Timeout => setTimeout(() => stalled.abort(), STALL_MS);
  let timer = stall();
  try {
    const missing = await node.fetchBlocks(lacking, {
      signal: stalled.signal,
      async deliver() {
        clearTimeout(timer);
        timer = stall();
        step('snapshot.part-fetched');
      },
    });
    return missing.length === 0;
  } finally {
    clearTimeout(timer);
  }
}
