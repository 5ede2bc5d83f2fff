import { createBreath } from '#core/breath.ts';
import type { ReadingTables } from '#core/storage/reading-tables.ts';
import type { Known } from '#domain/metering/vee.ts';
import { DAY_MS } from '#domain/time.ts';
import type { DayInputs } from './day-inputs.ts';
import type { JudgedDays } from './judged-days.ts';

/**
 * What is known of each meter where a day of village time begins, found backwards: of most meters the day before tells
 * it. The same as following the meters from the first day, without judging the days in between.
 */
export async function knownBefore(
  store: Pick<ReadingTables, 'lastFrames'>,
  days: Pick<JudgedDays, 'sums'>,
  inputs: DayInputs,
  beforeMs: number,
): Promise<Map<string, Known>> {
  const known = new Map<string, Known>();
  const open = new Set(inputs.rules.state.meters.keys());
  const breath = createBreath();
  /** The last day before `atMs` that frames of the meter may touch. */
  const dayOf = (meter: string, atMs: number): number | undefined => {
    const [newest] = store.lastFrames(meter, atMs, 1);
    if (!newest) return undefined;
    const endMs = (Math.floor(newest.fromMs / DAY_MS) + 1) * DAY_MS;
    return endMs >= atMs ? atMs - DAY_MS : atMs - Math.ceil((atMs - endMs + 1) / DAY_MS) * DAY_MS;
  };
  for (let atMs = beforeMs; open.size > 0; ) {
    let next: number | undefined;
    for (const meter of open) {
      const day = dayOf(meter, atMs);
      if (day === undefined) open.delete(meter);
      else if (next === undefined || day > next) next = day;
    }
    if (next === undefined) break;
    await breath();
    for (const [meter, { exit }] of days.sums(inputs, next).meters) {
      if (exit === 'as-before' || !open.delete(meter)) continue;
      if (exit !== null) known.set(meter, exit);
    }
    atMs = next;
  }
  return known;
}
