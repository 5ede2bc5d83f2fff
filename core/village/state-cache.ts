import { nativeSha256 } from '#core/crypto/native-sha256.ts';
import { verifyEd25519 } from '#core/ports/ed25519.ts';
import { AppError } from '#core/ports/errors.ts';
import { type Cut, extend, followCut, holds, positionsOf } from '#domain/books/chains.ts';
import { type KnownRecord, openRecord, type SignedRecord } from '#domain/books/record.ts';
import type { RecoverSigner } from '#domain/membership/typed-data.ts';
import { DAY_MS } from '#domain/time.ts';
import { type Checkpoint, genesis } from '#domain/village/epochs.ts';
import { type Folded, FROZEN, foldAtCut, foldRecords } from '#domain/village/fold.ts';
import { agreedChain } from '#domain/village/fold-settlement.ts';
import { checkpointHash } from '#domain/village/snapshot.ts';
import { type VillageState, ZERO_HASH } from '#domain/village/state.ts';
import type { RecordIndex } from './record-index.ts';

/** The state as a cut saw it, or how many records that it names are not here. */
export type AtCut =
  | {
      readonly ok: true;
      readonly state: VillageState;
      /** Hash of the checkpoint that a close with this cut has to name; null once the close is settled. */
      readonly checkpoint: string | null;
    }
  | { readonly ok: false; readonly missing: number };

export interface Judged {
  readonly records: readonly KnownRecord[];
  readonly next: Folded;
}

/** What is computed from the books, kept until they change. */
export interface StateCache {
  readonly state: () => VillageState;
  /** A close with this cut that follows `prev` lies before the last checkpoint. */
  readonly isPassed: (prev: string, records: Cut) => boolean;
  /** The state as a cut saw it that follows a close which is not passed. */
  readonly atCut: (prev: string, records: Cut) => AtCut;
  /** All that a close on the present head may count: what is due and not of a frozen device. */
  readonly nameCut: () => Cut;
  /** The state with these records too. Errors: NOT_ALLOWED when the books would not take all of them. */
  readonly judge: (signed: readonly SignedRecord[]) => Judged;
  /** The records changed; `next` is the state they make, where it is known. */
  readonly onRecords: (next?: Folded) => void;
  /** The cut at which rows hold the present checkpoint, and how many segments; undefined while they hold another. */
  readonly rows: () => { readonly cut: number; readonly segments: number } | undefined;
  /** The state stands on the rows of the checkpoint that was kept last. */
  readonly isOnRows: (of: Pick<VillageState, 'segments'>) => boolean;
  /** Begins at a checkpoint: at the one that was kept, or at one that is about to be. */
  readonly restore: (checkpoint: Checkpoint, isKept: boolean) => void;
  readonly checkpoint: () => Checkpoint;
  /** The same checkpoint in another place: what was folded from it stays. */
  readonly stand: (checkpoint: Checkpoint) => void;
}

export interface StateSource {
  readonly village: string;
  readonly index: RecordIndex;
  readonly recover: RecoverSigner;
  readonly now: () => number;
  /** Another close was anchored; with the checkpoint that it follows. */
  readonly onCheckpoint: (before: Checkpoint | undefined) => void;
}

export function createStateCache(source: StateSource): StateCache {
  const { village, index, recover, now } = source;
  let state: VillageState | undefined;
  /** Where folds begin: the last anchored cut. */
  let from = genesis(village);
  let isKept = true;
  /** When the next record whose clock is ahead comes to count. */
  let dueMs = Number.POSITIVE_INFINITY;

  const fold = (records: readonly KnownRecord[]) => foldRecords(village, records, { nowMs: now(), recover, from });
  const take = (folded: Folded): VillageState => {
    const moved = folded.checkpoint !== from;
    from = folded.checkpoint;
    if (moved) source.onCheckpoint(folded.before);
    return folded.state;
  };
  const current = (): VillageState => {
    if (state && now() < dueMs) return state;
    const nowMs = now();
    const records = [...index.outside.values()];
    state = take(fold(records));
    dueMs = Number.POSITIVE_INFINITY;
    for (const { at } of records) if (at.ms > nowMs + DAY_MS) dueMs = Math.min(dueMs, at.ms - DAY_MS);
    return state;
  };
  const isOfLast = (records: Cut): boolean => current().closes.get(from.settled)?.cut.records === records;
  const isPassed = (prev: string): boolean =>
    prev === ZERO_HASH ? from.settled !== prev : from.epochs.slice(0, -1).some((e) => e.close === prev);
  return {
    state: current,
    isPassed: (prev, records) => !isOfLast(records) && isPassed(prev),
    atCut(prev, records) {
      if (isOfLast(records)) return { ok: true, state: from.state, checkpoint: null };
      const cut = { prev, cut: { records } };
      const at = foldAtCut(from, [...index.outside.values()], cut, recover);
      // A cut would make final what does not count here because a key is in two hands.
      const { onHold } = current();
      if (!at.ok || at.records.some((r) => onHold.get(r.id) === FROZEN))
        return { ok: false, missing: at.ok ? 0 : at.missing };
      return { ok: true, state: at.state, checkpoint: checkpointHash(at.base, nativeSha256) };
    },
    nameCut() {
      const present = current();
      const line = agreedChain(present.closes.values());
      const open = line.slice(line.findIndex((c) => c.digest === from.settled) + 1);
      let { chains } = from;
      for (const close of open) {
        const followed = followCut(chains, close.cut.records, (id) => index.outside.get(id));
        if (followed.ok) chains = extend(chains, followed.records);
      }
      const mayName = (r: KnownRecord): boolean =>
        r.at.ms <= now() + DAY_MS && present.onHold.get(r.id) !== FROZEN && !holds(chains, r);
      return positionsOf(chains, index.outside.values(), mayName);
    },
    judge(signed) {
      const records = signed.map((one) => {
        const opened = openRecord(one, verifyEd25519);
        if (!opened.ok) throw new AppError('INTERNAL', `This console made a bad record: ${opened.reason}.`);
        return opened.record;
      });
      const next = fold([...index.outside.values(), ...records]);
      for (const { id } of records) {
        const reason = next.state.onHold.get(id);
        if (reason !== undefined)
          throw new AppError('NOT_ALLOWED', `The books do not take this: ${reason}.`, { data: { reason } });
      }
      return { records, next };
    },
    onRecords(next) {
      state = next && take(next);
    },
    rows: () => (isKept ? { cut: from.epochs.length, segments: from.state.segments.below.size } : undefined),
    isOnRows: (of) => isKept && of.segments.below === from.state.segments.below,
    restore(checkpoint, is) {
      from = checkpoint;
      isKept = is;
      state = undefined;
    },
    checkpoint: () => from,
    stand(checkpoint) {
      from = checkpoint;
      isKept = true;
    },
  };
}
