import { setImmediate as immediate } from 'node:timers/promises';
import { AppError } from '#core/ports/errors.ts';
import type { SettledTables } from '#core/storage/settled-tables.ts';
import { type Chains, type Cut, lengthOf } from '#domain/books/chains.ts';
import type { KnownRecord } from '#domain/books/record.ts';
import { LayeredMap } from '#domain/layered-map.ts';
import type { RecoverSigner } from '#domain/membership/typed-data.ts';
import { type Checkpoint, genesis } from '#domain/village/epochs.ts';
import { foldAtCut, foldSettled } from '#domain/village/fold.ts';
import type { Proposal } from '#domain/village/fold-settlement.ts';
import { restand } from '#domain/village/grown.ts';
import { SHELVES } from '#domain/village/shelves.ts';
import { lanesOf, type VillageState, ZERO_HASH } from '#domain/village/state.ts';
import type { RecordIndex } from './record-index.ts';
import { settledItems } from './settled-items.ts';
import type { AtCut, StateCache } from './state-cache.ts';

/**
 * States as closes before the last checkpoint saw them, for a console that is asked about one it never came to itself:
 * folded close by close from the first on, others having their turn after each. In memory are the records of one close
 * at a time; segments are read from the rows of the present checkpoint.
 */
export interface PastStates {
  /** The state as a cut saw it that follows a close which the last checkpoint holds. Keys of audiences are not in it. */
  readonly at: (prev: string, records: Cut) => Promise<AtCut>;
  readonly stop: () => void;
}

/** Where folding came to is kept for every so many closes, and for the last one. */
const KEPT_EVERY = 12;
/** Records that are read before others have a turn. */
const READ_AT_ONCE = 200;

export interface PastSource {
  readonly village: string;
  readonly index: Pick<RecordIndex, 'find'>;
  readonly store: SettledTables;
  readonly cache: Pick<StateCache, 'state' | 'rows'>;
  readonly recover: RecoverSigner;
}

type Reached =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly missing: number };

export function createPastStates(source: PastSource): PastStates {
  const { village, index, store, cache, recover } = source;
  let reached: Checkpoint[] = [];
  let last: Promise<unknown> = Promise.resolve();
  let stopped = false;

  const turn = async (): Promise<void> => {
    await immediate();
    if (stopped) throw new AppError('CANCELLED', 'This village is being closed.');
  };
  /** What a cut adds to the chains, as far as it is here. */
  const recordsOf = async (chains: Chains, cut: Cut): Promise<KnownRecord[]> => {
    const found: KnownRecord[] = [];
    for (const [book, devices] of Object.entries(cut)) {
      for (const [device, { seq, id }] of Object.entries(devices)) {
        let left = seq - lengthOf(chains, book, device) + 1;
        for (let next: string | null = id; next !== null && left > 0; left--) {
          const record: KnownRecord | undefined = index.find(next);
          if (!record) break;
          found.push(record);
          if (found.length % READ_AT_ONCE === 0) await turn();
          next = record.prev;
        }
      }
    }
    return found;
  };
  /** Without what no account asks for, and on rows as far as they tell the same. */
  const lighten = (checkpoint: Checkpoint): Checkpoint => {
    const rows = cache.rows();
    const { segments } = checkpoint.state;
    const isOnRows = rows !== undefined && segments.size <= rows.segments;
    return restand(checkpoint, (map, kind) => {
      if (kind === 'keyShares') return map.standingOn(new LayeredMap<never>(SHELVES.keyShares));
      return kind === 'segments' && isOnRows ? map.standingOn(settledItems(store, kind, rows.cut, segments.size)) : map;
    });
  };
  const goOn = async (from: Checkpoint, close: Proposal): Promise<Reached> => {
    await turn();
    const at = foldSettled(from, await recordsOf(from.chains, close.cut.records), close, recover);
    return at.ok ? { ok: true, checkpoint: lighten(at.checkpoint) } : at;
  };
  const reach = async (digest: string): Promise<Reached> => {
    const state = cache.state();
    const count = digest === ZERO_HASH ? 0 : state.epochs.findIndex((e) => e.close === digest) + 1;
    const isOfLine = (c: Checkpoint): boolean => c.epochs.at(-1)?.hash === state.epochs[c.epochs.length - 1]?.hash;
    reached = reached.filter(isOfLine);
    let at = reached.findLast((c) => c.epochs.length <= count) ?? genesis(village);
    for (const epoch of state.epochs.slice(at.epochs.length, count)) {
      const close = proposalOf(state, epoch.close);
      const next: Reached = close ? await goOn(at, close) : { ok: false, missing: 1 };
      if (!next.ok) return next;
      at = next.checkpoint;
      if (at.epochs.at(-1)?.hash !== epoch.hash) return { ok: false, missing: 0 };
      const isKept = (c: Checkpoint): boolean =>
        c.epochs.length % KEPT_EVERY === 0 && c.epochs.length !== at.epochs.length;
      reached = [...reached.filter(isKept), at].sort((a, b) => a.epochs.length - b.epochs.length);
    }
    return { ok: true, checkpoint: at };
  };
  const stateAt = async (prev: string, records: Cut): Promise<AtCut> => {
    const base = await reach(prev);
    if (!base.ok) return base;
    const { checkpoint } = base;
    await turn();
    const known = await recordsOf(checkpoint.chains, records);
    const at = foldAtCut(checkpoint, known, { prev, cut: { records } }, recover);
    return at.ok ? { ok: true, state: at.state, checkpoint: null } : at;
  };
  return {
    at(prev, records) {
      const asked = last.then(() => stateAt(prev, records));
      last = asked.catch(() => undefined);
      return asked;
    },
    stop() {
      stopped = true;
    },
  };
}

function proposalOf(state: VillageState, digest: string): Proposal | undefined {
  const close = state.closes.get(digest);
  if (!close) return undefined;
  const { month, prev, root, cut } = close;
  return { month, prev, root, cut, digest, lanes: [...lanesOf(state, digest)] };
}
