import { deserialize, serialize } from 'node:v8';
import type { Interval, Known, Span } from '#domain/metering/vee.ts';
import type { BatteryHour, DayFlag, DaySums, MeterDay, MeterHours, Point } from './day-sums.ts';

/** How judged days lie on disk, sealed: rows of plain values. Dropped and made again when {@link DAY_FORMAT} changes. */
export const DAY_FORMAT = 2;

const STATUS: readonly Interval['status'][] = ['none', 'measured', 'accepted', 'rejected', 'gap', 'reset', 'spike'];
const statusAt = (n: number): Interval['status'] => STATUS[n] ?? 'none';
const HOUR = 3_600_000;

type Wh = number | bigint;
type PointRow = Wh | null | readonly [number, Wh, boolean, Wh | null, number, number];

const big = (n: Wh): bigint => BigInt(n);
const bigOr = (n: Wh | null): bigint | null => (n === null ? null : BigInt(n));

/** Nearly every hour was heard whole and is its energy alone. */
const packPoint = (p: Point): PointRow => {
  if (p.status === 'none') return null;
  if (p.status === 'measured' && p.whole && p.heldWh === null && p.heardMs === HOUR && p.gapMs === 0) return p.knownWh;
  return [STATUS.indexOf(p.status), p.knownWh, p.whole, p.heldWh, p.heardMs, p.gapMs];
};
const openPoint = (r: PointRow): Point => {
  if (r === null) return { status: 'none', knownWh: 0n, whole: true, heldWh: null, heardMs: 0, gapMs: 0 };
  if (typeof r === 'number' || typeof r === 'bigint')
    return { status: 'measured', knownWh: big(r), whole: true, heldWh: null, heardMs: HOUR, gapMs: 0 };
  const [status, known, whole, held, heardMs, gapMs] = r;
  return { status: statusAt(status), knownWh: big(known), whole, heldWh: bigOr(held), heardMs, gapMs };
};

type KnownRow = readonly [Wh, number];
const packKnown = (k: Known | null): KnownRow | null => k && [k.wh, k.ms];
const openKnown = (r: KnownRow | null): Known | null => r && { wh: big(r[0]), ms: r[1] };

type TotalRow = readonly [Wh, Wh, number, number, number, number, number | null];
export const packTotal = (t: MeterDay['total']): TotalRow => [
  t.wh,
  t.heldWh,
  t.recorded,
  t.gaps,
  t.spikes,
  t.resets,
  t.lowestTrust,
];
export const openTotal = ([wh, held, recorded, gaps, spikes, resets, trust]: TotalRow): MeterDay['total'] => ({
  wh: big(wh),
  heldWh: big(held),
  recorded,
  gaps,
  spikes,
  resets,
  lowestTrust: trust as MeterDay['trust'],
});

interface MeterDayRow {
  readonly d: PointRow;
  readonly t: TotalRow;
  readonly s: readonly (readonly [number, number, Wh, boolean])[];
  readonly e: KnownRow | null;
  readonly x: KnownRow | 0 | null;
  readonly n: readonly [number, number, number | null];
}
const packMeterDay = (m: MeterDay): MeterDayRow => ({
  d: packPoint(m.day),
  t: packTotal(m.total),
  s: m.spans.map((s) => [s.fromMs, s.toMs, s.wh, s.held] as const),
  e: packKnown(m.entry),
  x: m.exit === 'as-before' ? 0 : packKnown(m.exit),
  n: [m.duplicates, m.pending, m.trust],
});
const openMeterDay = (r: MeterDayRow): MeterDay => ({
  day: openPoint(r.d),
  total: openTotal(r.t),
  spans: r.s.map(([fromMs, toMs, wh, held]): Span => ({ fromMs, toMs, wh: big(wh), held })),
  entry: openKnown(r.e),
  exit: r.x === 0 ? 'as-before' : openKnown(r.x),
  duplicates: r.n[0],
  pending: r.n[1],
  trust: r.n[2] as MeterDay['trust'],
});

interface SumsRow {
  /** Fingerprint of the day it is of: one day's bytes never pass for another's. */
  readonly i: string;
  readonly m: Readonly<Record<string, MeterDayRow>>;
  readonly v: readonly (readonly [Readonly<Record<string, Wh>> | null, Wh | null])[];
  readonly b: readonly (readonly [Wh, Wh])[];
}
/** What this console sealed; undefined where another version of the engine wrote it in a way that this one cannot read. */
function openRow<Row>(bytes: Uint8Array): Row | undefined {
  try {
    return deserialize(bytes) as Row;
  } catch {
    return undefined;
  }
}
const mapped = <A, B>(from: Readonly<Record<string, A>>, open: (a: A) => B): Map<string, B> =>
  new Map(Object.entries(from).map(([k, v]) => [k, open(v)]));

export const packSums = (inputs: string, d: DaySums): Uint8Array =>
  serialize({
    i: inputs,
    m: Object.fromEntries([...d.meters].map(([id, m]) => [id, packMeterDay(m)])),
    v: d.village.map((h) => [h.madeWh && Object.fromEntries(h.madeWh), h.usedWh]),
    b: d.battery.map((b) => [b.chargedWh, b.dischargedWh]),
  } satisfies SumsRow);
export function openSums(bytes: Uint8Array, inputs: string, fromMs: number): DaySums | undefined {
  const row = openRow<SumsRow>(bytes);
  if (row?.i !== inputs) return undefined;
  const { m, v, b } = row;
  return {
    fromMs,
    meters: mapped(m, openMeterDay),
    village: v.map(([made, used], h) => ({
      fromMs: fromMs + h * HOUR,
      madeWh: made && mapped(made, big),
      usedWh: bigOr(used),
    })),
    battery: b.map(
      ([charged, discharged]): BatteryHour => ({ chargedWh: big(charged), dischargedWh: big(discharged) }),
    ),
  };
}

interface MeterHoursRow {
  readonly h: readonly PointRow[];
  readonly f: readonly (readonly [number, number, number, Wh | null])[];
  readonly d: readonly number[];
}
interface HoursRow {
  readonly i: string;
  readonly m: Readonly<Record<string, MeterHoursRow>>;
}
export const packHours = (inputs: string, hours: ReadonlyMap<string, MeterHours>): Uint8Array =>
  serialize({
    i: inputs,
    m: Object.fromEntries(
      [...hours].map(([id, { hours: points, flags, duplicates }]) => [
        id,
        {
          h: points.map(packPoint),
          f: flags.map((f) => [STATUS.indexOf(f.status), f.fromMs, f.toMs, f.wh]),
          d: duplicates,
        },
      ]),
    ),
  } satisfies HoursRow);
export function openHours(bytes: Uint8Array, inputs: string): Map<string, MeterHours> | undefined {
  const row = openRow<HoursRow>(bytes);
  if (row?.i !== inputs) return undefined;
  return mapped(row.m, (r) => ({
    hours: r.h.map(openPoint),
    flags: r.f.map(([status, fromMs, toMs, wh]) => ({
      status: statusAt(status) as DayFlag['status'],
      fromMs,
      toMs,
      wh: bigOr(wh),
    })),
    duplicates: r.d,
  }));
}
