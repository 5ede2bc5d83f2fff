import { DAY_MS, dayStart, HOUR_MS, monthOf, monthSpan } from '#domain/time.ts';
import type { MeterState, PlantSource } from './plant-source.ts';
import { hash32, noise } from './seeded-noise.ts';
import { createVillageModel, STEP_MS, type VillageFlows, type VillageModel } from './village-model.ts';
import { BATTERY_WH, HOME_COUNT, VILLAGE_METERS, type VillageLine } from './village-plan.ts';

/** Streams of noise kept apart from the model's own. */
const STREAM = { spike: 101, reset: 102, silence: 103 } as const;
const SILENT_DAY_CHANCE = 0.04;

interface Registers {
  readonly importWh: number;
  readonly exportWh: number;
}

function registersOf(line: VillageLine, total: VillageFlows): Registers {
  if (typeof line === 'number') return { importWh: total.use[line] ?? 0, exportWh: 0 };
  if (line === 'battery') return { importWh: total.charge, exportWh: total.discharge };
  if (line === 'site') return { importWh: total.use.reduce((a, b) => a + b, 0) + total.lineLoss, exportWh: 0 };
  return { importWh: 0, exportWh: total[line] };
}

interface TrueState extends Registers {
  readonly powerW: number;
  readonly socPercent: number | null;
}

function trueState(model: VillageModel, line: VillageLine, sinceMs: number): TrueState {
  const step = Math.max(0, Math.floor(sinceMs / STEP_MS));
  const intoMs = Math.max(0, sinceMs - step * STEP_MS);
  const moment = model.momentAt(step);
  const next = model.momentAt(step + 1);
  const [start, end] = [registersOf(line, moment.total), registersOf(line, next.total)];
  const between = (a: number, b: number): number => a + Math.floor(((b - a) * intoMs) / STEP_MS);
  const flowWh = end.importWh - start.importWh - (end.exportWh - start.exportWh);
  return {
    importWh: between(start.importWh, end.importWh),
    exportWh: between(start.exportWh, end.exportWh),
    powerW: (flowWh * HOUR_MS) / STEP_MS,
    socPercent: line === 'battery' ? (moment.storedWh * 100) / BATTERY_WH : null,
  };
}

/** What goes wrong with one home's meter: a jump of its register, or a start from zero. */
interface Defect {
  readonly home: number;
  readonly atMs: number;
  readonly kind: 'spike' | 'reset';
  readonly wh: number;
}

/** Each month one line jumps by an absurd amount and another starts again from zero. */
function defectsOfMonth(seed: number, monthStartMs: number): readonly [Defect, Defect] {
  const month = Math.floor(monthStartMs / DAY_MS);
  const pick = (stream: number, what: number, below: number): number => hash32(seed, stream, month, what) % below;
  const at = (stream: number, firstDay: number): number =>
    monthStartMs + (firstDay + pick(stream, 1, 7)) * DAY_MS + (6 + pick(stream, 2, 14)) * HOUR_MS + HOUR_MS / 4;
  const spiked = pick(STREAM.spike, 0, HOME_COUNT);
  const reset = (spiked + 1 + pick(STREAM.reset, 0, HOME_COUNT - 1)) % HOME_COUNT;
  return [
    { home: spiked, atMs: at(STREAM.spike, 5), kind: 'spike', wh: 31_000 + pick(STREAM.spike, 3, 4000) },
    { home: reset, atMs: at(STREAM.reset, 14), kind: 'reset', wh: 0 },
  ];
}

/** Some meters are not heard for one to eight hours on some days; the energy is counted all the same. */
function isSilent(seed: number, home: number, atMs: number, zoneOffsetMin: number): boolean {
  const local = atMs + zoneOffsetMin * 60_000;
  const day = Math.floor(local / DAY_MS);
  if (noise(seed, STREAM.silence, home, day) >= SILENT_DAY_CHANCE) return false;
  const fromHour = hash32(seed, STREAM.silence, home, day, 1) % 16;
  const hours = 1 + (hash32(seed, STREAM.silence, home, day, 2) % 8);
  const hour = (local - day * DAY_MS) / HOUR_MS;
  return hour > fromHour && hour < fromHour + hours;
}

/** The simulated village of Kwa Mtoni from a day on; every state is a pure function of seed, first day and instant. */
export function createVillageSource(options: {
  readonly seed: number;
  readonly fromDay: string;
  readonly days: number;
  readonly zoneOffsetMin: number;
}): PlantSource {
  const { seed, zoneOffsetMin } = options;
  const zone = { offsetMin: zoneOffsetMin };
  const fromMs = dayStart(options.fromDay, zone);
  const model = createVillageModel(seed, fromMs, zoneOffsetMin);
  const lines = new Map(VILLAGE_METERS.map(({ meter, line }) => [meter.unit, line]));
  const defects: Defect[] = [];
  let defectsUntilMs = monthSpan(monthOf(fromMs, zone), zone).from;
  const resetBases = new Map<Defect, number>();

  const defectsOf = (home: number, atMs: number): Defect[] => {
    while (defectsUntilMs <= atMs) {
      const found = defectsOfMonth(seed, defectsUntilMs).filter((defect) => defect.atMs > fromMs);
      defects.push(...found);
      defectsUntilMs = monthSpan(monthOf(defectsUntilMs, zone), zone).to;
    }
    return defects.filter((defect) => defect.home === home && defect.atMs <= atMs).sort((a, b) => a.atMs - b.atMs);
  };

  const baseOfReset = (reset: Defect): number => {
    const known = resetBases.get(reset);
    if (known !== undefined) return known;
    const base = trueState(model, reset.home, reset.atMs - fromMs).importWh;
    resetBases.set(reset, base);
    return base;
  };

  const shownWh = (home: number, trueWh: number, atMs: number): number => {
    let shift = 0;
    for (const defect of defectsOf(home, atMs)) {
      shift = defect.kind === 'spike' ? shift + defect.wh : -baseOfReset(defect);
    }
    return trueWh + shift;
  };

  return {
    meters: VILLAGE_METERS.map(({ meter }) => meter),
    fromMs,
    toMs: fromMs + options.days * DAY_MS,
    zoneOffsetMin,
    stateAt(unit, atMs): MeterState {
      const line = lines.get(unit);
      if (line === undefined) throw new RangeError(`the plant has no unit ${unit}`);
      const { importWh, exportWh, powerW, socPercent } = trueState(model, line, atMs - fromMs);
      const isHome = typeof line === 'number' && line < HOME_COUNT;
      return {
        importWh: BigInt(isHome ? shownWh(line, importWh, atMs) : importWh),
        exportWh: BigInt(exportWh),
        powerW,
        socPercent,
        answers: !isHome || !isSilent(seed, line, atMs, zoneOffsetMin),
      };
    },
  };
}
