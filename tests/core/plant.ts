import { addMeter, type NewMeter } from '#core/metering/meters-procedures.ts';
import { sealUntil } from '#core/metering/sealing.ts';
import { HOUR_MS } from '#domain/time.ts';
import { findDemoSite } from '#meter-drivers/demo-site/find-demo-site.ts';
import { type RunningPlant, spawnPlant } from '#meter-drivers/simulator/plant-client.ts';
import { atEnd, MARCH_MS, type TestConsole } from './consoles.ts';

export const POLL_MS = HOUR_MS / 2;

/** The shipped site on real Modbus meters, from 2026-03-01. */
export async function startPlant(): Promise<RunningPlant> {
  const plant = await spawnPlant({ site: findDemoSite(), from: '2026-03-01', days: 3, zoneOffsetMin: 180 });
  atEnd(() => plant.stop());
  await plant.control.set(MARCH_MS);
  return plant;
}

export const homeMeter = (name: string, member: string | null = null): NewMeter => ({
  name,
  kind: 'use',
  place: 'home',
  source: null,
  asset: null,
  member,
  limitW: 1000,
});

/** Adds the n-th circuit of the plant. Returns its id and its unit on the bus. */
export async function addCircuit(on: TestConsole, plant: RunningPlant, n = 0) {
  const { model, unit, key } = plant.meters.filter((m) => m.role === 'use')[n] as RunningPlant['meters'][number];
  const address = { model, host: '127.0.0.1', port: plant.ports.modbus, unit };
  const meter = await addMeter(on.console(), on.open(), homeMeter(key), address, { evenIfSilent: true });
  return { meter, unit, key };
}

/** Reads every meter at each half hour of [from, to], as the console does by its own clock. */
export async function readUntil(on: TestConsole, plant: RunningPlant, fromMs: number, toMs: number): Promise<void> {
  for (let at = fromMs; at <= toMs; at += POLL_MS) {
    on.clock.atMs = Math.max(on.clock.atMs, at);
    await plant.control.set(at);
    await on.open().acquisition.poll(at);
  }
}
export const seal = (on: TestConsole, toMs: number): Promise<string[]> => sealUntil(on.open().village, toMs, HOUR_MS);
