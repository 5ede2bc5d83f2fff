import { AppError } from '#core/ports/errors.ts';
import type { ArchivedMonth } from '#core/storage/archive-tables.ts';
import { monthOfSegment } from '#core/village/fetch-choice.ts';
import type { Village } from '#core/village/open-village.ts';
import type { Month } from '#domain/time.ts';
import { agreedChain } from '#domain/village/fold-settlement.ts';
import type { SegmentRef, VillageState } from '#domain/village/state.ts';

/** These settled months stay: adjustments of late readings still need them. */
const RECENT = 2;
export const MONTH_BOOK = /^(?:segments|operations)-(\d{4}-\d{2})$/;
/** A record lies in the log of its book and in the table. */
const COPIES = 2;
const KEEP = 13;
const keepLabel = (village: string): string => `archive|${village}|keep`;

export type Stays = 'not-settled' | 'recent' | 'late-records' | 'days-missing';
export interface MonthPlace {
  readonly month: Month;
  readonly state: 'open' | 'closed' | 'settled';
  readonly place: ArchivedMonth['place'];
  readonly bytes: number;
  readonly archived: ArchivedMonth | undefined;
  readonly stays: Stays | null;
  readonly isSuggested: boolean;
}

type Preferences = Readonly<Record<'preference', (name: string) => string | undefined>>;
export const keptMonths = (store: Preferences, village: string): number =>
  Number(store.preference(keepLabel(village)) ?? KEEP);
export const setKeptMonths = (
  store: { setPreference(name: string, value: string): void },
  village: string,
  months: number,
): void => store.setPreference(keepLabel(village), String(months));

/** The file that has the readings of a month; null: they are here. */
export function fileOf(village: Pick<Village, 'store'>, month: Month | undefined) {
  const archived = month === undefined ? undefined : village.store.archivedMonths().get(month);
  if (!archived || archived.place === 'here') return null;
  return { month: archived.month, name: archived.file, atMs: archived.atMs };
}

/** A month from before the signed checkpoint this console started from, which has not come since. */
export const neverHere = ({ place, file }: Pick<ArchivedMonth, 'place' | 'file'>): boolean =>
  place === 'dropped' && file === '';

export const booksOf = (month: Month): string[] => [`segments-${month}`, `operations-${month}`];
export const segmentsOf = (state: VillageState, month: Month): SegmentRef[] =>
  [...state.segments.within(`${month}-01`, `${month}-31`)].map(([, s]) => s);

/** What is asked of every month, read once. */
interface Look {
  readonly settled: readonly Month[];
  /** Months of which days are not here whole. */
  readonly lacking: ReadonlySet<Month>;
  /** Books with records that no anchored cut holds, or that the last one added: whoever starts from the signed checkpoint before it needs them. */
  readonly open: ReadonlySet<string>;
}
function lookAt(village: Village): Look {
  const state = village.state();
  const last = state.closes.get(village.checkpoint().settled);
  const inMemory = [...village.index.outside.values()].map((r) => r.book);
  return {
    settled: state.epochs.map((e) => e.month),
    lacking: new Set(village.segments.lacking().map(monthOfSegment)),
    open: new Set([...inMemory, ...village.store.unsettledBooks(), ...Object.keys(last?.cut.records ?? {})]),
  };
}

/** Every month that has a book of its own, newest first, and where it is. */
export function monthPlaces(village: Village, keep: number): MonthPlace[] {
  const { store, node } = village;
  const look = lookAt(village);
  const archived = store.archivedMonths();
  const found = node.books().flatMap((book) => MONTH_BOOK.exec(book)?.[1] ?? []);
  const months = [...new Set([...found, ...archived.keys()])].sort().reverse();
  const blocks = blockBytes(village);
  const frames = store.frameBytes();
  const records = store.recordBytesOf();
  const closed = new Set(agreedChain(village.state().closes.values()).map((c) => c.month));
  return months.map((month, at) => {
    const inBooks = booksOf(month).reduce((n, book) => n + (records.get(book) ?? 0) * COPIES, 0);
    const place = archived.get(month)?.place ?? 'here';
    const inBlocks = place === 'here' ? (blocks.get(month) ?? 0) : blockBytesOf(village, month);
    const stays = staysBy(look, month);
    return {
      month,
      state: look.settled.includes(month) ? 'settled' : closed.has(month) ? 'closed' : 'open',
      place,
      bytes: inBooks + inBlocks + (frames.get(month) ?? 0),
      archived: archived.get(month),
      stays,
      isSuggested: place === 'here' && stays === null && at >= keep,
    };
  });
}

/** Bytes of the blocks of each UTC month that are here, as long as none of them was put away. */
function blockBytes({ segments }: Village): ReadonlyMap<Month, number> {
  const bytes = new Map<Month, number>();
  const add = (month: Month, n: number): void => void bytes.set(month, (bytes.get(month) ?? 0) + n);
  const { whole, rest } = segments.announced();
  const lacking = new Set(segments.lacking().map((s) => s.cid));
  for (const sum of whole) add(sum.month, sum.bytes);
  for (const ref of rest) if (!lacking.has(ref.cid)) add(monthOfSegment(ref), ref.bytes);
  return bytes;
}
const blockBytesOf = (village: Village, month: Month): number =>
  segmentsOf(village.state(), month)
    .filter(({ cid }) => village.store.segment(cid)?.away === false)
    .reduce((n, s) => n + s.bytes, 0);

/** Why a month cannot be removed now, whatever was exported; null: it can. */
export const whyStays = (village: Village, month: Month): Stays | null => staysBy(lookAt(village), month);

function staysBy({ settled, lacking, open }: Look, month: Month): Stays | null {
  if (!settled.includes(month)) return 'not-settled';
  if (settled.slice(-RECENT).includes(month)) return 'recent';
  if (booksOf(month).some((book) => open.has(book))) return 'late-records';
  return lacking.has(month) ? 'days-missing' : null;
}

const WORDS: Readonly<Record<Stays, string>> = {
  'not-settled': 'it is not settled yet',
  recent: `it is one of the last ${RECENT} settled months, and late readings may still change the next statements`,
  'late-records': 'records of it came after its close: they stay until the close after the one that settles them',
  'days-missing': 'not all of its days are on this laptop yet',
};
export const neededHere = (month: Month, why: Stays): AppError =>
  new AppError('MONTH_NEEDED_HERE', `${month} stays on this laptop: ${WORDS[why]}.`, { data: { month, reason: why } });
