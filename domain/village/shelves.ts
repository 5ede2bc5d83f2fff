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

/**
 * What a device announced of a block. Anybody may announce the blocks of others as its own, at whatever date, and only
 * the block says whose it is: so each device has an announcement of its own, the first one under the name of the block.
 */
export function announcementOf(
  segments: Pick<VillageState['segments'], 'get'>,
  cid: string,
  device: string,
): SegmentRef | undefined {
  const first = segments.get(cid);
  return first === undefined || first.device === device ? first : segments.get(rivalName(cid, device));
}
export const rivalName = (cid: string, device: string): string => `${cid} ${device}`;

/** Segments of the UTC days that touch [fromMs, toMs). */
export const segmentsWithin = (state: Pick<VillageState, 'segments'>, fromMs: number, toMs: number): SegmentRef[] =>
  fromMs < toMs ? [...state.segments.within(dayOf(fromMs, UTC), dayOf(toMs - 1, UTC))].map(([, s]) => s) : [];
/** Where the first readings begin. */
export function firstDataMs(state: Pick<VillageState, 'segments'>): number | undefined {
  const day = state.segments.firstShelf();
  if (day === undefined) return undefined;
  return Math.min(...[...state.segments.within(day, day)].map(([, s]) => s.fromMs));
}
