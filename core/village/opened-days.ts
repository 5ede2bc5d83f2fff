import type { StoredDayFrame } from '#core/storage/reading-tables.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import { readFrame, readPlainFrame } from '#domain/metering/frame-reader.ts';
import type { FrameFact } from '#domain/settlement/accounts.ts';
import { DAY_MS } from '#domain/time.ts';
import { type CleanDay, cleanDayOf } from './clean-day.ts';
import type { DayInputs } from './day-inputs.ts';
import type { OpenPlain } from './stored-frames.ts';

/** Frames of UTC days by some inputs, meter by meter. */
export type OpenDay = (inputs: DayInputs, utcMs: number) => ReadonlyMap<string, MeterFrames>;

export interface MeterFrames {
  /** Null where its intervals are to be judged one by one. */
  readonly clean: CleanDay | null;
  /** Opened when they are asked for: a clean day needs none. */
  readonly facts: () => FrameFact[];
}

/** A day of village time mostly shares one with the day beside it; two walks through the days may go on side by side. */
const DAYS_KEPT = 4;

export function createOpenedDays(store: Pick<VillageStore, 'framesOn'>, openPlain: OpenPlain): OpenDay {
  const opened = new Map<number, ReadonlyMap<string, MeterFrames>>();
  let of: DayInputs | undefined;
  const meterFrames = ({ rules }: DayInputs, stored: readonly StoredDayFrame[], utcMs: number): MeterFrames => {
    const plain = stored.map((f) => ({
      segment: f.segment,
      signatureOk: f.signatureOk,
      frame: readPlainFrame(openPlain(f)),
    }));
    return {
      clean: cleanDayOf(rules, plain, utcMs),
      facts: () =>
        stored.map((f) => ({ segment: f.segment, signatureOk: f.signatureOk, frame: readFrame(openPlain(f)) })),
    };
  };
  const open = (inputs: DayInputs, utcMs: number): ReadonlyMap<string, MeterFrames> => {
    const { segments } = inputs.rules.state;
    const counts = new Map<string, boolean>();
    const isCounted = ({ segment }: StoredDayFrame): boolean => {
      const known = counts.get(segment) ?? segments.has(segment);
      counts.set(segment, known);
      return known;
    };
    const byMeter = Map.groupBy(store.framesOn(utcMs, utcMs + DAY_MS).filter(isCounted), ({ meter }) => meter);
    return new Map([...byMeter].map(([meter, stored]) => [meter, meterFrames(inputs, stored, utcMs)]));
  };
  return (inputs, utcMs) => {
    if (of !== inputs) opened.clear();
    of = inputs;
    const day = opened.get(utcMs) ?? open(inputs, utcMs);
    opened.delete(utcMs);
    opened.set(utcMs, day);
    if (opened.size > DAYS_KEPT) opened.delete(opened.keys().next().value as number);
    return day;
  };
}
