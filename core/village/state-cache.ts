import { verifyEd25519 } from '#core/crypto/device-keys.ts';
import { AppError } from '#core/ports/errors.ts';
import { type KnownRecord, openRecord, type SignedRecord } from '#domain/books/record.ts';
import type { RecoverSigner } from '#domain/membership/typed-data.ts';
import { DAY_MS } from '#domain/time.ts';
import { foldVillage } from '#domain/village/fold.ts';
import type { VillageState } from '#domain/village/state.ts';
import type { RecordIndex } from './record-index.ts';

/** What is computed from the books, kept until they change. */
export interface StateCache {
  readonly state: () => VillageState;
  /** The state with one more record. Errors: NOT_ALLOWED when the books would not take it. */
  readonly judge: (signed: SignedRecord) => VillageState;
  /** The records changed; `next` is the state they make, where it is known. */
  readonly onRecords: (next?: VillageState) => void;
}

export interface StateSource {
  readonly village: string;
  readonly index: RecordIndex;
  readonly recover: RecoverSigner;
  readonly now: () => number;
}

export function createStateCache({ village, index, recover, now }: StateSource): StateCache {
  let state: VillageState | undefined;
  /** When the next record whose clock is ahead comes to count. */
  let dueMs = Number.POSITIVE_INFINITY;

  const fold = (records: readonly KnownRecord[]): VillageState =>
    foldVillage(village, records, { nowMs: now(), recover });
  const current = (): VillageState => {
    if (state && now() < dueMs) return state;
    const nowMs = now();
    state = fold([...index.all.values()]);
    dueMs = Number.POSITIVE_INFINITY;
    for (const { at } of index.all.values()) if (at.ms > nowMs + DAY_MS) dueMs = Math.min(dueMs, at.ms - DAY_MS);
    return state;
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
    onRecords(next) {
      state = next;
    },
  };
}
