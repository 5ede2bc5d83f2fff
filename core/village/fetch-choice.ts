import type { FetchScope, FetchTables } from '#core/storage/fetch-tables.ts';
import type { SegmentRef } from '#domain/village/state.ts';

/** What a person lets this console fetch. It is kept over restarts. */
export interface FetchChoice {
  readonly isPaused: boolean;
  /** Whether the segment is asked for, paused or not. */
  allows(segment: Pick<SegmentRef, 'device' | 'day'>): boolean;
  /** Scopes that are not fetched. */
  readonly stopped: ReadonlySet<FetchScope>;
  /** Answers whether this changed anything. */
  set(scope: FetchScope, isFetched: boolean): boolean;
}

/** UTC month of a segment, as its book is named. */
export const monthOfSegment = ({ day }: Pick<SegmentRef, 'day'>): string => day.slice(0, 7);

export function createFetchChoice(store: FetchTables, now: () => number): FetchChoice {
  const stopped = new Set(store.notFetched());
  return {
    get isPaused() {
      return stopped.has('all');
    },
    allows: (segment) =>
      stopped.size === 0 ||
      !(stopped.has(`device:${segment.device}`) || stopped.has(`month:${monthOfSegment(segment)}`)),
    stopped,
    set(scope, isFetched) {
      if (stopped.has(scope) !== isFetched) return false;
      store.setFetched(scope, isFetched, now());
      if (isFetched) stopped.delete(scope);
      else stopped.add(scope);
      return true;
    },
  };
}
