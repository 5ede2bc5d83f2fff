import { createHash } from 'node:crypto';
import type { SegmentRow } from '#core/storage/segment-tables.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import { type ReadingRules, readingRules } from '#domain/settlement/accounts.ts';
import { DAY_MS, dayOf, dayStart, type Month, monthSpan, UTC } from '#domain/time.ts';
import { segmentsWithin } from '#domain/village/shelves.ts';
import type { Meter, SegmentRef, VillageState } from '#domain/village/state.ts';
import { DAY_FORMAT } from './day-codec.ts';

/** Fingerprints of what each day is made from, by a state and without opening a frame. */
export interface DayInputs {
  readonly rules: ReadingRules;
  /** Stamps of months, as long as the tables are those that this is made from. */
  readonly stamps: () => ((month: Month) => string) | undefined;
  /** The day of village time that starts at `fromMs`; '' where no segment touches it. */
  readonly of: (fromMs: number) => string;
  /** What a day depends on of a meter. */
  readonly meter: (id: string) => string;
  /** The first and the last UTC day that segments are of. */
  readonly span: { readonly firstMs: number; readonly lastMs: number } | undefined;
  /** The first UTC month whose readings of [fromMs, toMs) are not on this disk any more. */
  readonly awayIn: (fromMs: number, toMs: number) => Month | undefined;
}

/** What this disk knows of segments. */
export interface SegmentsKept {
  /** The tables are as they were when this was made. */
  readonly isPresent: () => boolean;
  readonly row: (cid: string) => SegmentRow | undefined;
  /** UTC months of which something may be away. */
  readonly awayMonths: readonly Month[];
}

export function segmentsKept(store: Pick<VillageStore, 'segment' | 'archivedMonths' | 'segmentChanges'>): SegmentsKept {
  const asked = new Map<string, SegmentRow | null>();
  const changes = store.segmentChanges();
  return {
    isPresent: () => store.segmentChanges() === changes,
    row(cid) {
      let row = asked.get(cid);
      if (row === undefined) {
        row = store.segment(cid) ?? null;
        asked.set(cid, row);
      }
      return row ?? undefined;
    },
    awayMonths: [...store.archivedMonths().values()].flatMap(({ month, place }) => (place === 'here' ? [] : [month])),
  };
}

/**
 * What days before an instant are made of, by what may have changed since the checkpoint that the state stands on: equal
 * stamps, equal days.
 */
export function olderStamp(state: VillageState, beforeMs: number): string {
  const before = dayOf(beforeMs, UTC);
  const segments = [...state.segments.laid().fresh].flatMap(([cid, s]) =>
    s.day < before ? [`${cid} ${s.device}`] : [],
  );
  const { changed, fresh } = state.decisions.laid();
  const decisions = [...changed.values(), ...fresh.values()].flatMap((d) =>
    d.fromMs < beforeMs ? [`${d.meter} ${d.fromMs} ${d.action}`] : [],
  );
  const settled = `${DAY_FORMAT} ${state.epochs.length} ${state.vouched.size}`;
  return fingerprint(settled, ...[...state.meters.values()].map(metaOf), ...segments, ...decisions);
}

/** How a segment enters: undefined while nothing of it counts. One that was put away keeps the mark it had. */
export function markOf({ cid, device }: SegmentRef, kept: SegmentsKept, state: VillageState): string | undefined {
  const row = kept.row(cid);
  if (row?.state !== 'verified') return undefined;
  return `${cid} ${device.slice(0, 16)} ${row.locked}${state.vouched.has(cid) ? '+' : ''}`;
}

export const fingerprint = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\n')).digest('base64url');

export const metaOf = (m: Meter): string => `${m.id} ${m.kind} ${m.source ?? ''} ${m.limitW}`;

export function dayInputs(state: VillageState, kept: SegmentsKept, stamps: DayInputs['stamps']): DayInputs {
  const marks = new Map<string, readonly string[]>();
  const marksOn = (day: string): readonly string[] => {
    const known = marks.get(day);
    if (known) return known;
    const made = [...state.segments.within(day, day)].flatMap(([, ref]) => markOf(ref, kept, state) ?? []);
    marks.set(day, made);
    return made;
  };
  const meters = [...state.meters.values()].sort((a, b) => a.sinceMs - b.sinceMs || (a.id < b.id ? -1 : 1));
  const metersUntil = new Map<number, string>();
  const made = new Map<number, string>();
  const make = (fromMs: number): string => {
    const first = Math.floor(fromMs / DAY_MS) * DAY_MS;
    const days = first === fromMs ? [first] : [first, first + DAY_MS];
    const touching = days.flatMap((ms) => marksOn(dayOf(ms, UTC)));
    if (touching.length === 0) return '';
    const present = countBefore(meters, (m) => m.sinceMs, fromMs + DAY_MS);
    let known = metersUntil.get(present);
    if (known === undefined) {
      known = fingerprint(...meters.slice(0, present).map(metaOf));
      metersUntil.set(present, known);
    }
    const decided = days
      .flatMap((ms) => [...state.decisions.within(dayOf(ms, UTC), dayOf(ms, UTC))])
      .map(([, d]) => d)
      .filter((d) => d.fromMs >= fromMs && d.fromMs < fromMs + DAY_MS)
      .sort((a, b) => a.fromMs - b.fromMs || (a.meter < b.meter ? -1 : 1))
      .map((d) => `${d.meter} ${d.fromMs} ${d.action}`);
    return fingerprint(`${DAY_FORMAT} ${fromMs}`, known, ...touching, ...decided);
  };
  return {
    rules: readingRules(state),
    stamps,
    of(fromMs) {
      let inputs = made.get(fromMs);
      if (inputs === undefined) {
        inputs = make(fromMs);
        made.set(fromMs, inputs);
      }
      return inputs;
    },
    meter(id) {
      const m = state.meters.get(id);
      return m ? metaOf(m) : '';
    },
    span: spanOf(state),
    awayIn(fromMs, toMs) {
      for (const month of kept.awayMonths) {
        const { from, to } = monthSpan(month, UTC);
        for (const { cid, day } of segmentsWithin(state, Math.max(from, fromMs - DAY_MS), Math.min(to, toMs))) {
          const at = dayStart(day, UTC);
          if (at + DAY_MS > fromMs && at < toMs && kept.row(cid)?.away) return month;
        }
      }
      return undefined;
    },
  };
}

function spanOf({ segments }: VillageState): DayInputs['span'] {
  const [first, last] = [segments.firstShelf(), segments.lastShelf()];
  if (first === undefined || last === undefined) return undefined;
  return { firstMs: dayStart(first, UTC), lastMs: dayStart(last, UTC) };
}

/** How many of a sorted list lie before `ms`. */
function countBefore<T>(sorted: readonly T[], at: (t: T) => number, ms: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(sorted[middle] as T) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
