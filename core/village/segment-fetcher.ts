import type { DataKey } from '#core/crypto/data-key.ts';
import { AppError } from '#core/ports/errors.ts';
import type { VillageNode } from '#core/ports/village-node.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import type { SegmentRef, VillageState } from '#domain/village/state.ts';
import { openSegment } from './segment-reader.ts';

/** Brings in the segments that the books announce: from this disk first, then from peers. */
export interface SegmentFetcher {
  /** Opens what is announced and lies on this disk. */
  readonly openLocal: () => Promise<void>;
  /** Asks peers for the rest as well; resolves when nothing more can be had now, and goes on trying by itself. */
  readonly fetch: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface SegmentSource {
  readonly village: string;
  readonly node: Pick<VillageNode, 'getBlock'>;
  readonly store: VillageStore;
  readonly dataKey: DataKey;
  readonly state: () => VillageState;
  readonly findKey: (id: string) => Uint8Array | undefined;
  readonly now: () => number;
  readonly log: (line: string) => void;
  /** Told after a segment was opened or refused. */
  readonly onOpened: () => void;
}

const FETCH_MS = 20_000;
const RETRY_MS = 5_000;
/** One peer that is away must not hold up what the others have. */
const AT_ONCE = 4;

export function createSegmentFetcher(source: SegmentSource): SegmentFetcher {
  const { village, node, store, dataKey, state, findKey, now, log, onOpened } = source;
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: Promise<void> | undefined;
  let again = false;
  let retry: NodeJS.Timeout | undefined;

  const take = (ref: SegmentRef, block: Uint8Array): void => {
    const known = store.segment(ref.cid)?.state;
    if (known === 'verified' || known === 'bad') return;
    const read = openSegment(village, ref, block, findKey, dataKey);
    if (known === read.state) return;
    store.putSegment(ref.cid, read.state, read.reason, block.length, read.frames);
    if (read.state === 'bad') {
      const book = `segments-${ref.day.slice(0, 7)}`;
      store.addRefused({ atMs: now(), peer: ref.device, book, reason: read.reason });
    }
    onOpened();
  };
  /** false: its block cannot be had now. */
  const tryOne = async (ref: SegmentRef, localOnly: boolean): Promise<boolean> => {
    try {
      const within = localOnly ? signal : AbortSignal.any([signal, AbortSignal.timeout(FETCH_MS)]);
      take(ref, await node.getBlock(ref.cid, { signal: within, localOnly }));
      return true;
    } catch (e) {
      const isMissing = e instanceof AppError && e.code === 'BLOCK_NOT_FOUND';
      if (!isMissing && !signal.aborted) log(`segment ${ref.cid}: ${e instanceof Error ? e.message : String(e)}`);
      return false;
    }
  };
  const wanted = (isWanted: (known: string | undefined) => boolean): SegmentRef[] => {
    const have = store.segments();
    return [...state().segments.values()].filter((ref) => isWanted(have.get(ref.cid)?.state));
  };
  const openLocal = async (): Promise<void> => {
    for (const ref of wanted((known) => known === undefined || known === 'locked')) {
      if (signal.aborted) return;
      await tryOne(ref, true);
    }
  };
  const fetchRest = async (): Promise<void> => {
    const missing = wanted((known) => known === undefined);
    let missed = false;
    const fetchInTurn = async (): Promise<void> => {
      for (let ref = missing.shift(); ref && !signal.aborted; ref = missing.shift())
        if (!(await tryOne(ref, false))) missed = true;
    };
    await Promise.all(Array.from({ length: AT_ONCE }, fetchInTurn));
    if (!missed || signal.aborted) return;
    clearTimeout(retry);
    retry = setTimeout(() => void fetch(), RETRY_MS);
  };
  const fetchUntilQuiet = async (): Promise<void> => {
    do {
      again = false;
      await openLocal();
      await fetchRest();
    } while (again && !signal.aborted);
  };
  const fetch = (): Promise<void> => {
    again = true;
    running ??= fetchUntilQuiet().finally(() => {
      running = undefined;
    });
    return running;
  };
  return {
    openLocal,
    fetch,
    async stop() {
      stopping.abort();
      clearTimeout(retry);
      await running;
    },
  };
}
