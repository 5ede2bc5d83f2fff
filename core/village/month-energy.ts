import { createBreath } from '#core/breath.ts';
import type { DataKey } from '#core/crypto/data-key.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import { decodeKept, encode } from '#domain/bytes.ts';
import { addTotals, type EnergyTotal, type Known, NO_ENERGY, spanBetween, spanTotal } from '#domain/metering/vee.ts';
import type { MonthEnergy } from '#domain/settlement/accounts.ts';
import { DAY_MS, type Month, monthOf, monthSpan, nextMonth, type Zone } from '#domain/time.ts';
import { knownBefore } from './carry.ts';
import { openTotal, packTotal } from './day-codec.ts';
import { type DayInputs, fingerprint } from './day-inputs.ts';
import { isLateSame, type JudgedDays, type Late } from './judged-days.ts';
import { keepIfRoom } from './keep-if-room.ts';
import { createRecent } from './recent.ts';

/** The energy of whole months, made of judged days and kept sealed by what it was made from. */
export interface MonthEnergies {
  readonly of: (inputs: DayInputs, months: readonly Month[]) => Promise<ReadonlyMap<Month, MonthEnergy>>;
}

/** What is known of each meter where a month begins: the registers from which energy over a gap is counted. */
interface Carry {
  readonly known: ReadonlyMap<string, Known>;
  readonly mark: string;
}
interface KeptMonth extends MonthEnergy {
  readonly late: readonly Late[];
  /** At the start of the month's last day: the next month looks at that day again for what reaches over its start. */
  readonly carry: Carry;
}

const NOTHING_KNOWN: Carry = { known: new Map(), mark: '' };
const MONTHS_KEPT = 30;
const LABEL = 'month energy';

/** @param isExact the days are as they were judged, so that what is made of them may be kept */
export function createMonthEnergies(
  store: VillageStore,
  dataKey: DataKey,
  days: Pick<JudgedDays, 'sums'>,
  isExact = true,
): MonthEnergies {
  const recent = createRecent<KeptMonth>(MONTHS_KEPT);

  const inputsOf = (inputs: DayInputs, month: Month, starts: readonly number[], carry: Carry): string => {
    const { rules } = inputs;
    const decided = [...carry.known].flatMap(([meter, { ms }]) => {
      const d = rules.decisionsOn(meter).get(ms);
      return d ? [`${meter} ${ms} ${d.action}`] : [];
    });
    return fingerprint(month, carry.mark, ...starts.map(inputs.of), ...decided.sort());
  };
  const make = async (
    inputs: DayInputs,
    starts: readonly number[],
    span: { readonly from: number; readonly to: number },
    carry: Carry,
  ): Promise<KeptMonth> => {
    const { rules } = inputs;
    const breath = createBreath();
    const known = new Map(carry.known);
    const meters = new Map<string, EnergyTotal>();
    const late = new Map<string, string>();
    let duplicates = 0;
    let next = NOTHING_KNOWN;
    for (const start of starts) {
      await breath();
      if (start === span.to - DAY_MS) next = carryOf(known);
      const inside = start >= span.from && start < span.to;
      const sums = days.sums(inputs, start);
      for (const [meter, meta] of sums.late) late.set(meter, meta);
      for (const [id, day] of sums.meters) {
        const limitW = rules.state.meters.get(id)?.limitW ?? 0;
        const spans = [...spanBetween(known.get(id) ?? null, day.entry, limitW, rules.decisionsOn(id)), ...day.spans];
        const { wh, heldWh } = spanTotal(spans, span.from, span.to);
        const total = addTotals(meters.get(id) ?? NO_ENERGY, { ...NO_ENERGY, wh, heldWh });
        meters.set(id, inside ? addTotals(total, day.total) : total);
        if (inside) duplicates += day.duplicates;
        if (day.exit === null) known.delete(id);
        else if (day.exit !== 'as-before') known.set(id, day.exit);
      }
    }
    return { meters, duplicates, late: [...late], carry: next };
  };
  const oneMonth = async (inputs: DayInputs, month: Month, carry: Carry): Promise<KeptMonth> => {
    const stamp = isExact ? inputs.stamps()?.(month) : undefined;
    const before = stamp === undefined ? undefined : store.knownMonth(month);
    if (before && before.stamp === stamp) {
      const known = recent.get(before.inputs) ?? readKept(month, before.inputs);
      if (known && isLateSame(inputs, known.late)) return recent.put(before.inputs, known);
    }
    const span = monthSpan(month, zoneOf(inputs));
    const starts: number[] = [];
    for (let at = span.from - DAY_MS; at <= span.to; at += DAY_MS) starts.push(at);
    const of = inputsOf(inputs, month, starts, carry);
    const kept = recent.get(of) ?? readKept(month, of);
    if (kept && isLateSame(inputs, kept.late)) {
      // Nothing was waited for since the stamp was made: the rows are still the same.
      if (stamp !== undefined) keepIfRoom(() => store.putKnownMonth(month, { stamp, inputs: of }));
      return recent.put(of, kept);
    }
    const made = await make(inputs, starts, span, carry);
    if (isExact) keepIfRoom(() => store.putMonthEnergy(month, of, dataKey.seal(LABEL, pack(of, made))));
    return recent.put(of, made);
  };
  const readKept = (month: Month, of: string): KeptMonth | undefined => {
    const sealed = store.monthEnergy(month, of);
    return sealed && open(dataKey.open(LABEL, sealed), of);
  };
  return {
    async of(inputs, months) {
      const out = new Map<Month, MonthEnergy>();
      const last = [...months].sort().at(-1);
      const first = inputs.span?.firstMs;
      if (first === undefined || last === undefined) return out;
      let carry: Carry | undefined = NOTHING_KNOWN;
      const breath = createBreath();
      for (let m = monthOf(first, zoneOf(inputs)); m <= last; m = nextMonth(m)) {
        const { from } = monthSpan(m, zoneOf(inputs));
        // What was put away is known month by month, and its frames are not here.
        const isAsked = months.includes(m) || inputs.awayIn(first, from) !== undefined;
        if (!isAsked) {
          carry = undefined;
          continue;
        }
        carry ??= carryOf(await knownBefore(store, days, inputs, from - DAY_MS));
        await breath();
        const month = await oneMonth(inputs, m, carry);
        if (months.includes(m)) out.set(m, month);
        carry = month.carry;
      }
      return out;
    },
  };
}

const zoneOf = ({ rules }: DayInputs): Zone => ({ offsetMin: rules.state.founding?.zoneOffsetMin ?? 0 });

type KnownRow = readonly [wh: number | bigint, ms: number];
const packKnown = (known: ReadonlyMap<string, Known>): Record<string, KnownRow> =>
  Object.fromEntries([...known].map(([id, k]) => [id, [k.wh, k.ms]]));
const carryOf = (known: ReadonlyMap<string, Known>): Carry => ({
  known: new Map(known),
  mark: known.size === 0 ? '' : fingerprint(...[...known].map(([id, k]) => `${id} ${k.wh} ${k.ms}`).sort()),
});

interface MonthRow {
  readonly i: string;
  readonly m: Readonly<Record<string, ReturnType<typeof packTotal>>>;
  readonly d: number;
  readonly l: readonly Late[];
  readonly c: Readonly<Record<string, KnownRow>>;
}
const pack = (inputs: string, m: KeptMonth): Uint8Array =>
  encode({
    i: inputs,
    m: Object.fromEntries([...m.meters].map(([id, t]) => [id, packTotal(t)])),
    d: m.duplicates,
    l: m.late,
    c: packKnown(m.carry.known),
  });
function open(bytes: Uint8Array, inputs: string): KeptMonth | undefined {
  const row = decodeKept<MonthRow>(bytes);
  if (row.i !== inputs) return undefined;
  return {
    meters: new Map(Object.entries(row.m).map(([id, t]) => [id, openTotal(t)])),
    duplicates: row.d,
    late: row.l,
    carry: carryOf(new Map(Object.entries(row.c).map(([id, [wh, ms]]) => [id, { wh: BigInt(wh), ms }]))),
  };
}
