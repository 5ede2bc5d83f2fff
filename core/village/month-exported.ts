import { AppError } from '#core/ports/errors.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import { dayOf, type Month, UTC } from '#domain/time.ts';

/** Something needs readings that were put away: names the file that has them. */
export function monthExported(store: Pick<VillageStore, 'archivedMonths'>, month: Month): AppError {
  const { file = '', atMs = 0 } = store.archivedMonths().get(month) ?? {};
  if (file === '') return neverCame(month);
  return new AppError(
    'MONTH_EXPORTED',
    `The readings of ${month} are not on this laptop: they are in the file ${file}, written on ${dayOf(atMs, UTC)}. Bring that file back under Sync, Older months.`,
    { data: { month, file, atMs } },
  );
}

const neverCame = (month: Month): AppError =>
  new AppError(
    'MONTH_EXPORTED',
    `The readings of ${month} never came to this laptop: it started from a signed checkpoint of a later month. Ask for the file of that month and bring it in under Sync, Older months, or meet a console that kept it.`,
    { data: { month, file: '' } },
  );
