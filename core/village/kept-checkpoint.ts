import { deserialize, serialize } from 'node:v8';
import type { DataKey } from '#core/crypto/data-key.ts';
import { nativeSha256 } from '#core/crypto/native-sha256.ts';
import type { CheckpointKept } from '#core/storage/record-tables.ts';
import type { SettledItem } from '#core/storage/settled-tables.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import { noChains } from '#domain/books/chains.ts';
import type { Checkpoint } from '#domain/village/epochs.ts';
import { type Restand, restand } from '#domain/village/grown.ts';
import { type Growing, SHELVES } from '#domain/village/shelves.ts';
import { rememberSnapshot, snapshotOf } from '#domain/village/snapshot.ts';
import { readSnapshotRoot, snapshotHash } from '#domain/village/snapshot-root.ts';
import { emptyState, type VillageState } from '#domain/village/state.ts';
import type { Head } from './record-index.ts';
import { createTallies } from './segment-tallies.ts';
import { itemsLaid, settledItems } from './settled-items.ts';

/** The form of what is kept: another one is thrown away and made again from the books. */
const FORM = 3;
const LABEL = 'checkpoint';

export interface KeptCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly heads: readonly Head[];
}

/** As it is sealed: what grows with every month lies in rows beside it, and only its size is told here. */
interface Sealed extends Omit<Checkpoint, 'state' | 'chains'> {
  readonly form: typeof FORM;
  readonly state: Omit<VillageState, Growing>;
  readonly sizes: Readonly<Record<string, number>>;
  readonly heads: readonly Head[];
  /** The root of its snapshot: what it names need not be made again. */
  readonly root: Uint8Array;
}

export interface PackedCheckpoint extends CheckpointKept {
  /** The same checkpoint, on the rows that hold it once they are written. */
  readonly checkpoint: Checkpoint;
}

/** Under the data key, which also vouches for it: only this console wrote what opens. */
export function packCheckpoint(
  source: { readonly store: VillageStore; readonly dataKey: DataKey },
  { checkpoint, heads }: KeptCheckpoint,
): PackedCheckpoint {
  const cut = checkpoint.epochs.length;
  const sizes: Record<string, number> = {};
  const items: Iterable<SettledItem>[] = [];
  let isWhole = true;
  const stood = restand(checkpoint, (map, kind) => {
    sizes[kind] = map.size;
    items.push(itemsLaid(kind, map));
    if (map.size !== map.laid().fresh.size) isWhole = false;
    return map.standingOn(settledItems(source.store, kind, cut, map.size));
  });
  const { state, settled, epochs } = checkpoint;
  const hot = Object.fromEntries(Object.entries(state).filter(([name]) => !Object.hasOwn(SHELVES, name)));
  const snapshot = snapshotOf(checkpoint, nativeSha256);
  rememberSnapshot(stood, snapshot);
  const root = snapshot.block;
  const sealed = source.dataKey.seal(LABEL, serialize({ form: FORM, settled, epochs, state: hot, sizes, heads, root }));
  const tallies = createTallies();
  tallies.add(state.segments.laid().fresh.values());
  return { checkpoint: stood, sealed, cut, isWhole, items, tallies: tallies.all() };
}

/** What was kept; where it does not open, the tables are emptied and all is read from the books again. */
export function openCheckpoint(source: {
  readonly village: string;
  readonly store: VillageStore;
  readonly dataKey: DataKey;
  readonly log: (line: string) => void;
}): KeptCheckpoint | undefined {
  const { village, store } = source;
  const sealed = store.checkpoint();
  if (!sealed) return undefined;
  try {
    const kept = deserialize(source.dataKey.open(LABEL, sealed)) as Sealed;
    if (kept.form === FORM && kept.state.village === village) {
      const { settled, epochs, sizes, heads } = kept;
      const root = readSnapshotRoot(kept.root);
      const bare: Checkpoint = {
        settled,
        epochs,
        state: { ...emptyState(village), ...kept.state },
        chains: noChains(),
      };
      const cut = epochs.length;
      store.dropSettledAfter(cut);
      store.dropSettledBefore(cut);
      const onRows: Restand = (map, kind) => map.standingOn(settledItems(store, kind, cut, sizes[kind] ?? 0));
      const checkpoint = restand(bare, onRows);
      if (root) rememberSnapshot(checkpoint, { root, block: kept.root, hash: snapshotHash(kept.root) });
      return { checkpoint, heads };
    }
    source.log('the kept checkpoint is of another form: reading all books');
  } catch (e) {
    source.log(`the kept checkpoint does not open, reading all books: ${e instanceof Error ? e.message : String(e)}`);
  }
  store.dropReadModels();
  return undefined;
}
