import { requireFreeSpace } from '#core/bundles/free-space.ts';
import type { JobControl } from '#core/jobs.ts';
import { AppError } from '#core/ports/errors.ts';
import { monthExported } from '#core/village/month-exported.ts';
import type { Village } from '#core/village/open-village.ts';
import type { Month } from '#domain/time.ts';
import { finishReturn } from './finish-return.ts';
import { booksOf, neverHere, segmentsOf } from './month-places.ts';

/** Blocks that nobody sends in this time are not waited for, ms. */
const STALL_MS = 20_000;

/**
 * Brings a month that is not here back from consoles that are connected and kept it: its records, then its days. What
 * came stays, so that it goes on where it was stopped. Errors: MONTH_KEPT_NOWHERE, MONTH_EXPORTED, DISK_FULL.
 */
export async function bringMonth(
  village: Village,
  month: Month,
  control: JobControl,
): Promise<{ readonly entries: number; readonly days: number }> {
  const archived = village.store.archivedMonths().get(month);
  if (!archived || archived.place === 'here') return { entries: 0, days: 0 };
  if (archived.place === 'dropping') throw monthExported(village.store, month);
  await requireFreeSpace(village.dir, archived.bytes);
  const sum = { entries: 0, days: 0 };
  try {
    if (!neverHere(archived)) {
      sum.entries = await bringRecords(village, month, archived.books, control);
      sum.days = await bringDays(village, month, control);
    }
  } finally {
    await finishReturn(village);
    village.notify('sync');
  }
  control.signal.throwIfAborted();
  if ((village.store.archivedMonths().get(month)?.place ?? 'here') !== 'here') throw keptNowhere(village, month);
  return sum;
}

async function bringRecords(
  { node }: Village,
  month: Month,
  entries: Readonly<Record<string, number>>,
  { signal, progress }: JobControl,
): Promise<number> {
  const of = Object.values(entries).reduce((n, count) => n + count, 0);
  let done = 0;
  progress('fetch records', done, of);
  for (const book of booksOf(month))
    await node.bringBack(book, {
      signal,
      onReturned(came) {
        done += came;
        progress('fetch records', done, of);
      },
    });
  return done;
}

async function bringDays(village: Village, month: Month, { signal, progress }: JobControl): Promise<number> {
  const { node, store, segments } = village;
  const away = segmentsOf(village.state(), month).filter(({ cid }) => store.segment(cid)?.away);
  const stalled = new AbortController();
  const stall = (): NodeJS.Timeout => setTimeout(() => stalled.abort(), STALL_MS);
  let timer = stall();
  const came: string[] = [];
  progress('fetch days', 0, away.length);
  try {
    await node.fetchBlocks(
      away.map(({ cid, bytes }) => ({ cid, bytes })),
      {
        signal: AbortSignal.any([signal, stalled.signal]),
        async deliver(cid) {
          clearTimeout(timer);
          timer = stall();
          came.push(cid);
          progress('fetch days', came.length, away.length);
        },
      },
    );
  } finally {
    clearTimeout(timer);
    await segments.open(came);
  }
  return came.length;
}

/** Names who was asked, and who might be. */
function keptNowhere({ node, revealed, state }: Village, month: Month): AppError {
  const names = (connected: boolean): string => {
    const members = node
      .peers()
      .filter((p) => p.connected === connected)
      .flatMap((p) => state().devices.get(p.device ?? '')?.member ?? []);
    return [...new Set(members.map((m) => revealed().members.get(m)?.name ?? m))].sort().join(', ');
  };
  const [asked, others] = [names(true), names(false)];
  return new AppError(
    'MONTH_KEPT_NOWHERE',
    `No console that is connected now has all of ${month}. Asked: ${asked || 'nobody'}. Not connected: ${others || 'nobody'}. Connect to one of these, or bring the file of that month.`,
    { retryable: true, data: { month, asked, others } },
  );
}
