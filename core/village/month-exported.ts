import { AppError } from '#core/ports/errors.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import { dayOf, type Month, UTC } from '#domain/time.ts';

/** Something needs readings that were put away: names the file that has them. */
export function monthExported(store: Pick<VillageStore, 'archivedMonths'>, month: Month): AppError {
  const { file = '', atMs = 0 } = store.archivedMonths().get(month) ?? {};
  return new AppError(
    'MONTH_EXPORTED',
    `The readings of ${month} are not on this laptop: they are in the file ${file}, written on ${dayOf(atMs, UTC)}. Bring that file back under Sync, Older months.`,
    { data: { month, file, atMs } },
  );
}
