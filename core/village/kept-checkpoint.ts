import { deserialize, serialize } from 'node:v8';
import type { DataKey } from '#core/crypto/data-key.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import type { Checkpoint } from '#domain/village/epochs.ts';
import type { Head } from './record-index.ts';

/** The form of what is kept: another one is thrown away and made again from the books. */
const FORM = 1;
const LABEL = 'checkpoint';

export interface KeptCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly heads: readonly Head[];
}

/** Under the data key, which also vouches for it: only this console wrote what opens. */
export const sealCheckpoint = (dataKey: DataKey, kept: KeptCheckpoint): Uint8Array =>
  dataKey.seal(LABEL, serialize({ form: FORM, ...kept }));

/** What was kept; where it does not open, the tables are emptied and all is read from the books again. */
export function openCheckpoint(source: {
  readonly village: string;
  readonly store: VillageStore;
  readonly dataKey: DataKey;
  readonly log: (line: string) => void;
}): KeptCheckpoint | undefined {
  const sealed = source.store.checkpoint();
  if (!sealed) return undefined;
  try {
    const kept = deserialize(source.dataKey.open(LABEL, sealed)) as KeptCheckpoint & { readonly form: unknown };
    if (kept.form === FORM && kept.checkpoint.state.village === source.village) return kept;
    source.log('the kept checkpoint is of another form: reading all books');
  } catch (e) {
    source.log(`the kept checkpoint does not open, reading all books: ${e instanceof Error ? e.message : String(e)}`);
  }
  source.store.dropReadModels();
  return undefined;
}
