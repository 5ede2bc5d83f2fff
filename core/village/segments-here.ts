import type { Against, SegmentRow, SegmentTables } from '#core/storage/segment-tables.ts';
import type { SegmentTally, SettledTables } from '#core/storage/settled-tables.ts';
import { announcementOf } from '#domain/village/shelves.ts';
import type { SegmentRef, VillageState } from '#domain/village/state.ts';
import { monthOfSegment } from './fetch-choice.ts';

/** Which announced segments have a row on this disk, without looking at each of them again. */
export interface SegmentsHere {
  /** It was looked at, and its block is whole. */
  readonly has: (cid: string) => boolean;
  readonly row: (cid: string) => SegmentRow | undefined;
  /** All that is announced: what lies here whole and is settled in sums, the rest one by one. */
  readonly tally: () => { readonly whole: readonly SegmentTally[]; readonly rest: readonly SegmentRef[] };
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
  store: Pick<SegmentTables, 'segment' | 'badSegments'> &
    Pick<SettledTables, 'segmentsHere' | 'putSegmentsHere' | 'segmentTallies'>,
  state: () => VillageState,
  settled: () => number,
): SegmentsHere {
  const asked = new Map<string, SegmentRow | null>();
  /** The first so many were looked at; of them these are not here. */
  let looked: number | undefined;
  const absent = new Map<string, SegmentRef>();
  const row = (cid: string): SegmentRow | undefined => {
    let known = asked.get(cid);
    if (known === undefined) {
      known = store.segment(cid) ?? null;
      asked.set(cid, known);
    }
    return known ?? undefined;
  };
  /** What did not match one announcement is looked at anew once the device that the block names has another one. */
  const isJudged = (cid: string, { device, announcement }: Against): boolean => {
    const now = announcementOf(state().segments, cid, device)?.record;
    return now === undefined || now === announcement;
  };
  const isHere = (cid: string, known: SegmentRow | undefined): boolean =>
    known !== undefined && !known.lost && (known.against === null || isJudged(cid, known.against));
  const has = (cid: string): boolean => isHere(cid, row(cid));
  const renew = (cid: string): SegmentRow | undefined => {
    const stored = store.segment(cid);
    asked.set(cid, stored ?? null);
    return stored;
  };
  /** Those before stay looked at from one start to the next, as long as none of them is missing. */
  const look = (upTo: number): number => {
    let at = Math.min(looked ?? store.segmentsHere(), upTo);
    if (at < upTo) {
      for (const ref of state().segments.values(at)) {
        if (at++ >= upTo) break;
        if (!isHere(ref.cid, store.segment(ref.cid))) absent.set(ref.cid, ref);
      }
      if (absent.size === 0) store.putSegmentsHere(upTo);
    }
    looked = upTo;
    return upTo;
  };
  return {
    has,
    row,
    tally() {
      const { segments } = state();
      look(settled());
      const sums = new Map(store.segmentTallies().map((t) => [`${t.month} ${t.device}`, { ...t }]));
      const summed = [...sums.values()].reduce((n, t) => n + t.segments, 0);
      const apart = new Map(absent);
      for (const cid of store.badSegments()) {
        const ref = segments.get(cid);
        if (ref) apart.set(cid, ref);
      }
      const rest = [...apart.values()].filter(({ cid }) => (segments.positionOf(cid) ?? summed) < summed);
      for (const ref of rest) {
        const sum = sums.get(`${monthOfSegment(ref)} ${ref.device}`);
        if (!sum) continue;
        sum.segments -= 1;
        sum.bytes -= ref.bytes;
      }
      return { whole: [...sums.values()], rest: [...rest, ...segments.values(summed)] };
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
      absent.clear();
      looked = undefined;
    },
  };
}
