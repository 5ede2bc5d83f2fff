import { join } from 'node:path';
import type { Plant, PlantMeter, PlantSource, StartPlant } from '#core/ports/plant.ts';
import { type SpawnPlantOptions, spawnPlant } from '#meter-drivers/simulator/plant-client.ts';
import type { PlantMeter as SimulatedMeter } from '#meter-drivers/simulator/plant-source.ts';
import { BATTERY_WH, VILLAGE_KEY } from '#meter-drivers/simulator/village-plan.ts';

const VILLAGE_DAYS = 366;

/** Starts the simulated plant as a process of its own, from the sources or from the bundle beside this one. */
export const startPlant: StartPlant = async (source) => {
  const plant = await spawnPlant({ ...toSpawnOptions(source), ...plantCommand() });
  return {
    modbusPort: plant.ports.modbus,
    meters: plant.meters.map(toPlantMeter),
    fromMs: plant.fromMs,
    toMs: plant.toMs,
    setTime: async (atMs) => void (await plant.control.set(atMs)),
    run: async (speed) => void (await plant.control.run(speed)),
    stop: () => plant.stop(),
  } satisfies Plant;
};

export function plantCommand(): { readonly command?: readonly string[] } {
  if (import.meta.filename.endsWith('.ts')) return {};
  return { command: [process.execPath, join(import.meta.dirname, 'plant.js')] };
}

function toSpawnOptions(source: PlantSource): SpawnPlantOptions {
  if (source.kind === 'site') {
    const { file, from, days, zoneOffsetMin } = source;
    return { site: file, from, days, zoneOffsetMin };
  }
  const from = new Date(source.fromMs).toISOString().slice(0, 'YYYY-MM-DD'.length);
  return { village: VILLAGE_KEY, seed: source.seed, from, days: VILLAGE_DAYS };
}

const KIND_BY_ROLE = { use: 'use', generation: 'generation', storage: 'battery', site: 'site' } as const;

function toPlantMeter({ unit, model, key, name, role, source, capacityW }: SimulatedMeter): PlantMeter {
  return {
    unit,
    model,
    key,
    name,
    kind: KIND_BY_ROLE[role],
    place: role === 'use' ? placeOf(key) : null,
    source: source ?? null,
    capacityW: capacityW ?? null,
    storageWh: role === 'storage' ? BigInt(BATTERY_WH) : null,
  };
}

function placeOf(key: string): PlantMeter['place'] {
  if (key === 'mill' || key === 'clinic') return key;
  return key.startsWith('home-') ? 'home' : 'other';
}
