import type { PlantMeter } from './plant-source.ts';

/** Kwa Mtoni ("by the river"): a village of our own invention. People and places in it do not exist. */
export const VILLAGE_KEY = 'kwa-mtoni';

const HOUSEHOLDS = (
  'Asha Baraka Chiku Daudi Eshe Faraji Gasira Hamisi Imani Jabari Kamaria Lulu Makena Neema Omari Penda Rehema Salim ' +
  'Tatu Upendo Wema Yusra Zuberi Adila Bahati Dalila Furaha Goma Hekima Jelani Kito Maisha Nuru Rashidi'
).split(' ');

export const HOME_COUNT = HOUSEHOLDS.length;
/** Loads by index: the homes first, then the mill and the clinic. */
export const MILL_LOAD = HOUSEHOLDS.length;
export const CLINIC_LOAD = MILL_LOAD + 1;
export const LOAD_COUNT = MILL_LOAD + 2;

export const SOLAR_W = 18_000;
export const HYDRO_W = 5000;
export const DIESEL_W = 10_000;
export const BATTERY_W = 12_000;
export const BATTERY_WH = 40_000;
/** Kept for the night; the diesel set starts below it. */
export const RESERVE_PERCENT = 20;
const FEEDER_W = 25_000;
const HOME_LINE_W = 1000;
const MILL_LINE_W = 7500;
const CLINIC_LINE_W = 3000;

/** What a meter of the village counts: the total of all lines, a machine, or the load with this index. */
type MachineSource = 'solar' | 'hydro' | 'diesel' | 'battery';
export type VillageLine = 'site' | MachineSource | number;
export interface VillageMeter {
  readonly meter: PlantMeter;
  readonly line: VillageLine;
}

const pad = (value: number): string => String(value).padStart(2, '0');

const machine = (unit: number, source: MachineSource, name: string, capacityW: number, site: string): VillageMeter => {
  const role = source === 'battery' ? 'storage' : 'generation';
  const size = source === 'battery' ? { capacityWh: BATTERY_WH, reservePercent: RESERVE_PERCENT } : {};
  return {
    line: source,
    meter: { unit, model: 'sunspec-meter', key: source, name, role, source, capacityW, site, ...size },
  };
};

const load = (unit: number, line: number, key: string, name: string, capacityW: number): VillageMeter => {
  const model = line % 2 === 0 ? 'schneider-iem3000' : 'sunspec-meter';
  return { line, meter: { unit, model, key, name, role: 'use', capacityW, site: key } };
};

const feeder: PlantMeter = {
  unit: 1,
  model: 'sunspec-meter',
  key: 'feeder',
  name: 'All lines',
  role: 'site',
  capacityW: FEEDER_W,
  site: 'mill',
};

/** The meters of the village, unit 1 up. Generators count export (energy they give), loads import; the battery both. */
export const VILLAGE_METERS: readonly VillageMeter[] = [
  { line: 'site', meter: feeder },
  machine(2, 'solar', 'Solar roof', SOLAR_W, 'mill'),
  machine(3, 'hydro', 'River turbine', HYDRO_W, 'river'),
  machine(4, 'diesel', 'Diesel backup', DIESEL_W, 'mill'),
  machine(5, 'battery', 'Battery', BATTERY_W, 'mill'),
  load(6, MILL_LOAD, 'mill', 'Mill', MILL_LINE_W),
  load(7, CLINIC_LOAD, 'clinic', 'Clinic', CLINIC_LINE_W),
  ...HOUSEHOLDS.map((household, i) => load(8 + i, i, `home-${pad(i + 1)}`, `Home of ${household}`, HOME_LINE_W)),
];
