import type { Settler } from './accounts/settler.ts';
import type { Changes } from './changes.ts';
import type { CoreOptions } from './core.ts';
import type { DataKey } from './crypto/data-key.ts';
import type { Jobs } from './jobs.ts';
import type { Acquisition } from './metering/acquisition.ts';
import type { Clock } from './ports/clock.ts';
import { AppError } from './ports/errors.ts';
import type { Plant } from './ports/plant.ts';
import type { ConsoleStore, VillageRow } from './storage/console-store.ts';
import type { Village } from './village/open-village.ts';

/** A village that is open in this console, with what runs for it. */
export interface OpenVillage {
  readonly village: Village;
  readonly acquisition: Acquisition;
  readonly settler: Settler;
  /** Simulated villages whose plant was started here. */
  plant: Plant | undefined;
}

/** The whole console: what every use case works with. */
export interface Console {
  readonly options: CoreOptions;
  readonly store: ConsoleStore;
  readonly dataKey: DataKey;
  readonly changes: Changes;
  readonly jobs: Jobs;
  readonly open: Map<string, OpenVillage>;
  /** With a clock of its own, a village's meters are not polled until told. */
  openRow(row: VillageRow, clock?: Clock): Promise<OpenVillage>;
  /** Closes a village, lets `change` work on what is stored of it, and opens it again. */
  reopen(village: string, change: () => void): Promise<OpenVillage>;
  /** Closes a village and removes everything of it from this console; what others copied stays theirs. */
  forget(village: string): Promise<void>;
  /** Errors: NOT_FOUND. */
  find(village: string): OpenVillage;
  demo: { job: string | null; village: string | null };
}

export function findVillage(open: ReadonlyMap<string, OpenVillage>, id: string): OpenVillage {
  const found = open.get(id);
  if (!found) throw new AppError('NOT_FOUND', 'This console does not hold that village.');
  return found;
}
