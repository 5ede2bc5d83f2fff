import type { DataKey } from '#core/crypto/data-key.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import { readFrame } from '#domain/metering/frame-reader.ts';
import type { MeterHistory } from '#domain/metering/vee.ts';
import { type FrameFact, historiesOf } from '#domain/settlement/accounts.ts';
import type { VillageState } from '#domain/village/state.ts';

/** What the segments tell, judged as the present state has it. */
export interface Readings {
  /** All frames that can be read, of accepted segments. */
  readonly facts: () => readonly FrameFact[];
  readonly histories: () => ReadonlyMap<string, MeterHistory>;
  /** Segments were opened or dropped. */
  readonly onSegments: () => void;
}

export interface ReadingsSource {
  readonly store: VillageStore;
  readonly dataKey: DataKey;
  readonly state: () => VillageState;
}

export function createReadings({ store, dataKey, state }: ReadingsSource): Readings {
  let all: readonly FrameFact[] | undefined;
  let judged: { readonly state: VillageState; readonly histories: ReadonlyMap<string, MeterHistory> } | undefined;
  const facts = (): readonly FrameFact[] => {
    all ??= store.frames().map((f) => ({
      segment: f.segment,
      signatureOk: f.signatureOk,
      frame: readFrame(dataKey.open('frames', f.sealed)),
    }));
    const accepted = state().segments;
    return all.filter((f) => accepted.has(f.segment));
  };
  return {
    facts,
    histories() {
      const present = state();
      if (judged?.state !== present) judged = { state: present, histories: historiesOf(present, facts()) };
      return judged.histories;
    },
    onSegments() {
      all = undefined;
      judged = undefined;
    },
  };
}
