import { HOUR_MS } from '../time.ts';

/** What one hour was: energy made by source, and used. null where it was not measured. */
export interface HourFact {
  readonly fromMs: number;
  readonly madeWh: ReadonlyMap<string, bigint> | null;
  readonly usedWh: bigint | null;
}
export interface OutlookStep {
  readonly fromMs: number;
  readonly startWh: bigint;
  readonly madeWh: bigint;
  readonly usedWh: bigint;
  readonly endWh: bigint;
  readonly bySource: ReadonlyMap<string, bigint>;
}
export type Outlook =
  | { readonly known: false; readonly reason: 'under-three-days'; readonly days: number }
  | {
      readonly known: true;
      /** Whole hours until usable battery energy and expected generation no longer cover expected use. */
      readonly hours: number;
      /** It lasts to the next hour in which generation exceeds use. */
      readonly covers: boolean;
      readonly untilMs: number;
      /** Most weeks any hour's expectation was made of. */
      readonly weeks: number;
      readonly steps: readonly OutlookStep[];
    };

const WEEK = 7 * 24;
const MAX_WEEKS = 3;
const LONGEST_HOURS = 24;

/** Mean of the same hour of the same weekday over up to three weeks; without one, of the same hour of the last days. */
export function expectHour(
  facts: ReadonlyMap<number, HourFact>,
  fromMs: number,
): { readonly fact: HourFact; readonly weeks: number } | undefined {
  const at = (hoursBack: number): HourFact | undefined => {
    const f = facts.get(fromMs - hoursBack * HOUR_MS);
    return f && f.madeWh !== null && f.usedWh !== null ? f : undefined;
  };
  let found: HourFact[] = [];
  for (let w = 1; w <= MAX_WEEKS; w++) {
    const f = at(w * WEEK);
    if (f) found.push(f);
  }
  const weeks = found.length;
  for (let d = 1; weeks === 0 && d <= 7; d++) {
    const f = at(d * 24);
    if (f) found.push(f);
  }
  if (found.length === 0) return undefined;
  found = found.slice(0, 7);
  const n = BigInt(found.length);
  const made = new Map<string, bigint>();
  for (const f of found) for (const [s, wh] of f.madeWh ?? []) made.set(s, (made.get(s) ?? 0n) + wh);
  for (const [s, wh] of made) made.set(s, wh / n);
  const used = found.reduce((a, f) => a + (f.usedWh ?? 0n), 0n) / n;
  return { fact: { fromMs, madeWh: made, usedWh: used }, weeks };
}

/**
 * "Enough for tonight": walks hour by hour from now until the battery can no longer cover what generation does not, or
 * to the next hour in which expected generation exceeds expected use (after one in which it did not).
 * Of the present hour only what is left counts.
 * @param usableWh battery energy above the reserve now
 * @param facts past hours by their start
 */
export function outlook(facts: ReadonlyMap<number, HourFact>, nowMs: number, usableWh: bigint): Outlook {
  const start = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const measured = [...facts.values()].filter((f) => f.usedWh !== null && f.fromMs < start).length;
  if (measured < 3 * 24) return { known: false, reason: 'under-three-days', days: Math.floor(measured / 24) };
  const steps: OutlookStep[] = [];
  let [stored, weeks, dark] = [usableWh, 0, false];
  for (let h = 0; h < LONGEST_HOURS; h++) {
    const fromMs = start + h * HOUR_MS;
    const expected = expectHour(facts, fromMs);
    if (!expected) break;
    weeks = Math.max(weeks, expected.weeks);
    const left = BigInt(h === 0 ? HOUR_MS - (nowMs - start) : HOUR_MS);
    const part = (wh: bigint): bigint => (wh * left) / BigInt(HOUR_MS);
    const bySource = new Map([...(expected.fact.madeWh ?? [])].map(([s, wh]) => [s, part(wh)]));
    const madeWh = [...bySource.values()].reduce((a, b) => a + b, 0n);
    const usedWh = part(expected.fact.usedWh ?? 0n);
    if (dark && madeWh > usedWh) return { known: true, hours: h, covers: true, untilMs: fromMs, weeks, steps };
    if (madeWh <= usedWh) dark = true;
    const endWh = dark ? stored + madeWh - usedWh : stored;
    steps.push({ fromMs, startWh: stored, madeWh, usedWh, endWh, bySource });
    if (endWh < 0n) return { known: true, hours: h, covers: false, untilMs: fromMs, weeks, steps };
    stored = endWh;
  }
  return { known: true, hours: steps.length, covers: true, untilMs: start + steps.length * HOUR_MS, weeks, steps };
}
