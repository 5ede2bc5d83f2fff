import type { FetchTables } from '#core/storage/fetch-tables.ts';
import type { LockedFrames, SegmentTables } from '#core/storage/segment-tables.ts';
import type { FrameKeys } from './audience-keys.ts';

/** Stored frames that were locked, and whose keys came since. */
export interface LateKeys {
  readonly areThere: () => boolean;
  /** A segment was stored with these frames locked: their keys may have come while it was checked. */
  readonly onStored: (cid: string, locked: readonly Pick<LockedFrames, 'key'>[]) => void;
  /**
   * Hands out each segment with the keys that came for it, one after the other; what could not be opened is handed out
   * again the next time.
   */
  readonly open: (reopen: (cid: string, only: readonly string[]) => Promise<Reopening>) => Promise<void>;
}
export interface Reopening {
  /** Resolves with whether it is dealt with, never rejects. */
  readonly done: Promise<boolean>;
}

export function createLateKeys(
  store: Pick<FetchTables, 'keysTried' | 'putKeysTried'> & Pick<SegmentTables, 'segmentsLockedBy'>,
  keys: Pick<FrameKeys, 'find' | 'newest' | 'since'>,
): LateKeys {
  const waiting = new Map<string, Set<string>>();
  let tried = store.keysTried();
  let underWay = 0;
  const add = (cid: string, key: string): void => {
    const known = waiting.get(cid);
    if (known) known.add(key);
    else waiting.set(cid, new Set([key]));
  };
  const look = (): void => {
    const newest = keys.newest();
    if (newest === tried) return;
    for (const key of keys.since(tried)) for (const cid of store.segmentsLockedBy(key)) add(cid, key);
    tried = newest;
  };
  /** Kept only when nothing is left that a crash could make it forget. */
  const keep = (): void => {
    if (underWay === 0 && waiting.size === 0 && store.keysTried() !== tried) store.putKeysTried(tried);
  };
  return {
    areThere: () => waiting.size > 0 || keys.newest() !== tried,
    onStored(cid, locked) {
      for (const { key } of locked) if (keys.find(key)) add(cid, key);
    },
    async open(reopen) {
      look();
      const open = [...waiting];
      waiting.clear();
      for (const [cid, ids] of open) {
        underWay += 1;
        const { done } = await reopen(cid, [...ids]);
        void done.then((isDone) => {
          underWay -= 1;
          if (!isDone) for (const key of ids) add(cid, key);
          keep();
        });
      }
      keep();
    },
  };
}
