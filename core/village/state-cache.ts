import { verifyEd25519 } from '#core/crypto/device-keys.ts';
import { AppError } from '#core/ports/errors.ts';
import { type Cut, extend, followCut, holds, positionsOf } from '#domain/books/chains.ts';
import { type KnownRecord, openRecord, type SignedRecord } from '#domain/books/record.ts';
import type { RecoverSigner } from '#domain/membership/typed-data.ts';
import { DAY_MS } from '#domain/time.ts';
import { type Checkpoint, genesis, type OnCut } from '#domain/village/epochs.ts';
import { FROZEN, foldAtCut, foldRecords } from '#domain/village/fold.ts';
import { agreedChain } from '#domain/village/fold-settlement.ts';
import { type VillageState, ZERO_HASH } from '#domain/village/state.ts';
import type { RecordIndex } from './record-index.ts';

/** What is computed from the books, kept until they change. */
export interface StateCache {
  readonly state: () => VillageState;
  /** The state as a cut saw it. */
  readonly atCut: (prev: string, records: Cut) => OnCut;
  /** All that a close on the present head may count: what is due and not of a frozen device. */
  readonly nameCut: () => Cut;
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
  /** Where folds begin: the last anchored cut. */
  let from = genesis(village);
  /** When the next record whose clock is ahead comes to count. */
  let dueMs = Number.POSITIVE_INFINITY;

  const fold = (records: readonly KnownRecord[]) => foldRecords(village, records, { nowMs: now(), recover, from });
  const current = (): VillageState => {
    if (state && now() < dueMs) return state;
    const nowMs = now();
    const records = [...index.all.values()];
    const folded = fold(records);
    ({ state, checkpoint: from } = folded);
    dueMs = Number.POSITIVE_INFINITY;
    for (const { at } of records) if (at.ms > nowMs + DAY_MS) dueMs = Math.min(dueMs, at.ms - DAY_MS);
    return state;
  };
  /** Closes before the checkpoint are followed from the first record on. */
  const baseOf = (prev: string): Checkpoint => {
    const passed = prev === ZERO_HASH ? from.settled !== prev : from.epochs.slice(0, -1).some((e) => e.close === prev);
    return passed ? genesis(village) : from;
  };
  return {
    state: current,
    atCut(prev, records) {
      current();
      return foldAtCut(baseOf(prev), [...index.all.values()], { prev, cut: { records } }, recover);
    },
    nameCut() {
      const present = current();
      const line = agreedChain(present.closes.values());
      const open = line.slice(line.findIndex((c) => c.digest === from.settled) + 1);
      let { chains } = from;
      for (const close of open) {
        const followed = followCut(chains, close.cut.records, (id) => index.all.get(id));
        if (followed.ok) chains = extend(chains, followed.records);
      }
      const mayName = (r: KnownRecord): boolean =>
        r.at.ms <= now() + DAY_MS && present.onHold.get(r.id) !== FROZEN && !holds(chains, r);
      return positionsOf(chains, index.all.values(), mayName);
    },
    judge(signed) {
      const opened = openRecord(signed, verifyEd25519);
      if (!opened.ok) throw new AppError('INTERNAL', `This console made a bad record: ${opened.reason}.`);
      const next = fold([...index.all.values(), opened.record]).state;
      const reason = next.onHold.get(opened.record.id);
      if (reason === undefined) return next;
      throw new AppError('NOT_ALLOWED', `The books do not take this: ${reason}.`, { data: { reason } });
    },
    onRecords(next) {
      state = next;
    },
  };
}
