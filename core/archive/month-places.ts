import { AppError } from '#core/ports/errors.ts';
import type { ArchivedMonth } from '#core/storage/archive-tables.ts';
import type { Village } from '#core/village/open-village.ts';
import type { Month } from '#domain/time.ts';
import { agreedChain } from '#domain/village/fold-settlement.ts';
import type { SegmentRef, VillageState } from '#domain/village/state.ts';

/** These settled months stay: adjustments of late readings still need them. */
const RECENT = 2;
const MONTH_BOOK = /^(?:segments|operations)-(\d{4}-\d{2})$/;
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

export const booksOf = (month: Month): string[] => [`segments-${month}`, `operations-${month}`];
export const segmentsOf = (state: VillageState, month: Month): SegmentRef[] =>
  [...state.segments.values()].filter((s) => s.day.startsWith(month));

/** Every month that has a book of its own, newest first, and where it is. */
export function monthPlaces(village: Village, keep: number): MonthPlace[] {
  const state = village.state();
  const { store, node } = village;
  const archived = store.archivedMonths();
  const found = node.books().flatMap((book) => MONTH_BOOK.exec(book)?.[1] ?? []);
  const months = [...new Set([...found, ...archived.keys()])].sort().reverse();
  const frames = store.frameBytes();
  const records = store.recordBytesOf();
  const rows = store.segments();
  const closed = new Set(agreedChain(state.closes.values()).map((c) => c.month));
  const settled = new Set(state.epochs.map((e) => e.month));
  return months.map((month, at) => {
    const inBooks = booksOf(month).reduce((n, book) => n + (records.get(book) ?? 0) * COPIES, 0);
    const blocks = segmentsOf(state, month).filter(({ cid }) => rows.get(cid)?.away === false);
    const place = archived.get(month)?.place ?? 'here';
    const stays = whyStays(village, month);
    return {
      month,
      state: settled.has(month) ? 'settled' : closed.has(month) ? 'closed' : 'open',
      place,
      bytes: inBooks + blocks.reduce((n, s) => n + s.bytes, 0) + (frames.get(month) ?? 0),
      archived: archived.get(month),
      stays,
      isSuggested: place === 'here' && stays === null && at >= keep,
    };
  });
}

/** Why a month cannot be removed now, whatever was exported; null: it can. */
export function whyStays(village: Village, month: Month): Stays | null {
  const state = village.state();
  const settled = state.epochs.map((e) => e.month);
  if (!settled.includes(month)) return 'not-settled';
  if (settled.slice(-RECENT).includes(month)) return 'recent';
  const books = booksOf(month);
  const isLate = [...village.index.outside.values()].some((r) => books.includes(r.book));
  if (isLate || books.some((book) => village.store.unsettledRecords(book) > 0)) return 'late-records';
  const rows = village.store.segments();
  return segmentsOf(state, month).some(({ cid }) => !rows.has(cid)) ? 'days-missing' : null;
}

const WORDS: Readonly<Record<Stays, string>> = {
  'not-settled': 'it is not settled yet',
  recent: `it is one of the last ${RECENT} settled months, and late readings may still change the next statements`,
  'late-records': 'records of it came after its close: they are settled with the next one',
  'days-missing': 'not all of its days are on this laptop yet',
};
export const neededHere = (month: Month, why: Stays): AppError =>
  new AppError('MONTH_NEEDED_HERE', `${month} stays on this laptop: ${WORDS[why]}.`, { data: { month, reason: why } });
