import type { SegmentRow, SegmentTables } from '#core/storage/segment-tables.ts';
import type { SettledTables } from '#core/storage/settled-tables.ts';
import type { SegmentRef, VillageState } from '#domain/village/state.ts';

/** Which announced segments have a row on this disk, without looking at each of them again. */
export interface SegmentsHere {
  /** It was looked at, and its block is whole. */
  readonly has: (cid: string) => boolean;
  /** Every row, read once. */
  readonly all: () => ReadonlyMap<string, SegmentRow>;
  readonly missing: () => SegmentRef[];
  /** The block of a segment turned out to be damaged. */
  readonly onLost: (cid: string) => void;
  /** A segment was stored. */
  readonly onStored: (cid: string) => void;
  /** The store dropped what it knew. */
  readonly onDropped: () => void;
}

/** @param settled how many segments, the first ones in order, an anchored cut holds: those stay as they are */
export function createSegmentsHere(
  store: Pick<SegmentTables, 'segment' | 'segments'> & Pick<SettledTables, 'segmentsHere' | 'putSegmentsHere'>,
  state: () => VillageState,
  settled: () => number,
): SegmentsHere {
  const asked = new Map<string, SegmentRow | null>();
  let every: Map<string, SegmentRow> | undefined;
  /** The first so many were looked at; of them these are not here. */
  let looked: number | undefined;
  const absent = new Map<string, SegmentRef>();
  const row = (cid: string): SegmentRow | undefined => {
    if (every) return every.get(cid);
    let known = asked.get(cid);
    if (known === undefined) {
      known = store.segment(cid) ?? null;
      asked.set(cid, known);
    }
    return known ?? undefined;
  };
  const has = (cid: string): boolean => !(row(cid)?.lost ?? true);
  const renew = (cid: string): SegmentRow | undefined => {
    const stored = store.segment(cid);
    asked.set(cid, stored ?? null);
    if (stored) every?.set(cid, stored);
    return stored;
  };
  /** Those before stay looked at from one start to the next, as long as none of them is missing. */
  const look = (upTo: number): number => {
    let at = Math.min(looked ?? store.segmentsHere(), upTo);
    if (at < upTo) {
      for (const ref of state().segments.values(at)) {
        if (at++ >= upTo) break;
        if (store.segment(ref.cid)?.lost ?? true) absent.set(ref.cid, ref);
      }
      if (absent.size === 0) store.putSegmentsHere(upTo);
    }
    looked = upTo;
    return upTo;
  };
  return {
    has,
    all() {
      every ??= store.segments();
      return every;
    },
    missing() {
      const upTo = look(settled());
      const open = [...state().segments.values(upTo)].filter(({ cid }) => !has(cid));
      return [...absent.values(), ...open];
    },
    onLost(cid) {
      renew(cid);
      const { segments } = state();
      const [ref, place] = [segments.get(cid), segments.positionOf(cid)];
      if (!ref || place === undefined) return;
      if (place < (looked ?? 0)) absent.set(cid, ref);
      if (place < store.segmentsHere()) store.putSegmentsHere(place);
    },
    onStored(cid) {
      if (renew(cid)) absent.delete(cid);
    },
    onDropped() {
      asked.clear();
      every = undefined;
      absent.clear();
      looked = undefined;
    },
  };
}
