import { afterEach, expect, test } from 'vitest';
import type { MeterConnection } from '#core/ports/meter-driver.ts';
import { HOUR_MS } from '#domain/time.ts';
import { createModbusDriver } from '../modbus-driver.ts';
import { findReferenceFile } from '../reference-data.ts';
import { type RunningPlant, type SpawnPlantOptions, spawnPlant } from './plant-client.ts';

const LIMIT_WH = 1000n;
let plant: RunningPlant | null = null;
afterEach(async () => {
  await plant?.stop();
  plant = null;
});

/** Import of a meter now, null when it is silent. */
const importNow = (meter: MeterConnection): Promise<bigint | null> =>
  meter.read().then(
    (reading) => reading.importWh,
    (error: { code?: string }) => {
      if (error.code === 'METER_SILENT') return null;
      throw error;
    },
  );

interface ReplayedLine {
  readonly key: string;
  readonly meter: MeterConnection;
  readonly hours: bigint[];
  start: bigint | null;
  middle: bigint | null;
}

/** Reads every meter each half hour over Modbus; an hour is recorded when the meter answered in its middle. */
async function replay(options: SpawnPlantOptions) {
  const served = await spawnPlant(options);
  plant = served;
  const driver = createModbusDriver();
  const at = (unit: number, model: string) =>
    driver.open({ model, host: '127.0.0.1', port: served.ports.modbus, unit });
  const lines: ReplayedLine[] = [];
  for (const { unit, model, key } of served.meters) {
    lines.push({ key, meter: await at(unit, model), hours: [], start: null, middle: null });
  }
  for (let ms = served.fromMs; ms <= served.toMs; ms += HOUR_MS / 2) {
    await served.control.set(ms);
    const isEdge = (ms - served.fromMs) % HOUR_MS === 0;
    for (const line of lines) {
      const wh = await importNow(line.meter);
      if (!isEdge) {
        line.middle = wh;
        continue;
      }
      if (line.middle !== null) {
        if (wh === null || line.start === null) throw new Error(`${line.key} is silent at the edge of a recorded hour`);
        expect(line.start <= line.middle && line.middle <= wh).toBe(true);
        line.hours.push(wh - line.start);
      }
      line.start = wh;
    }
  }
  for (const line of lines) await line.meter.close();
  const sum = (hours: readonly bigint[]): bigint => hours.reduce((a, b) => a + b, 0n);
  const kept = (key: string): bigint =>
    sum((lines.find((line) => line.key === key)?.hours ?? []).filter((wh) => wh <= LIMIT_WH));
  const circuits = lines.filter((line) => !line.key.endsWith('_0'));
  const all = lines.flatMap((line) => line.hours);
  const spikes = all.filter((wh) => wh > LIMIT_WH);
  return {
    recordedHours: all.length,
    spikes: spikes.length,
    heldWh: sum(spikes),
    circuitsWh: circuits.reduce((total, line) => total + kept(line.key), 0n),
    kept,
  };
}

const ug01 = findReferenceFile('data', 'villages', 'ug01-hourly-wh.csv');
const ug03 = findReferenceFile('data', 'villages', 'ug03-hourly-wh.csv');

test.skipIf(!ug01)(
  'January 2012 of a Ugandan village comes back whole through Modbus: 3325 hours, one spike of 32993 Wh held',
  async () => {
    const month = await replay({ site: ug01 ?? '', from: '2012-01-01', days: 31, zoneOffsetMin: 180 });
    expect(month).toMatchObject({ recordedHours: 3325, spikes: 1, heldWh: 32_993n, circuitsWh: 11_572n });
    expect([month.kept('ug01_0'), month.kept('ug01_1')]).toEqual([32_363n, 1682n]);
  },
);

test.skipIf(!ug01)('May 2013 of that village has 2709 hours, nine spikes and no site total', async () => {
  const month = await replay({ site: ug01 ?? '', from: '2013-05-01', days: 31, zoneOffsetMin: 180 });
  expect(month).toMatchObject({ recordedHours: 2709, spikes: 9, heldWh: 15_203n, circuitsWh: 34_750n });
  expect(month.kept('ug01_0')).toBe(0n);
});

test.skipIf(!ug03)('March 2013 of another Ugandan village has 1988 hours and no spike', async () => {
  const month = await replay({ site: ug03 ?? '', from: '2013-03-01', days: 31, zoneOffsetMin: 180 });
  expect(month).toMatchObject({ recordedHours: 1988, spikes: 0, heldWh: 0n, circuitsWh: 34_002n });
  expect(month.kept('ug03_0')).toBe(47_132n);
});
