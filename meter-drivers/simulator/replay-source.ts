import { HOUR_MS } from '#domain/time.ts';
import type { MeterState, PlantMeter, PlantSource } from './plant-source.ts';
import type { SiteHours } from './site-file.ts';

/** Every line of a replayed site has a limit of 1000 W. */
const LINE_LIMIT_W = 1000;

interface Replayed {
  readonly tenths: readonly (number | null)[];
  /** Register in tenths of Wh at the start of each hour, and at the end of the last. */
  readonly startTenths: readonly number[];
}

const toMeter = (column: string, site: string, index: number): PlantMeter => ({
  unit: Number(column.slice(site.length + 1)) + 1,
  model: index % 2 === 0 ? 'sunspec-meter' : 'schneider-iem3000',
  key: column,
  name: column,
  role: column === `${site}_0` ? 'site' : 'use',
  capacityW: LINE_LIMIT_W,
  site,
});

function accumulate(tenths: readonly (number | null)[]): Replayed {
  const startTenths = [0];
  for (const value of tenths) startTenths.push((startTenths.at(-1) ?? 0) + (value ?? 0));
  return { tenths, startTenths };
}

/**
 * Plays recorded hours back. A recorded hour advances the register evenly and is exact at both edges, where the meter
 * answers; strictly inside an hour nobody recorded it is silent and its register stands still.
 */
function stateOf(line: Replayed, sinceMs: number): MeterState {
  const hours = line.tenths.length;
  const hour = Math.min(Math.max(Math.floor(sinceMs / HOUR_MS), 0), hours);
  const intoMs = sinceMs - hour * HOUR_MS;
  const during = line.tenths[hour] ?? null;
  const before = line.tenths[hour - 1] ?? null;
  const advanced = during === null || intoMs <= 0 ? 0 : Math.floor((during * intoMs) / HOUR_MS);
  const registerTenths = (line.startTenths[hour] ?? 0) + advanced;
  return {
    importWh: BigInt(Math.floor(registerTenths / 10)),
    exportWh: 0n,
    powerW: (during ?? 0) / 10,
    socPercent: null,
    answers: sinceMs >= 0 && (during !== null || (intoMs === 0 && before !== null)),
  };
}

/** A plant that repeats what a site recorded; one meter for each column, unit k+1 for line k. */
export function createReplaySource(recorded: SiteHours, zoneOffsetMin: number): PlantSource {
  const fromMs = recorded.firstLocalHour * HOUR_MS - zoneOffsetMin * 60_000;
  const meters = recorded.columns.map((column, i) => toMeter(column, recorded.site, i));
  const lines = new Map(meters.map((meter, i) => [meter.unit, accumulate(recorded.tenths[i] ?? [])]));
  return {
    meters,
    fromMs,
    toMs: fromMs + recorded.hours * HOUR_MS,
    zoneOffsetMin,
    stateAt(unit, atMs) {
      const line = lines.get(unit);
      if (!line) throw new RangeError(`the plant has no unit ${unit}`);
      return stateOf(line, atMs - fromMs);
    },
  };
}
