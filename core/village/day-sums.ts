import type { HourFact } from '#domain/energy/outlook.ts';
import { MONEY_TRUST, type TrustLevel } from '#domain/metering/trust.ts';
import {
  type EnergyTotal,
  type Interval,
  judgePiece,
  type Known,
  type Piece,
  type Span,
  totalOf,
} from '#domain/metering/vee.ts';
import type { FrameFact, ReadingRules } from '#domain/settlement/accounts.ts';
import { DAY_MS, HOUR_MS } from '#domain/time.ts';
import type { Meter } from '#domain/village/state.ts';
import { judgeCleanDay } from './clean-day.ts';
import type { MeterFrames } from './opened-days.ts';

/** What a meter's intervals come to over an hour or a day. */
export interface Point {
  /** The worst thing in it; 'none': nobody told anything. */
  readonly status: Interval['status'];
  /** Energy of the intervals whose energy is known. */
  readonly knownWh: bigint;
  /** All of them are known. */
  readonly whole: boolean;
  readonly heldWh: bigint | null;
  readonly heardMs: number;
  readonly gapMs: number;
}

export interface DayFlag {
  readonly status: 'gap' | 'spike' | 'reset' | 'accepted' | 'rejected';
  readonly fromMs: number;
  readonly toMs: number;
  readonly wh: bigint | null;
}

/** A village day of one meter, hour by hour. */
export interface MeterHours {
  readonly hours: readonly Point[];
  /** In order of time; gaps in a row are one. */
  readonly flags: readonly DayFlag[];
  readonly duplicates: readonly number[];
}

/** A village day of one meter in one line, and what joins it to the days around it. */
export interface MeterDay {
  readonly day: Point;
  /** Without spans. */
  readonly total: EnergyTotal;
  readonly spans: readonly Span[];
  readonly entry: Known | null;
  readonly exit: Piece['exit'];
  readonly duplicates: number;
  /** Spikes that wait for a decision. */
  readonly pending: number;
  /** Least trust of anything told. */
  readonly trust: TrustLevel | null;
}

export interface BatteryHour {
  readonly chargedWh: bigint;
  readonly dischargedWh: bigint;
}

/** One day of village time, judged: all that views and accounts need of its frames. */
export interface DaySums {
  readonly fromMs: number;
  readonly meters: ReadonlyMap<string, MeterDay>;
  /** What was made and used, hour by hour; null where it was not known. */
  readonly village: readonly HourFact[];
  readonly battery: readonly BatteryHour[];
}

export interface JudgedDay {
  readonly sums: DaySums;
  readonly hours: ReadonlyMap<string, MeterHours>;
}

export const NO_POINT: Point = { status: 'none', knownWh: 0n, whole: true, heldWh: null, heardMs: 0, gapMs: 0 };
const RANK: Readonly<Record<Interval['status'], number>> = {
  none: 0,
  measured: 1,
  accepted: 2,
  rejected: 3,
  gap: 4,
  reset: 5,
  spike: 6,
};

/** Energy of a point where all of it is known. */
export const wholeWh = (p: Point | undefined): bigint | null =>
  p === undefined || p.heardMs + p.gapMs === 0 || !p.whole ? null : p.knownWh;

/** One point for `intervals[from]` to before `intervals[to]`. */
function pointOf(intervals: readonly Interval[], from: number, to: number): Point {
  if (from >= to) return NO_POINT;
  let status: Interval['status'] = 'none';
  let [knownWh, heldWh] = [0n, null as bigint | null];
  let [whole, heardMs, gapMs] = [true, 0, 0];
  for (let at = from; at < to; at++) {
    const i = intervals[at] as Interval;
    if (RANK[i.status] > RANK[status]) status = i.status;
    if (i.wh !== null) knownWh += i.wh;
    else if (i.status !== 'rejected') whole = false;
    if (i.heldWh !== null) heldWh = (heldWh ?? 0n) + i.heldWh;
    if (i.status === 'gap') gapMs += i.toMs - i.fromMs;
    else heardMs += i.toMs - i.fromMs;
  }
  return { status, knownWh, whole, heldWh, heardMs, gapMs };
}

const bothOf = (a: Point, b: Point): Point =>
  b === NO_POINT
    ? a
    : {
        status: RANK[b.status] > RANK[a.status] ? b.status : a.status,
        knownWh: a.knownWh + b.knownWh,
        whole: a.whole && b.whole,
        heldWh: b.heldWh === null ? a.heldWh : (a.heldWh ?? 0n) + b.heldWh,
        heardMs: a.heardMs + b.heardMs,
        gapMs: a.gapMs + b.gapMs,
      };

/** @param intervals in order of time, all of them starting within the day */
function hoursOf(intervals: readonly Interval[], fromMs: number): Point[] {
  const hours: Point[] = [];
  let at = 0;
  for (let h = 1; h <= DAY_MS / HOUR_MS; h++) {
    const first = at;
    while (at < intervals.length && (intervals[at] as Interval).fromMs < fromMs + h * HOUR_MS) at += 1;
    hours.push(pointOf(intervals, first, at));
  }
  return hours;
}

function flagsOf(intervals: readonly Interval[]): DayFlag[] {
  const flags: DayFlag[] = [];
  for (const { status, fromMs, toMs, wh, heldWh } of intervals) {
    if (status === 'measured' || status === 'none') continue;
    const last = flags.at(-1);
    if (status === 'gap' && last?.status === 'gap' && last.toMs === fromMs) flags[flags.length - 1] = { ...last, toMs };
    else flags.push({ status, fromMs, toMs, wh: heldWh ?? wh });
  }
  return flags;
}

/**
 * Judges one day of village time.
 * @param days the UTC days that it touches
 */
export function judgeDay(
  rules: ReadingRules,
  days: readonly ReadonlyMap<string, MeterFrames>[],
  fromMs: number,
): JudgedDay {
  const meters = new Map<string, MeterDay>();
  const hours = new Map<string, MeterHours>();
  const factsOf = (id: string): FrameFact[] => days.flatMap((day) => day.get(id)?.facts() ?? []);
  const read = new Set(days.flatMap((day) => [...day.keys()]));
  // One meter after the other: what is made of one is gone before the next.
  for (const id of read) {
    const clean = days.map((day) => day.get(id)?.clean);
    const judged = judgeCleanDay(clean, fromMs) ?? judgeMeterDay(rules, id, factsOf(id), fromMs);
    if (judged.sums === null) continue;
    meters.set(id, judged.sums);
    hours.set(id, judged.hours);
  }
  const batteries = [...read].filter((id) => rules.state.meters.get(id)?.kind === 'battery');
  const given = dischargeOf(rules, batteries.flatMap(factsOf), fromMs);
  return { sums: { fromMs, meters, ...villageHours(rules, hours, given, fromMs) }, hours };
}

type JudgedMeterDay =
  | { readonly sums: MeterDay; readonly hours: MeterHours }
  | { readonly sums: null; readonly hours: null };

/**
 * Judges one day of village time of one meter.
 * @param facts its frames of the UTC days that it touches
 */
export function judgeMeterDay(
  rules: ReadingRules,
  meter: string,
  facts: readonly FrameFact[],
  fromMs: number,
): JudgedMeterDay {
  const toMs = fromMs + DAY_MS;
  const raw = rules.intervalsOf(facts, 'counted', { fromMs, toMs }).get(meter) ?? [];
  const limitW = rules.state.meters.get(meter)?.limitW ?? 0;
  const { intervals, spans, duplicates, entry, exit } = judgePiece(raw, limitW, rules.decisionsOn(meter), fromMs, toMs);
  if (intervals.length === 0 && duplicates.length === 0) return { sums: null, hours: null };
  const flags = flagsOf(intervals);
  const hours = hoursOf(intervals, fromMs);
  return {
    sums: {
      day: hours.reduce(bothOf, NO_POINT),
      total: totalOf({ intervals, spans: [], duplicates }, fromMs, toMs, MONEY_TRUST),
      spans,
      entry,
      exit,
      duplicates: duplicates.length,
      pending: flags.filter((f) => f.status === 'spike').length,
      trust: intervals.reduce<TrustLevel | null>((a, i) => (a === null || i.trust < a ? i.trust : a), null),
    },
    hours: { hours, flags, duplicates },
  };
}

/** What the batteries gave, hour by hour: the gain of their export registers. */
function dischargeOf(rules: ReadingRules, batteries: readonly FrameFact[], fromMs: number): Point[][] {
  return [...rules.intervalsOf(batteries, 'given')].map(([id, raw]) => {
    const limitW = rules.state.meters.get(id)?.limitW ?? 0;
    return hoursOf(judgePiece(raw, limitW, rules.decisionsOn(id), fromMs, fromMs + DAY_MS).intervals, fromMs);
  });
}

/** The meters that make up the village on a day: those entered by then, and those read on it. */
export const metersOfDay = (
  meters: Iterable<Meter>,
  read: { readonly has: (meter: string) => boolean },
  fromMs: number,
): Meter[] => [...meters].filter((m) => m.sinceMs < fromMs + DAY_MS || read.has(m.id));

/** Use is the site total where one is measured, else the sum of all circuits; null when a circuit of that sum is unknown. */
function villageHours(
  rules: ReadingRules,
  hours: ReadonlyMap<string, MeterHours>,
  given: readonly (readonly Point[])[],
  fromMs: number,
): Pick<DaySums, 'village' | 'battery'> {
  const present = metersOfDay(rules.state.meters.values(), hours, fromMs);
  const of = (kind: Meter['kind']) => present.filter((m) => m.kind === kind);
  const [uses, sites, makers, batteries] = [of('use'), of('site'), of('generation'), of('battery')];
  const at = (m: Meter, h: number): bigint | null => {
    const p = hours.get(m.id)?.hours[h];
    return p?.status === 'gap' ? null : wholeWh(p);
  };
  const village: HourFact[] = [];
  const battery: BatteryHour[] = [];
  for (let h = 0; h < DAY_MS / HOUR_MS; h++) {
    const madeWh = new Map<string, bigint>();
    let madeKnown = makers.length > 0;
    for (const m of makers) {
      const wh = at(m, h);
      if (wh === null) madeKnown = false;
      else if (m.source) madeWh.set(m.source, (madeWh.get(m.source) ?? 0n) + wh);
    }
    const site = totalIfKnown(sites.map((m) => at(m, h)));
    const usedWh = site ?? totalIfKnown(uses.map((m) => at(m, h)));
    village.push({ fromMs: fromMs + h * HOUR_MS, madeWh: madeKnown ? madeWh : null, usedWh });
    battery.push({
      chargedWh: totalIfKnown(batteries.map((m) => at(m, h))) ?? 0n,
      dischargedWh: given.reduce((n, points) => n + (points[h]?.knownWh ?? 0n), 0n),
    });
  }
  return { village, battery };
}

function totalIfKnown(parts: readonly (bigint | null)[]): bigint | null {
  if (parts.length === 0) return null;
  let sum = 0n;
  for (const p of parts) {
    if (p === null) return null;
    sum += p;
  }
  return sum;
}
