import { createHash } from 'node:crypto';
import type { VillageStore } from '#core/storage/village-store.ts';
import { type ReadingRules, readingRules } from '#domain/settlement/accounts.ts';
import { DAY_MS, dayOf, dayStart, type Month, monthOf, UTC } from '#domain/time.ts';
import type { Meter, VillageState } from '#domain/village/state.ts';
import { DAY_FORMAT } from './day-codec.ts';

/** Fingerprints of what each day is made from, by a state and without opening a frame. */
export interface DayInputs {
  readonly rules: ReadingRules;
  /** The day of village time that starts at `fromMs`; '' where no segment touches it. */
  readonly of: (fromMs: number) => string;
  /** What a day depends on of a meter. */
  readonly meter: (id: string) => string;
  /** Days of village time that segments touch, oldest first. */
  readonly days: readonly number[];
  /** The first UTC month whose readings of [fromMs, toMs) are not on this disk any more. */
  readonly awayIn: (fromMs: number, toMs: number) => Month | undefined;
}

type Segments = ReturnType<VillageStore['segments']>;

/** How a segment enters: undefined while nothing of it counts. One that was put away keeps the mark it had. */
function markOf(cid: string, segments: Segments, vouched: ReadonlySet<string>): string | undefined {
  const row = segments.get(cid);
  if (row?.state !== 'verified') return undefined;
  return `${cid} ${row.locked}${vouched.has(cid) ? '+' : ''}`;
}

export const fingerprint = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\n')).digest('base64url');

const metaOf = (m: Meter): string => `${m.id} ${m.kind} ${m.source ?? ''} ${m.limitW}`;

export function dayInputs(state: VillageState, segments: Segments): DayInputs {
  const vouched = new Set([...state.entries.values()].filter((e) => e.vouched !== null).flatMap((e) => e.segments));
  const marks = new Map<string, string[]>();
  const away = new Set<number>();
  for (const { cid, day } of state.segments.values()) {
    const mark = markOf(cid, segments, vouched);
    if (mark !== undefined) push(marks, day, mark);
    if (segments.get(cid)?.away) away.add(dayStart(day, UTC));
  }
  const meters = [...state.meters.values()].sort((a, b) => a.sinceMs - b.sinceMs || (a.id < b.id ? -1 : 1));
  const decisions = [...state.decisions.values()].sort((a, b) => a.fromMs - b.fromMs || (a.meter < b.meter ? -1 : 1));
  const zone = { offsetMin: state.founding?.zoneOffsetMin ?? 0 };
  const touched = new Set<number>();
  for (const day of marks.keys()) {
    const ms = dayStart(day, UTC);
    for (const at of [ms, ms + DAY_MS - 1]) touched.add(dayStart(dayOf(at, zone), zone));
  }
  const metersUntil = new Map<number, string>();
  const made = new Map<number, string>();
  const make = (fromMs: number): string => {
    const first = Math.floor(fromMs / DAY_MS) * DAY_MS;
    const days = first === fromMs ? [first] : [first, first + DAY_MS];
    const touching = days.flatMap((ms) => marks.get(dayOf(ms, UTC)) ?? []);
    if (touching.length === 0) return '';
    const present = countBefore(meters, (m) => m.sinceMs, fromMs + DAY_MS);
    let known = metersUntil.get(present);
    if (known === undefined) {
      known = fingerprint(...meters.slice(0, present).map(metaOf));
      metersUntil.set(present, known);
    }
    const decided = decisions
      .slice(
        countBefore(decisions, (d) => d.fromMs, fromMs),
        countBefore(decisions, (d) => d.fromMs, fromMs + DAY_MS),
      )
      .map((d) => `${d.meter} ${d.fromMs} ${d.action}`);
    return fingerprint(`${DAY_FORMAT} ${fromMs}`, known, ...touching, ...decided);
  };
  return {
    rules: readingRules(state),
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
    days: [...touched].sort((a, b) => a - b),
    awayIn(fromMs, toMs) {
      let first: number | undefined;
      for (const at of away) if (at + DAY_MS > fromMs && at < toMs) first = Math.min(at, first ?? at);
      return first === undefined ? undefined : monthOf(first, UTC);
    },
  };
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
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
