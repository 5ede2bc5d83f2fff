import { dayOf, UTC } from '../time.ts';
import type { Entry, KeyShares, SegmentRef, VeeDecision, VillageState } from './state.ts';

const SHARE_MONTH = /:(\d{4}-\d{2}) /;

/**
 * What grows with every month: each kind by the shelf on which its items are looked for together. The rest grows with
 * people, devices and agreements.
 */
export const SHELVES = {
  keyShares: (_: KeyShares, id: string) => SHARE_MONTH.exec(id)?.[1] ?? '',
  segments: (s: SegmentRef) => s.day,
  decisions: (d: VeeDecision) => dayOf(d.fromMs, UTC),
  entries: (e: Entry) => (e.vouched === null ? OPEN_ENTRIES : ''),
  vouched: () => '',
  closeLanes: () => '',
  onHold: () => '',
  unknown: () => '',
} as const;
export type Growing = keyof typeof SHELVES;
/** The shelf of entries that nobody vouched for. */
export const OPEN_ENTRIES = 'open';

/** Segments of the UTC days that touch [fromMs, toMs). */
export const segmentsWithin = (state: Pick<VillageState, 'segments'>, fromMs: number, toMs: number): SegmentRef[] =>
  fromMs < toMs ? [...state.segments.within(dayOf(fromMs, UTC), dayOf(toMs - 1, UTC))].map(([, s]) => s) : [];
/** Where the first readings begin. */
export function firstDataMs(state: Pick<VillageState, 'segments'>): number | undefined {
  const day = state.segments.firstShelf();
  if (day === undefined) return undefined;
  return Math.min(...[...state.segments.within(day, day)].map(([, s]) => s.fromMs));
}
