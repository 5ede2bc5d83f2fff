import type { CheckedSegment, SegmentTables } from '#core/storage/segment-tables.ts';

/** Puts checked segments into the store, many to one transaction, each of which is short. */
export interface SegmentWriter {
  /** Resolves when it is stored. What is stored already is left as it is, unless more of it opened now. */
  put(segment: CheckedSegment, isReopened: boolean): Promise<void>;
}

/**
 * A transaction of this many frames keeps the event loop for some ten milliseconds. Each touches a page of every meter's
 * index, so that small ones would write several times as much.
 */
const FRAMES_AT_ONCE = 5000;
/** How long a checked segment waits for others on their way. */
const WAIT_MS = 500;

interface Waiting {
  readonly segment: CheckedSegment;
  readonly isReopened: boolean;
  readonly resolve: () => void;
  readonly reject: (e: unknown) => void;
}

/** @param onTheirWay segments that are being checked or wait in here: nothing is waited for when there are no others */
export function createSegmentWriter(
  store: Pick<SegmentTables, 'segment' | 'putSegments'>,
  onTheirWay: () => number,
  onStored: (segments: readonly CheckedSegment[]) => void,
): SegmentWriter {
  let batch: Waiting[] = [];
  let frames = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const full = batch;
    batch = [];
    frames = 0;
    try {
      const fresh = new Map<string, CheckedSegment>();
      for (const { segment, isReopened } of full) {
        const row = store.segment(segment.cid);
        if (isReopened || !row || row.away || row.lost || row.state === 'bad') fresh.set(segment.cid, segment);
      }
      store.putSegments([...fresh.values()]);
      onStored([...fresh.values()]);
    } catch (e) {
      for (const { reject } of full) reject(e);
      return;
    }
    for (const { resolve } of full) resolve();
  };
  return {
    put: (segment, isReopened) =>
      new Promise((resolve, reject) => {
        batch.push({ segment, isReopened, resolve, reject });
        frames += segment.frames.length + segment.locked.length;
        if (frames >= FRAMES_AT_ONCE || batch.length >= onTheirWay()) flush();
        else timer ??= setTimeout(flush, WAIT_MS);
      }),
  };
}
