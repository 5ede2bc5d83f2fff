import type { DataKey } from '#core/crypto/data-key.ts';
import { verifyEd25519 } from '#core/crypto/device-keys.ts';
import { AppError } from '#core/ports/errors.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import { type KnownRecord, openRecord, type SignedRecord } from '#domain/books/record.ts';
import type { RecoverSigner } from '#domain/membership/typed-data.ts';
import { readFrame } from '#domain/metering/frame.ts';
import type { MeterHistory } from '#domain/metering/vee.ts';
import { type FrameFact, historiesOf } from '#domain/settlement/accounts.ts';
import { DAY_MS } from '#domain/time.ts';
import { foldVillage } from '#domain/village/fold.ts';
import type { VillageState } from '#domain/village/state.ts';
import type { RecordIndex } from './record-index.ts';

/** What is computed from the books and the segments, kept until one of them changes. */
export interface StateCache {
  readonly state: () => VillageState;
  /** The state with one more record. Errors: NOT_ALLOWED when the books would not take it. */
  readonly judge: (signed: SignedRecord) => VillageState;
  /** All frames that can be read, of accepted segments. */
  readonly facts: () => readonly FrameFact[];
  readonly histories: () => ReadonlyMap<string, MeterHistory>;
  /** The records changed; `next` is the state they make, where it is known. */
  readonly onRecords: (next?: VillageState) => void;
  readonly onSegments: () => void;
}

export interface StateSource {
  readonly village: string;
  readonly index: RecordIndex;
  readonly store: VillageStore;
  readonly dataKey: DataKey;
  readonly recover: RecoverSigner;
  readonly now: () => number;
}

export function createStateCache({ village, index, store, dataKey, recover, now }: StateSource): StateCache {
  let state: VillageState | undefined;
  /** When the next record whose clock is ahead comes to count. */
  let dueMs = Number.POSITIVE_INFINITY;
  let facts: readonly FrameFact[] | undefined;
  let histories: ReadonlyMap<string, MeterHistory> | undefined;

  const fold = (records: readonly KnownRecord[]): VillageState =>
    foldVillage(village, records, { nowMs: now(), recover });
  const current = (): VillageState => {
    if (state && now() < dueMs) return state;
    const nowMs = now();
    state = fold([...index.all.values()]);
    histories = undefined;
    dueMs = Number.POSITIVE_INFINITY;
    for (const { at } of index.all.values()) if (at.ms > nowMs + DAY_MS) dueMs = Math.min(dueMs, at.ms - DAY_MS);
    return state;
  };
  const readFacts = (): readonly FrameFact[] => {
    facts ??= store.frames().map((f) => ({
      segment: f.segment,
      signatureOk: f.signatureOk,
      frame: readFrame(dataKey.open('frames', f.sealed)),
    }));
    const accepted = current().segments;
    return facts.filter((f) => accepted.has(f.segment));
  };
  return {
    state: current,
    judge(signed) {
      const opened = openRecord(signed, verifyEd25519);
      if (!opened.ok) throw new AppError('INTERNAL', `This console made a bad record: ${opened.reason}.`);
      const next = fold([...index.all.values(), opened.record]);
      const reason = next.onHold.get(opened.record.id);
      if (reason === undefined) return next;
      throw new AppError('NOT_ALLOWED', `The books do not take this: ${reason}.`, { data: { reason } });
    },
    facts: readFacts,
    histories() {
      const present = current();
      histories ??= historiesOf(present, readFacts());
      return histories;
    },
    onRecords(next) {
      state = next;
      histories = undefined;
    },
    onSegments() {
      facts = undefined;
      histories = undefined;
    },
  };
}
