import { serialize } from 'node:v8';
import { createBreath } from '#core/breath.ts';
import { step } from '#core/ports/steps.ts';
import type { VillageNode } from '#core/ports/village-node.ts';
import type { SegmentTally, SettledItem } from '#core/storage/settled-tables.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import { noChains } from '#domain/books/chains.ts';
import { cidOfDigest } from '#domain/bytes.ts';
import type { Checkpoint } from '#domain/village/epochs.ts';
import { GROWN_KINDS, type GrownKind, grownIn, restand } from '#domain/village/grown.ts';
import { rememberSnapshot, type Snapshot } from '#domain/village/snapshot.ts';
import { perGroup, readGroup } from '#domain/village/snapshot-groups.ts';
import { joinBlocks, type Part } from '#domain/village/snapshot-root.ts';
import type { SegmentRef } from '#domain/village/state.ts';
import { createTallies } from './segment-tallies.ts';
import { settledItems } from './settled-items.ts';

export type TakenItems =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly tallies: readonly SegmentTally[] }
  /** `isLacking`: a block of it is not here any more; it may come again. */
  | { readonly ok: false; readonly reason: string; readonly isLacking: boolean };

/** The bytes of some parts of a snapshot that are on this disk. */
export async function readParts(
  node: Pick<VillageNode, 'hasBlock' | 'getBlock'>,
  parts: readonly Part[],
): Promise<Uint8Array | 'lacking' | 'unfit'> {
  const blocks: Uint8Array[] = [];
  for (const { digest, bytes } of parts) {
    const cid = cidOfDigest(digest);
    if (!(await node.hasBlock(cid))) return 'lacking';
    const block = await node.getBlock(cid, { signal: new AbortController().signal, localOnly: true });
    if (block.length !== bytes) return 'unfit';
    blocks.push(block);
  }
  return joinBlocks(blocks) ?? 'unfit';
}

/**
 * Puts what a snapshot holds of all months into rows, group by group, and gives the checkpoint that stands on them. The
 * rows are ahead of the present cut: nothing reads them until the state goes on to it.
 */
export async function takeItems(
  { node, store }: { readonly node: Pick<VillageNode, 'hasBlock' | 'getBlock'>; readonly store: VillageStore },
  bare: Omit<Checkpoint, 'chains'>,
  snapshot: Snapshot,
): Promise<TakenItems> {
  const { grown } = snapshot.root;
  const cut = bare.epochs.length;
  const empty: Checkpoint = { ...bare, chains: noChains() };
  const tallies = createTallies();
  const breath = createBreath();
  for (const kind of GROWN_KINDS) {
    const { items, groups } = grown[kind];
    for (const [i, parts] of groups.entries()) {
      const first = i * perGroup(kind);
      const bytes = await readParts(node, parts);
      if (bytes === 'lacking') return no(`a part of its ${kind} is not here`, true);
      if (bytes === 'unfit') return no(`parts of its ${kind} do not fit`);
      const read = readGroup(kind, bytes, Math.min(perGroup(kind), items - first));
      if (!read.ok) return no(read.reason);
      store.putSettledAhead(cut, rowsOf(empty, kind, first, read.items));
      if (kind === 'segments') tallies.add(read.items.map(([, value]) => value as SegmentRef));
      step('snapshot.group-taken');
      await breath();
    }
    if (store.countSettled(kind, cut) !== items) return no(`${kind} names something twice`);
  }
  const checkpoint = restand(empty, (map, kind) => map.standingOn(settledItems(store, kind, cut, grown[kind].items)));
  rememberSnapshot(checkpoint, snapshot);
  return { ok: true, checkpoint, tallies: tallies.all() };
}

const no = (reason: string, isLacking = false): TakenItems => ({ ok: false, reason, isLacking });

const rowsOf = (
  empty: Checkpoint,
  kind: GrownKind,
  first: number,
  items: readonly (readonly [string, unknown])[],
): SettledItem[] =>
  items.map(([key, value], i) => ({
    kind,
    key,
    shelf: grownIn(empty, kind).shelfOf(key, value),
    place: first + i,
    value: serialize(value),
  }));
