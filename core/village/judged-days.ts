import type { DataKey } from '#core/crypto/data-key.ts';
import type { StoredFrame } from '#core/storage/segment-tables.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import { readFrame } from '#domain/metering/frame-reader.ts';
import type { FrameFact } from '#domain/settlement/accounts.ts';
import { DAY_MS, HOUR_MS } from '#domain/time.ts';
import { openHours, openSums, packHours, packSums } from './day-codec.ts';
import type { DayInputs } from './day-inputs.ts';
import { type DaySums, type JudgedDay, judgeDay, type MeterHours } from './day-sums.ts';
import { keepIfRoom } from './keep-if-room.ts';
import { monthExported } from './month-exported.ts';
import { createOpenedDays, type MeterFrames } from './opened-days.ts';
import { createRecent } from './recent.ts';
import type { OpenPlain } from './stored-frames.ts';

/** Days of village time, judged once and kept sealed until something they were made from changes. */
export interface JudgedDays {
  /** Errors: MONTH_EXPORTED where the day changed and what it is made from is not here. */
  readonly sums: (inputs: DayInputs, fromMs: number) => KeptSums;
  /** As `sums`, for showing: where the readings are not here, the day as it was last judged. */
  readonly shown: (inputs: DayInputs, fromMs: number) => KeptSums;
  /** Judges the day again unless the disk has it; whether it has it now. */
  readonly keep: (inputs: DayInputs, fromMs: number) => boolean;
  /** For showing, too. */
  readonly hours: (inputs: DayInputs, fromMs: number) => ReadonlyMap<string, MeterHours>;
  /** Those of these days that were never judged or have changed since. */
  readonly unjudged: (inputs: DayInputs, days: readonly number[]) => number[];
  readonly frames: (stored: readonly StoredFrame[]) => FrameFact[];
}

export interface KeptSums extends DaySums {
  /** Meters read on the day and entered in the books only after it, with what the books say of them. */
  readonly late: readonly Late[];
}
export type Late = readonly [meter: string, meta: string];

const SUMS_KEPT = 80;
const HOURS_KEPT = 24;
const LABEL = 'day sums';

const EMPTY_HOURS: ReadonlyMap<string, MeterHours> = new Map();
const emptySums = (fromMs: number): KeptSums => ({
  fromMs,
  late: [],
  meters: new Map(),
  village: Array.from({ length: 24 }, (_, h) => ({ fromMs: fromMs + h * HOUR_MS, madeWh: null, usedWh: null })),
  battery: Array.from({ length: 24 }, () => ({ chargedWh: 0n, dischargedWh: 0n })),
});

export const isLateSame = (inputs: DayInputs, late: readonly Late[]): boolean =>
  late.every(([meter, meta]) => inputs.meter(meter) === meta);

/** @param present inputs by the present state: the disk remembers days as they are now, never as an older cut saw them */
export function createJudgedDays(
  store: VillageStore,
  dataKey: DataKey,
  openPlain: OpenPlain,
  present: () => DayInputs,
): JudgedDays {
  const sumsOf = createRecent<KeptSums>(SUMS_KEPT);
  const hoursOf = createRecent<ReadonlyMap<string, MeterHours>>(HOURS_KEPT);

  const frames = (stored: readonly StoredFrame[]): FrameFact[] =>
    stored.map((f) => ({ segment: f.segment, signatureOk: f.signatureOk, frame: readFrame(openPlain(f)) }));
  const openDay = createOpenedDays(store, openPlain);
  const judge = (inputs: DayInputs, fromMs: number): JudgedDay & { readonly sums: KeptSums } => {
    const { state } = inputs.rules;
    const away = inputs.awayIn(fromMs, fromMs + DAY_MS);
    if (away !== undefined) throw monthExported(store, away);
    const utcDays: ReadonlyMap<string, MeterFrames>[] = [];
    for (let utc = Math.floor(fromMs / DAY_MS) * DAY_MS; utc < fromMs + DAY_MS; utc += DAY_MS)
      utcDays.push(openDay(inputs, utc));
    const judged = judgeDay(inputs.rules, utcDays, fromMs);
    const late = [...new Set(utcDays.flatMap((day) => [...day.keys()]))]
      .filter((id) => (state.meters.get(id)?.sinceMs ?? Number.POSITIVE_INFINITY) >= fromMs + DAY_MS)
      .map((id) => [id, inputs.meter(id)] as const);
    const sums = { ...judged.sums, late };
    const of = inputs.of(fromMs);
    sumsOf.put(of, sums);
    hoursOf.put(of, judged.hours);
    if (present().of(fromMs) === of) {
      keepIfRoom(() =>
        store.putDay({
          fromMs,
          inputs: of,
          late: JSON.stringify(late),
          pending: [...judged.sums.meters.values()].reduce((n, m) => n + m.pending, 0),
          sums: dataKey.seal(LABEL, packSums(of, judged.sums)),
          hours: dataKey.seal(LABEL, packHours(of, judged.hours)),
        }),
      );
    }
    return { sums, hours: judged.hours };
  };
  const kept = (inputs: DayInputs, fromMs: number): KeptSums | undefined => {
    const of = inputs.of(fromMs);
    const recent = sumsOf.get(of);
    if (recent) return isLateSame(inputs, recent.late) ? recent : undefined;
    const row = store.daySums(fromMs);
    if (row?.inputs !== of) return undefined;
    const late = JSON.parse(row.late) as Late[];
    if (!isLateSame(inputs, late)) return undefined;
    const sums = openSums(dataKey.open(LABEL, row.sums), of, fromMs);
    return sums && sumsOf.put(of, { ...sums, late });
  };
  const isChangedAway = (inputs: DayInputs, fromMs: number): boolean =>
    inputs.awayIn(fromMs, fromMs + DAY_MS) !== undefined && !kept(inputs, fromMs);
  /** The day as it was before something came in that needs what is not here. */
  const lastSums = (fromMs: number): KeptSums => {
    const row = store.daySums(fromMs);
    const sums = row && openSums(dataKey.open(LABEL, row.sums), row.inputs, fromMs);
    return sums ? { ...sums, late: [] } : emptySums(fromMs);
  };
  const hoursIn = (fromMs: number, of: string): ReadonlyMap<string, MeterHours> | undefined => {
    const row = store.dayHours(fromMs, of);
    return row && openHours(dataKey.open(LABEL, row), of);
  };
  const sums = (inputs: DayInputs, fromMs: number): KeptSums => {
    if (inputs.of(fromMs) === '') return emptySums(fromMs);
    return kept(inputs, fromMs) ?? judge(inputs, fromMs).sums;
  };
  return {
    unjudged(inputs, days) {
      const stored = store.dayInputs(Math.min(...days), Math.max(...days));
      const isJudged = (at: number): boolean => {
        if (inputs.of(at) === '') return true;
        const row = stored.get(at);
        if (row?.inputs !== inputs.of(at)) return false;
        return row.late === '[]' || isLateSame(inputs, JSON.parse(row.late) as Late[]);
      };
      const isHere = (at: number): boolean => inputs.awayIn(at, at + DAY_MS) === undefined;
      return days.filter((at) => !isJudged(at) && isHere(at));
    },
    frames,
    sums,
    keep(inputs, fromMs) {
      const of = inputs.of(fromMs);
      const isKept = (): boolean => of === '' || store.daySums(fromMs)?.inputs === of;
      if (!isKept()) judge(inputs, fromMs);
      return isKept();
    },
    shown: (inputs, fromMs) => (isChangedAway(inputs, fromMs) ? lastSums(fromMs) : sums(inputs, fromMs)),
    hours(inputs, fromMs) {
      const of = inputs.of(fromMs);
      if (of === '') return EMPTY_HOURS;
      if (isChangedAway(inputs, fromMs)) return hoursIn(fromMs, store.daySums(fromMs)?.inputs ?? '') ?? EMPTY_HOURS;
      if (!kept(inputs, fromMs)) return judge(inputs, fromMs).hours;
      const recent = hoursOf.get(of);
      if (recent) return recent;
      const hours = hoursIn(fromMs, of);
      return hours ? hoursOf.put(of, hours) : judge(inputs, fromMs).hours;
    },
  };
}
