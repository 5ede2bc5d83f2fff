import { z } from 'zod';

/** What a meter of the plant measures. 'site' = the total of the lines, measured where they leave the plant. */
const meterRole = z.enum(['site', 'use', 'generation', 'storage']);
const energySource = z.enum(['solar', 'hydro', 'diesel', 'battery']);
const plantModel = z.enum(['sunspec-meter', 'schneider-iem3000']);

export const plantMeter = z.strictObject({
  /** Modbus unit id. */
  unit: z.int().min(1).max(247),
  /** Template id. */
  model: plantModel,
  /** Stable within the plant, such as 'home-07' or 'ug01_3'. */
  key: z.string().min(1).max(60),
  name: z.string().min(1).max(60),
  role: meterRole,
  source: energySource.optional(),
  /** Limit of the line or size of the machine. */
  capacityW: z.int().min(0).optional(),
  /** Batteries: what it holds when full, and the part kept in reserve. */
  capacityWh: z.int().min(0).optional(),
  reservePercent: z.int().min(0).max(100).optional(),
  /** Key of the place where it stands. */
  site: z.string().min(1).max(60).optional(),
});
export type PlantMeter = z.infer<typeof plantMeter>;

/** A meter's registers at one instant. */
export interface MeterState {
  readonly importWh: bigint;
  readonly exportWh: bigint;
  /** + import, - export. */
  readonly powerW: number;
  readonly socPercent: number | null;
  /** false = the meter is silent at this instant. */
  readonly answers: boolean;
}

/** Where the plant's registers come from: a pure function of the instant (UTC milliseconds). */
export interface PlantSource {
  readonly meters: readonly PlantMeter[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly zoneOffsetMin: number;
  stateAt(unit: number, atMs: number): MeterState;
}
