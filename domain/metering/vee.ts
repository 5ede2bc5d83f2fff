import { HOUR_MS } from '../time.ts';
import { MONEY_TRUST, type TrustLevel } from './trust.ts';

/** Validation, estimation, editing: interval energy from differences of cumulative registers. Raw is never overwritten. */
export type IntervalStatus = 'measured' | 'gap' | 'spike' | 'reset' | 'accepted' | 'rejected' | 'none';

/** One interval as one frame tells it. Register values at both edges, null where nobody heard the meter. */
export interface RawInterval {
  readonly fromMs: number;
  readonly toMs: number;
  readonly startWh: bigint | null;
  readonly endWh: bigint | null;
  /** Polls asked and answered strictly inside. */
  readonly asked: number;
  readonly answered: number;
  readonly trust: TrustLevel;
  /** Where it comes from: orders overlapping sources (earlier in the chain first). */
  readonly segment: string;
  readonly order: number;
  /** A logger file counts from a zero of its own, so its registers say nothing beside the meter's. */
  readonly ownZero: boolean;
}

export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
  readonly status: IntervalStatus;
  /** Energy that counts; null where nobody knows or where it is held. */
  readonly wh: bigint | null;
  /** Energy held back until a person decides. */
  readonly heldWh: bigint | null;
  readonly trust: TrustLevel;
  readonly segment: string;
}

/**
 * Energy the register gained over hours in which nobody heard the meter: the total is known, its shape is not. Both ends
 * are readings that may become money.
 */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly wh: bigint;
  readonly held: boolean;
}

/** What people decided on held intervals of one meter, by start. */
export type Decisions = Pick<ReadonlyMap<number, Decision>, 'get'>;
export interface Decision {
  readonly fromMs: number;
  readonly action: 'accept' | 'reject';
}

export interface MeterHistory {
  readonly intervals: readonly Interval[];
  readonly spans: readonly Span[];
  /** Starts of intervals that a second frame also covered; the other is shown, never added. */
  readonly duplicates: readonly number[];
}

/** Most energy a line can carry in a time, Wh. */
export const limitWh = (limitW: number, ms: number): bigint => (BigInt(limitW) * BigInt(ms)) / BigInt(HOUR_MS);

const compare = (a: number | bigint, b: number | bigint): number => (a < b ? -1 : a > b ? 1 : 0);

const heard = (r: RawInterval): boolean => r.startWh !== null && r.endWh !== null && (r.asked === 0 || r.answered > 0);
const tells = (r: RawInterval): boolean => heard(r) && r.trust >= MONEY_TRUST;

/** What tells an energy that may count beats a gap; then higher trust, then earlier in the chain; the rest only makes the order of two frames of one segment no accident. */
const byPrecedence = (a: RawInterval, b: RawInterval): number =>
  Number(tells(b)) - Number(tells(a)) ||
  b.trust - a.trust ||
  compare(a.order, b.order) ||
  a.fromMs - b.fromMs ||
  a.toMs - b.toMs ||
  b.answered - a.answered ||
  compare(a.endWh ?? -1n, b.endWh ?? -1n) ||
  compare(a.startWh ?? -1n, b.startWh ?? -1n) ||
  a.asked - b.asked;

/** Picks one source for every time: what overlaps one that precedes it is a duplicate. */
function pickOne(raw: readonly RawInterval[]): {
  readonly kept: readonly RawInterval[];
  readonly duplicates: number[];
} {
  if (raw.every((r, i) => (raw[i - 1]?.toMs ?? r.fromMs) <= r.fromMs)) return { kept: raw, duplicates: [] };
  const kept: RawInterval[] = [];
  const duplicates: number[] = [];
  for (const r of [...raw].sort(byPrecedence)) {
    const at = firstFrom(kept, r.fromMs);
    const isFree = (kept[at - 1]?.toMs ?? r.fromMs) <= r.fromMs && (kept[at]?.fromMs ?? r.toMs) >= r.toMs;
    if (isFree) kept.splice(at, 0, r);
    else duplicates.push(r.fromMs);
  }
  return { kept, duplicates: duplicates.sort((a, b) => a - b) };
}

/** Index of the first interval that starts at or after `ms`, in a list sorted by start. */
function firstFrom(sorted: readonly { readonly fromMs: number }[], ms: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as { readonly fromMs: number }).fromMs < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A register that may become money, and when it stood there. */
export interface Known {
  readonly wh: bigint;
  readonly ms: number;
}

/** A piece of a meter's history judged by itself, and what it needs to be joined to the pieces around it. */
export interface Piece extends MeterHistory {
  /** The first register of the piece that may become money: what was known before makes a span with it. */
  readonly entry: Known | null;
  /** What is known after the piece; 'as-before' where it tells nothing. */
  readonly exit: Known | null | 'as-before';
}

/**
 * Judges the intervals of a meter that start in [fromMs, toMs), in order of time. Pieces side by side, joined with
 * {@link joinPieces}, are the history judged in one.
 * @param raw everything told of the UTC days that the piece touches: no interval crosses midnight UTC
 * @param limitW what the line can carry; more energy than limit x time is a spike and held
 * @param decisions what people decided on held intervals, by start
 */
export function judgePiece(
  raw: readonly RawInterval[],
  limitW: number,
  decisions: Decisions,
  fromMs = Number.NEGATIVE_INFINITY,
  toMs = Number.POSITIVE_INFINITY,
): Piece {
  const { kept, duplicates } = pickOne(raw);
  const intervals: Interval[] = [];
  const spans: Span[] = [];
  const judge = intervalJudge(limitW, decisions);
  let entry: Known | null = null;
  let known: Known | null | 'as-before' = 'as-before';
  const reach = (wh: bigint, ms: number): void => {
    if (known === 'as-before') entry = { wh, ms };
    else if (known && known.ms === ms && known.wh === wh) return;
    else spans.push(...spanBetween(known, { wh, ms }, limitW, decisions));
    known = { wh, ms };
  };
  for (const r of kept) {
    if (r.fromMs < fromMs || r.fromMs >= toMs) continue;
    const counts = r.trust >= MONEY_TRUST && !r.ownZero;
    const isHeard = heard(r);
    // What a file counted lies inside the meter's next difference: no span may hold it a second time.
    if (r.ownZero && r.trust >= MONEY_TRUST && isHeard) known = null;
    if (counts && r.startWh !== null) reach(r.startWh, r.fromMs);
    intervals.push(judge(r, isHeard));
    if (!counts || r.endWh === null) continue;
    if (isHeard) known = { wh: r.endWh, ms: r.toMs };
    else reach(r.endWh, r.toMs);
  }
  return { intervals, spans, duplicates: duplicates.filter((ms) => ms >= fromMs && ms < toMs), entry, exit: known };
}

/** The history of pieces side by side, in order of time. `before`: what was known at their start. */
export function joinPieces(
  pieces: readonly Piece[],
  limitW: number,
  decisions: Decisions,
  before: Known | null = null,
): MeterHistory & { readonly known: Known | null } {
  const spans: Span[] = [];
  let known = before;
  for (const p of pieces) {
    spans.push(...spanBetween(known, p.entry, limitW, decisions), ...p.spans);
    if (p.exit !== 'as-before') known = p.exit;
  }
  return {
    intervals: pieces.flatMap((p) => p.intervals),
    spans,
    duplicates: pieces.flatMap((p) => p.duplicates),
    known,
  };
}

/** Judges one interval after the other. */
function intervalJudge(limitW: number, decisions: Decisions): (r: RawInterval, isHeard: boolean) => Interval {
  let limit = { ms: -1, wh: 0n };
  return (r, isHeard) => {
    const { fromMs, toMs, trust, segment } = r;
    const told = (status: IntervalStatus, wh: bigint | null, heldWh: bigint | null): Interval => ({
      fromMs,
      toMs,
      status,
      wh,
      heldWh,
      trust,
      segment,
    });
    if (!isHeard) return told('gap', null, null);
    const wh = (r.endWh as bigint) - (r.startWh as bigint);
    if (wh < 0n) return told('reset', null, null);
    if (limit.ms !== toMs - fromMs) limit = { ms: toMs - fromMs, wh: limitWh(limitW, toMs - fromMs) };
    if (wh <= limit.wh) return told('measured', wh, null);
    const decision = decisions.get(fromMs);
    if (!decision) return told('spike', null, wh);
    return decision.action === 'accept' ? told('accepted', wh, null) : told('rejected', null, null);
  };
}

/** What a register gained while nobody heard the meter: none where it stood, went back, or was heard all along. */
export function spanBetween(from: Known | null, to: Known | null, limitW: number, decisions: Decisions): Span[] {
  if (!from || !to || from.ms >= to.ms || to.wh <= from.wh) return [];
  const wh = to.wh - from.wh;
  const over = wh > limitWh(limitW, to.ms - from.ms);
  const decision = decisions.get(from.ms);
  if (over && decision?.action === 'reject') return [];
  return [{ fromMs: from.ms, toMs: to.ms, wh, held: over && decision?.action !== 'accept' }];
}

export interface EnergyTotal {
  /** Counted energy: measured, accepted, and spans. */
  readonly wh: bigint;
  readonly heldWh: bigint;
  /** Intervals of the period with known energy, held or not. */
  readonly recorded: number;
  readonly gaps: number;
  readonly spikes: number;
  readonly resets: number;
  readonly lowestTrust: TrustLevel | null;
}

/**
 * Sums a meter's history over [from, to): intervals that start in it, spans that end in it. `minTrust`: what lies below
 * is shown, never counted.
 */
export function totalOf(history: MeterHistory, from: number, to: number, minTrust: TrustLevel): EnergyTotal {
  let [wh, heldWh] = [0n, 0n];
  let [recorded, gaps, spikes, resets] = [0, 0, 0, 0];
  let lowest: TrustLevel | null = null;
  for (let at = firstFrom(history.intervals, from); at < history.intervals.length; at++) {
    const i = history.intervals[at] as Interval;
    if (i.fromMs >= to) break;
    if (i.trust < minTrust) continue;
    if (i.status === 'gap') gaps += 1;
    else recorded += 1;
    if (i.status === 'spike') spikes += 1;
    if (i.status === 'reset') resets += 1;
    if (i.heldWh !== null) heldWh += i.heldWh;
    if (i.wh === null) continue;
    wh += i.wh;
    if (lowest === null || i.trust < lowest) lowest = i.trust;
  }
  const inSpans = spanTotal(history.spans, from, to);
  wh += inSpans.wh;
  heldWh += inSpans.heldWh;
  return { wh, heldWh, recorded, gaps, spikes, resets, lowestTrust: lowest };
}

/** Energy of the spans that end in (from, to]. */
export function spanTotal(spans: readonly Span[], from: number, to: number): Pick<EnergyTotal, 'wh' | 'heldWh'> {
  let [wh, heldWh] = [0n, 0n];
  for (const s of spans) {
    if (s.toMs <= from || s.toMs > to) continue;
    if (s.held) heldWh += s.wh;
    else wh += s.wh;
  }
  return { wh, heldWh };
}

export const NO_ENERGY: EnergyTotal = {
  wh: 0n,
  heldWh: 0n,
  recorded: 0,
  gaps: 0,
  spikes: 0,
  resets: 0,
  lowestTrust: null,
};

export const addTotals = (a: EnergyTotal, b: EnergyTotal): EnergyTotal => ({
  wh: a.wh + b.wh,
  heldWh: a.heldWh + b.heldWh,
  recorded: a.recorded + b.recorded,
  gaps: a.gaps + b.gaps,
  spikes: a.spikes + b.spikes,
  resets: a.resets + b.resets,
  lowestTrust:
    a.lowestTrust === null || (b.lowestTrust !== null && b.lowestTrust < a.lowestTrust) ? b.lowestTrust : a.lowestTrust,
});
