import { verifyClose } from '#core/accounts/closing.ts';
import { exportMonth } from '#core/bundles/export-bundle.ts';
import type { JobControl } from '#core/jobs.ts';
import { AppError } from '#core/ports/errors.ts';
import type { ArchivedMonth } from '#core/storage/archive-tables.ts';
import { monthExported } from '#core/village/month-exported.ts';
import type { Village } from '#core/village/open-village.ts';
import type { Month } from '#domain/time.ts';
import { agreedChain } from '#domain/village/fold-settlement.ts';
import { neededHere, segmentsOf, whyStays } from './month-places.ts';
import { hashOfFile, type MonthHere, monthHere, requireWholeFile } from './read-month-file.ts';

/** Writes a month to a file and remembers which. Errors: MONTH_EXPORTED, and those of exporting a bundle. */
export async function writeMonth(village: Village, month: Month, path: string, name: string, control: JobControl) {
  if (placeOf(village, month) !== 'here') throw monthExported(village.store, month);
  const written = await exportMonth(village, month, path, control);
  const { sha256, bytes } = await hashOfFile(path, control.signal);
  village.store.putArchived({ month, place: 'here', file: name, sha256, bytes, atMs: village.now(), books: {} });
  village.notify('sync');
  return { ...written, sha256 };
}

const placeOf = (village: Village, month: Month): ArchivedMonth['place'] =>
  village.store.archivedMonths().get(month)?.place ?? 'here';

/**
 * Removes a settled month from this disk. Nothing goes before the file was read back and found to hold all of it, the
 * days are judged and kept, and the decision is on the disk; cut off after that, the next start finishes it.
 * Errors: MONTH_NEEDED_HERE, EXPORT_NOT_WHOLE, MONTH_EXPORTED, DISK_FULL, and those of reading a bundle.
 */
export async function dropMonth(
  village: Village,
  month: Month,
  file: { readonly path: string; readonly name: string },
  control: JobControl,
): Promise<{ readonly entries: number; readonly blocks: number; readonly bytes: number }> {
  const decided = await decideDrop(village, month, file, control);
  return finishDrop(village, decided);
}

/** Everything up to the point from which the month goes, whatever happens. */
export async function decideDrop(
  village: Village,
  month: Month,
  { path, name }: { readonly path: string; readonly name: string },
  control: JobControl,
): Promise<ArchivedMonth> {
  requireHere(village, month);
  const here = await monthHere(village, month, control.signal);
  const { sha256, bytes } = await requireWholeFile(village, month, path, here, control);
  await keepWhatWasMade(village, month);
  control.signal.throwIfAborted();
  // What came while the file was read is not in it.
  requireHere(village, month);
  requireSame(village, month, here);
  const known = village.store.archivedMonths().get(month);
  const atMs = known?.sha256 === sha256 ? known.atMs : village.now();
  const archived: ArchivedMonth = { month, place: 'dropping', file: name, sha256, atMs, bytes, books: here.books };
  village.store.beginDrop(archived, here.segments);
  return archived;
}

function requireHere(village: Village, month: Month): void {
  if (placeOf(village, month) !== 'here') throw monthExported(village.store, month);
  const why = whyStays(village, month);
  if (why) throw neededHere(month, why);
}

/** Segments that were judged only now would go without being in the file. */
function requireSame(village: Village, month: Month, here: MonthHere): void {
  const rows = village.store.segments();
  const known = new Set(here.segments);
  const fresh = segmentsOf(village.state(), month).filter(
    ({ cid }) => rows.get(cid)?.state === 'verified' && !known.has(cid),
  );
  if (fresh.length > 0) throw neededHere(month, 'late-records');
}

/** Days and verified closes stay after their readings are gone. */
async function keepWhatWasMade(village: Village, month: Month): Promise<void> {
  if (!(await village.readings.keepMonth(month)))
    throw new AppError('DISK_FULL', `There is no room to keep the sums of ${month}. Nothing was removed.`, {
      retryable: true,
    });
  for (const close of agreedChain(village.state().closes.values())) {
    const { verdict } = await verifyClose(village, close);
    if (close.month === month && verdict === 'different')
      throw new AppError(
        'MONTH_NEEDED_HERE',
        `${month} stays on this laptop: it comes to other statements than those that were agreed, and only its readings can show why.`,
        { data: { month, reason: 'disputed' } },
      );
  }
}

/** Lets go of what the decision names; done again it finds less to do. */
async function finishDrop(village: Village, archived: ArchivedMonth) {
  const { node, store } = village;
  let [entries, bytes] = [0, 0];
  for (const [book, count] of Object.entries(archived.books)) {
    const released = await node.releaseBook(book, count);
    entries += released.entries;
    bytes += released.bytes;
  }
  const rows = store.segments();
  const gone = segmentsOf(village.state(), archived.month).filter(({ cid }) => rows.get(cid)?.away);
  const released = await node.releaseBlocks(gone.map((s) => s.cid));
  store.putArchived({ ...archived, place: 'dropped' });
  await village.onArchive([]);
  return { entries, blocks: released.blocks, bytes: bytes + released.bytes };
}

/** Finishes what a crash cut off. */
export async function finishDrops(village: Village): Promise<void> {
  for (const archived of village.store.archivedMonths().values())
    if (archived.place === 'dropping') await finishDrop(village, archived);
}
