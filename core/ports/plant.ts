/** One meter of a simulated plant, reachable over real Modbus TCP. */
export interface PlantMeter {
  readonly unit: number;
  /** Template id of the meter model it imitates. */
  readonly model: string;
  /** Stable key within the plant, e.g. 'ug01_1' or 'home-07'. */
  readonly key: string;
  readonly name: string;
  readonly kind: 'use' | 'generation' | 'battery' | 'site';
  readonly place: 'home' | 'mill' | 'clinic' | 'school' | 'shop' | 'other' | null;
  readonly source: 'solar' | 'hydro' | 'wind' | 'biomass' | 'diesel' | 'battery' | 'grid' | null;
  readonly capacityW: number | null;
  /** Usable battery size, batteries only. */
  readonly storageWh: bigint | null;
}

/** A running simulated plant: a separate process with a clock of its own. */
export interface Plant {
  readonly modbusPort: number;
  readonly meters: readonly PlantMeter[];
  /** UTC ms of its first and last instant; toMs is null when it has no end. */
  readonly fromMs: number;
  readonly toMs: number | null;
  /** Moves the plant's clock forward to an instant; resolves when the meters show it. */
  setTime(atMs: number): Promise<void>;
  /** Lets the plant's clock run from where it is, at a multiple of real time. */
  run(speed: number): Promise<void>;
  stop(): Promise<void>;
}

export type PlantSource =
  | { readonly kind: 'village'; readonly seed: number; readonly fromMs: number }
  /** Hourly Wh per circuit; local time. `from` is 'YYYY-MM-DD'. */
  | {
      readonly kind: 'site';
      readonly file: string;
      readonly from: string;
      readonly days: number;
      readonly zoneOffsetMin: number;
    };

export type StartPlant = (source: PlantSource) => Promise<Plant>;
