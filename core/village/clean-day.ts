import type { PlainFrame } from '#domain/metering/frame-reader.ts';
import { MONEY_TRUST, type TrustLevel } from '#domain/metering/trust.ts';
import { type FactHead, type ReadingRules, registerOf } from '#domain/settlement/accounts.ts';
import { DAY_MS, HOUR_MS } from '#domain/time.ts';
import type { Meter } from '#domain/village/state.ts';
import type { MeterDay, MeterHours, Point } from './day-sums.ts';

/**
 * A UTC day of a meter, told once and heard in every interval, none of which gained more than the line can carry: nearly
 * every day is one. What it comes to hour by hour is then all that judging it needs.
 */
export interface CleanDay {
  readonly hours: readonly CleanHour[];
  readonly trust: TrustLevel;
}
interface CleanHour {
  /** Registers where it begins and ends; what lies between may be more than one frame, each from where it begins. */
  readonly startWh: number;
  endWh: number;
  gainWh: number;
  intervals: number;
}
export interface PlainFact extends FactHead {
  readonly frame: PlainFrame;
}

/** Null where the day is to be judged interval by interval. @param facts all frames of the meter and day, in order */
export function cleanDayOf(rules: ReadingRules, facts: readonly PlainFact[], utcMs: number): CleanDay | null {
  const [first] = facts;
  const meter = first && rules.state.meters.get(first.frame.meter);
  if (!meter) return null;
  const trust = rules.trustOf(first);
  const hours: CleanHour[] = [];
  let atMs = utcMs;
  for (const fact of facts) {
    const { frame } = fact;
    const register = registerOf(meter, frame);
    const isPlain = frame.origin !== 'file' && frame.fromMs === atMs && HOUR_MS % frame.stepMs === 0 && isHeard(frame);
    if (!isPlain || !register || rules.trustOf(fact) !== trust || !rules.isOfItsDay(fact)) return null;
    if (!addHours(hours, register, frame, meter)) return null;
    atMs += frame.asked.length * frame.stepMs;
  }
  return trust >= MONEY_TRUST && atMs === utcMs + DAY_MS ? { hours, trust } : null;
}

function isHeard({ asked, answered }: PlainFrame): boolean {
  for (let i = 0; i < asked.length; i++) if (asked[i] !== 0 && answered[i] === 0) return false;
  return true;
}

/** False where a register was not heard, went back, or gained more than the line can carry. */
function addHours(
  hours: CleanHour[],
  register: readonly number[],
  { fromMs, stepMs }: PlainFrame,
  { limitW }: Meter,
): boolean {
  const mostWh = Math.floor((limitW * stepMs) / HOUR_MS);
  for (let i = 0; i + 1 < register.length; i++) {
    const [startWh, endWh] = [register[i] as number, register[i + 1] as number];
    const gainWh = endWh - startWh;
    if (!(gainWh >= 0 && gainWh <= mostWh)) return false;
    const hour = hours.at(-1);
    if (!hour || (fromMs + i * stepMs) % HOUR_MS === 0) hours.push({ startWh, endWh, gainWh, intervals: 1 });
    else {
      hour.endWh = endWh;
      hour.gainWh += gainWh;
      hour.intervals += 1;
    }
  }
  return true;
}

/**
 * A day of village time from the clean UTC days that it touches, as judging its intervals would give it; null where they
 * do not make one up whole.
 */
export function judgeCleanDay(
  days: readonly (CleanDay | null | undefined)[],
  fromMs: number,
): { readonly sums: MeterDay; readonly hours: MeterHours } | null {
  const [first, second] = days;
  const skipped = (fromMs % DAY_MS) / HOUR_MS;
  if (!first || !Number.isInteger(skipped) || (skipped > 0 && second?.trust !== first.trust)) return null;
  const hours = skipped > 0 ? [...first.hours.slice(skipped), ...(second?.hours.slice(0, skipped) ?? [])] : first.hours;
  const points = hours.map(({ gainWh }) => measured(BigInt(gainWh), HOUR_MS));
  const wh = points.reduce((sum, { knownWh }) => sum + knownWh, 0n);
  const recorded = hours.reduce((sum, { intervals }) => sum + intervals, 0);
  const { trust } = first;
  return {
    sums: {
      day: measured(wh, DAY_MS),
      total: { wh, heldWh: 0n, recorded, gaps: 0, spikes: 0, resets: 0, lowestTrust: trust },
      spans: [],
      entry: { wh: BigInt(hours[0]?.startWh ?? 0), ms: fromMs },
      exit: { wh: BigInt(hours.at(-1)?.endWh ?? 0), ms: fromMs + DAY_MS },
      duplicates: 0,
      pending: 0,
      trust,
    },
    hours: { hours: points, flags: [], duplicates: [] },
  };
}

const measured = (knownWh: bigint, heardMs: number): Point => ({
  status: 'measured',
  knownWh,
  whole: true,
  heldWh: null,
  heardMs,
  gapMs: 0,
});
