import type { SegmentRow } from '#core/storage/segment-tables.ts';
import type { SegmentRef } from '#domain/village/state.ts';

/** How far the segments of a village are. */
export interface SegmentProgress {
  readonly state: 'idle' | 'fetching' | 'waiting' | 'paused';
  readonly announced: Amount;
  /** On this disk, checked or not. */
  readonly present: Amount;
  /** Checked against what was announced. */
  readonly verified: Amount;
  /** Kept out for good. */
  readonly bad: number;
  /** Frames that are not shared with this device. */
  readonly lockedFrames: number;
  /** Over the last seconds; 0 while nothing comes. */
  readonly bytesPerSecond: number;
  /** Until everything announced is verified; null where nobody can say. */
  readonly secondsLeft: number | null;
}
interface Amount {
  readonly segments: number;
  readonly bytes: number;
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
  readonly announced: Iterable<Pick<SegmentRef, 'cid' | 'bytes'>>;
  readonly known: ReadonlyMap<string, SegmentRow>;
  /** Here and waiting to be checked. */
  readonly unchecked: ReadonlySet<string>;
  readonly bytesPerSecond: number;
}

export function progressOf({ state, announced, known, unchecked, bytesPerSecond }: ProgressSource): SegmentProgress {
  const count = { announced: none(), present: none(), verified: none() };
  let [bad, lockedFrames] = [0, 0];
  for (const { cid, bytes } of announced) {
    const row = known.get(cid);
    add(count.announced, bytes);
    if (row || unchecked.has(cid)) add(count.present, bytes);
    if (row?.state === 'verified') add(count.verified, bytes);
    if (row?.state === 'bad') bad += 1;
    lockedFrames += row?.locked ?? 0;
  }
  const left = count.announced.bytes - count.present.bytes;
  const canTell = state === 'fetching' && bytesPerSecond > 0;
  const secondsLeft = left === 0 ? 0 : canTell ? Math.ceil(left / bytesPerSecond) : null;
  return { state, ...count, bad, lockedFrames, bytesPerSecond, secondsLeft };
}

const none = () => ({ segments: 0, bytes: 0 });
function add(to: { segments: number; bytes: number }, bytes: number): void {
  to.segments += 1;
  to.bytes += bytes;
}
