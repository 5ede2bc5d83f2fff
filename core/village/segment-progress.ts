import type { SegmentRow } from '#core/storage/segment-tables.ts';
import type { SegmentTally } from '#core/storage/settled-tables.ts';
import type { SegmentRef } from '#domain/village/state.ts';
import { type FetchChoice, monthOfSegment } from './fetch-choice.ts';

/** How far the segments of a village are. */
export interface SegmentProgress {
  readonly state: 'idle' | 'fetching' | 'waiting' | 'paused';
  readonly announced: Amount;
  /** On this disk, checked or not. */
  readonly present: Amount;
  /** Checked against what was announced. */
  readonly verified: Amount;
  /** Missing, and nobody in reach had them when they were last asked for. */
  readonly absent: Amount;
  /** Damaged on this disk, and to be had again. */
  readonly lost: Amount;
  /** Missing, and not asked for because a person said so. */
  readonly cancelled: Amount;
  /** Kept out for good. */
  readonly bad: number;
  /** Frames that are not shared with this device. */
  readonly lockedFrames: number;
  /** Over the last seconds; 0 while nothing comes. */
  readonly bytesPerSecond: number;
  /** Until all is verified that is asked for and that somebody has; null where nobody can say. */
  readonly secondsLeft: number | null;
  /** By the device that announced them. */
  readonly devices: readonly FetchPart[];
  /** By UTC month: those that are not all here, and those that are not fetched. */
  readonly months: readonly FetchPart[];
}
interface Amount {
  readonly segments: number;
  readonly bytes: number;
}
/** Segments that are fetched, or not, together. */
export interface FetchPart {
  readonly id: string;
  readonly announced: number;
  readonly present: number;
  readonly verified: number;
  readonly absent: number;
  /** Damaged on this disk, and to be had again; what they tell is known. */
  readonly lost: number;
  readonly isFetched: boolean;
}

/** Bytes that were verified lately, by a clock that only runs forward. */
export interface RateMeter {
  add(bytes: number): void;
  perSecond(): number;
}

const WINDOW_MS = 5000;

export function createRateMeter(nowMs: () => number = () => performance.now()): RateMeter {
  let marks: { readonly atMs: number; readonly bytes: number }[] = [];
  let startMs = Number.NEGATIVE_INFINITY;
  const forget = (): void => {
    const from = nowMs() - WINDOW_MS;
    marks = marks.filter((m) => m.atMs >= from);
  };
  return {
    add(bytes) {
      forget();
      if (marks.length === 0) startMs = nowMs();
      marks.push({ atMs: nowMs(), bytes });
    },
    perSecond() {
      forget();
      if (marks.length === 0) return 0;
      // the first bytes came at the end of a stretch that was not watched
      const seconds = Math.max(250, Math.min(WINDOW_MS, nowMs() - startMs)) / 1000;
      return Math.round(marks.reduce((n, m) => n + m.bytes, 0) / seconds);
    },
  };
}

export interface ProgressSource {
  readonly state: SegmentProgress['state'];
  /** Here and verified, in sums. */
  readonly whole: readonly SegmentTally[];
  /** All that is announced beside those. */
  readonly rest: Iterable<SegmentRef>;
  readonly known: Pick<ReadonlyMap<string, SegmentRow>, 'get'>;
  /** Frames of all segments that are not shared with this device. */
  readonly lockedFrames: number;
  /** Here and waiting to be checked. */
  readonly unchecked: ReadonlySet<string>;
  readonly isAbsent: (segment: SegmentRef) => boolean;
  readonly choice: Pick<FetchChoice, 'allows' | 'stopped'>;
  readonly bytesPerSecond: number;
}

export function progressOf(source: ProgressSource): SegmentProgress {
  const { state, whole, rest, known, unchecked, lockedFrames, isAbsent, choice, bytesPerSecond } = source;
  const count = {
    announced: none(),
    present: none(),
    verified: none(),
    absent: none(),
    lost: none(),
    cancelled: none(),
  };
  const devices = createParts('device', choice.stopped);
  const months = createParts('month', choice.stopped);
  let bad = 0;
  for (const sum of whole) {
    for (const what of WHOLE) {
      count[what].segments += sum.segments;
      count[what].bytes += sum.bytes;
      for (const part of [devices.of(sum.device), months.of(sum.month)]) part[what] += sum.segments;
    }
  }
  for (const segment of rest) {
    const { cid, bytes } = segment;
    const row = known.get(cid);
    const of: PartCount[] = ['announced'];
    if (row?.state === 'verified') of.push('verified');
    if (row?.lost) of.push('lost');
    if ((row && !row.lost) || unchecked.has(cid)) of.push('present');
    else if (!choice.allows(segment)) add(count.cancelled, bytes);
    else if (isAbsent(segment)) of.push('absent');
    for (const what of of) add(count[what], bytes);
    for (const part of [devices.of(segment.device), months.of(monthOfSegment(segment))])
      for (const what of of) part[what] += 1;
    if (row?.state === 'bad') bad += 1;
  }
  const left = count.announced.bytes - count.present.bytes - count.cancelled.bytes - count.absent.bytes;
  const canTell = state === 'fetching' && bytesPerSecond > 0;
  const secondsLeft = left === 0 ? 0 : canTell ? Math.ceil(left / bytesPerSecond) : null;
  return {
    state,
    ...count,
    bad,
    lockedFrames,
    bytesPerSecond,
    secondsLeft,
    devices: devices.list(),
    months: months.list().filter((m) => !m.isFetched || m.present < m.announced),
  };
}

const WHOLE = ['announced', 'verified', 'present'] as const;
type PartCount = 'announced' | 'present' | 'verified' | 'absent' | 'lost';
type Part = { -readonly [K in keyof FetchPart]: FetchPart[K] };

function createParts(kind: 'device' | 'month', stopped: FetchChoice['stopped']) {
  const parts = new Map<string, Part>();
  const of = (id: string): Part => {
    const known = parts.get(id);
    if (known) return known;
    const isFetched = !stopped.has(`${kind}:${id}`);
    const made = { id, announced: 0, present: 0, verified: 0, absent: 0, lost: 0, isFetched };
    parts.set(id, made);
    return made;
  };
  // what is stopped is listed also while nothing of it is announced
  for (const scope of stopped) if (scope.startsWith(`${kind}:`)) of(scope.slice(kind.length + 1));
  return { of, list: (): FetchPart[] => [...parts.values()].sort((a, b) => (a.id < b.id ? 1 : -1)) };
}

const none = () => ({ segments: 0, bytes: 0 });
function add(to: { segments: number; bytes: number }, bytes: number): void {
  to.segments += 1;
  to.bytes += bytes;
}
