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
/** Blocks that nobody has must not hold up those that somebody has. */
const AT_ONCE = 16;

/** Runs work at most `n` at a time, in the order in which it came. */
function createTurns(n: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = n;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

export function createSegmentFetcher(source: SegmentSource): SegmentFetcher {
  const { village, node, store, dataKey, state, findKey, now, log, onOpened } = source;
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = new Set<Promise<void>>();
  const inFlight = new Map<string, Promise<boolean>>();
  const inTurn = createTurns(AT_ONCE);
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
  const fetchOne = (ref: SegmentRef): Promise<boolean> => {
    const under = inFlight.get(ref.cid) ?? inTurn(() => tryOne(ref, false)).finally(() => inFlight.delete(ref.cid));
    inFlight.set(ref.cid, under);
    return under;
  };
  const fetchAll = async (): Promise<void> => {
    await openLocal();
    if (signal.aborted) return;
    const had = await Promise.all(wanted((known) => known === undefined).map(fetchOne));
    if (had.every(Boolean) || signal.aborted) return;
    retry ??= setTimeout(() => {
      retry = undefined;
      void fetch();
    }, RETRY_MS);
  };
  const fetch = (): Promise<void> => {
    if (signal.aborted) return Promise.resolve();
    const run = fetchAll().finally(() => running.delete(run));
    running.add(run);
    return run;
  };
  return {
    openLocal,
    fetch,
    async stop() {
      stopping.abort();
      clearTimeout(retry);
      await Promise.all(running);
    },
  };
}
