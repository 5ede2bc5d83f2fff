import type { CheckedSegment, SegmentTables } from '#core/storage/segment-tables.ts';

/** Puts checked segments into the store, many to one transaction, each of which is short. */
export interface SegmentWriter {
  /** Resolves when it is stored. What is stored already is left as it is, unless more of it opened now. */
  put(segment: CheckedSegment, isReopened: boolean): Promise<void>;
}

/** A transaction of this many frames keeps the event loop for some ten milliseconds. */
const FRAMES_AT_ONCE = 1500;
const WAIT_MS = 20;

interface Waiting {
  readonly segment: CheckedSegment;
  readonly isReopened: boolean;
  readonly resolve: () => void;
  readonly reject: (e: unknown) => void;
}

export function createSegmentWriter(
  store: Pick<SegmentTables, 'segment' | 'putSegments'>,
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
      for (const { segment, isReopened } of full)
        if (isReopened || !store.segment(segment.cid)) fresh.set(segment.cid, segment);
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
        if (frames >= FRAMES_AT_ONCE) flush();
        else timer ??= setTimeout(flush, WAIT_MS);
      }),
  };
}
