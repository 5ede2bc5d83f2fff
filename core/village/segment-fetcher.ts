import { AppError } from '#core/ports/errors.ts';
import type { VillageNode } from '#core/ports/village-node.ts';
import type { SegmentRow } from '#core/storage/segment-tables.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import type { SegmentRef, VillageState } from '#domain/village/state.ts';
import { createSegmentIntake } from './segment-intake.ts';
import { createRateMeter, progressOf, type SegmentProgress } from './segment-progress.ts';

/** Brings in the segments that the books announce: from this disk first, then from peers, the newest first. */
export interface SegmentFetcher {
  /** Checks and opens these announced segments, whose blocks lie on this disk, before anything else. */
  readonly open: (cids: readonly string[]) => Promise<void>;
  /** Takes up all that is announced and missing; resolves when nothing more can be had now, and goes on trying by itself. */
  readonly fetch: () => Promise<void>;
  /** Peers came or went. */
  readonly onPeers: () => void;
  /** Asks nobody any more until told to go on; what has arrived is still checked. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly progress: () => SegmentProgress;
  /** The store dropped what it knew. */
  readonly onDropped: () => void;
  readonly stop: () => Promise<void>;
}

export interface SegmentSource {
  readonly village: string;
  readonly node: Pick<VillageNode, 'getBlock' | 'hasBlock' | 'fetchBlocks' | 'peers'>;
  readonly store: VillageStore;
  readonly state: () => VillageState;
  readonly keys: () => ReadonlyMap<string, Uint8Array>;
  readonly now: () => number;
  readonly log: (line: string) => void;
  /** Told after segments were opened or refused. */
  readonly onOpened: () => void;
  /** Told when {@link SegmentFetcher.progress} changed otherwise. */
  readonly onProgress: () => void;
}

/** What nobody has is asked for again after this long, growing, even if no news comes. */
const RETRY_MS = [5_000, 15_000, 60_000] as const;
/** A round in which nothing has come for so long is given up; the next one starts anew. */
const STALL_MS = 20_000;
/** A round that waits for what nobody has must not hold up what was announced since. */
const ROUNDS_AT_ONCE = 4;

export function createSegmentFetcher(source: SegmentSource): SegmentFetcher {
  const { node, store, state, keys, log } = source;
  const stopping = new AbortController();
  const rate = createRateMeter();
  /** Segments that a round under way looks after. */
  const claimed = new Set<string>();
  const rounds = new Set<Promise<void>>();
  /** Aborted while paused. */
  let asking = new AbortController();
  let retry: NodeJS.Timeout | undefined;
  let fruitless = 0;
  let keysTried = 0;
  let connected: ReadonlySet<string> = new Set();
  /** As the store has it. */
  let rows: Map<string, SegmentRow> | undefined;
  const known = (): Map<string, SegmentRow> => {
    rows ??= store.segments();
    return rows;
  };
  const isStopped = (): boolean => stopping.signal.aborted;
  const isPaused = (): boolean => asking.signal.aborted;

  const intake = createSegmentIntake({
    ...source,
    onStored(segments) {
      for (const { cid, bytes } of segments) {
        const row = store.segment(cid);
        if (row) rows?.set(cid, row);
        rate.add(bytes);
      }
      source.onOpened();
    },
  });

  /** From this disk, or undefined. */
  const readHere = async (cid: string): Promise<Uint8Array | undefined> => {
    try {
      if (!(await node.hasBlock(cid))) return undefined;
      return await node.getBlock(cid, { signal: stopping.signal, localOnly: true });
    } catch (e) {
      if (!isStopped() && !(e instanceof AppError && e.code === 'BLOCK_NOT_FOUND')) log(`segment ${cid}: ${String(e)}`);
      return undefined;
    }
  };
  /** Takes what lies on this disk; returns what does not. */
  const takeHere = async (
    refs: readonly SegmentRef[],
    only: readonly string[] | null,
    pending: Promise<boolean>[],
  ): Promise<SegmentRef[]> => {
    const absent: SegmentRef[] = [];
    for (const ref of refs) {
      if (isStopped()) return [];
      const block = await readHere(ref.cid);
      if (block) pending.push((await intake.take(ref, block, { isUnhashed: true, only })).stored);
      else absent.push(ref);
    }
    return absent;
  };
  /** Asks peers; returns how many nobody has. */
  const takeFromPeers = async (refs: readonly SegmentRef[], pending: Promise<boolean>[]): Promise<number> => {
    const byCid = new Map(refs.map((ref) => [ref.cid, ref]));
    const stalled = new AbortController();
    let timer = setTimeout(() => stalled.abort(), STALL_MS);
    try {
      const left = await node.fetchBlocks(
        refs.map(({ cid, bytes }) => ({ cid, bytes })),
        {
          signal: AbortSignal.any([stopping.signal, asking.signal, stalled.signal]),
          async deliver(cid, block) {
            clearTimeout(timer);
            timer = setTimeout(() => stalled.abort(), STALL_MS);
            const ref = byCid.get(cid);
            if (!ref || isStopped()) return;
            const { stored } = await intake.take(ref, block, { isUnhashed: false, only: null });
            pending.push(stored.finally(() => claimed.delete(cid)));
          },
        },
      );
      return left.length;
    } finally {
      clearTimeout(timer);
    }
  };
  /** Opens what keys have come for since. */
  const reopen = async (pending: Promise<boolean>[]): Promise<void> => {
    const held = keys();
    if (held.size === keysTried) return;
    keysTried = held.size;
    const affected = new Map<string, string[]>();
    for (const key of store.lockedKeys().filter((id) => held.has(id)))
      for (const cid of store.segmentsLockedBy(key)) affected.set(cid, [...(affected.get(cid) ?? []), key]);
    for (const [cid, only] of affected) {
      const ref = state().segments.get(cid);
      if (ref) await takeHere([ref], only, pending);
    }
  };

  const missing = (): SegmentRef[] => {
    const have = known();
    return [...state().segments.values()]
      .filter(({ cid }) => !have.has(cid) && !claimed.has(cid))
      .sort((a, b) => (a.day === b.day ? b.atMs - a.atMs : a.day < b.day ? 1 : -1));
  };
  const runRound = async (refs: readonly SegmentRef[]): Promise<void> => {
    const pending: Promise<boolean>[] = [];
    let left = 0;
    try {
      await reopen(pending);
      const absent = await takeHere(refs, null, pending);
      if (isPaused() || absent.length === 0) left = 0;
      else left = await takeFromPeers(absent, pending);
    } catch (e) {
      left = refs.length;
      if (!isStopped()) log(`fetching segments: ${e instanceof Error ? e.message : String(e)}`);
    } finally {
      const stored = await Promise.all(pending);
      for (const { cid } of refs) claimed.delete(cid);
      settle(left + stored.filter((ok) => !ok).length);
    }
  };
  const settle = (left: number): void => {
    if (isStopped()) return;
    source.onProgress();
    if (left === 0) {
      fruitless = 0;
      return;
    }
    if (isPaused()) return;
    retry ??= setTimeout(
      () => {
        retry = undefined;
        void fetch();
      },
      RETRY_MS[Math.min(fruitless++, RETRY_MS.length - 1)],
    );
  };
  const startRound = (): void => {
    if (isStopped() || rounds.size >= ROUNDS_AT_ONCE) return;
    const refs = missing();
    if (refs.length === 0 && keys().size === keysTried) return;
    for (const { cid } of refs) claimed.add(cid);
    const round = runRound(refs).finally(() => {
      const wasFull = rounds.size >= ROUNDS_AT_ONCE;
      rounds.delete(round);
      if (wasFull) startRound();
    });
    rounds.add(round);
    source.onProgress();
  };
  const fetch = async (): Promise<void> => {
    startRound();
    await Promise.all(rounds);
  };
  const tryAgainNow = (): void => {
    clearTimeout(retry);
    retry = undefined;
    fruitless = 0;
    void fetch();
  };
  const stateNow = (): SegmentProgress['state'] => {
    if (isPaused()) return 'paused';
    if (rounds.size > 0 && (connected.size > 0 || intake.unchecked.size > 0)) return 'fetching';
    return rounds.size > 0 || missing().length > 0 ? 'waiting' : 'idle';
  };
  return {
    async open(cids) {
      const pending: Promise<boolean>[] = [];
      const refs = cids.flatMap((cid) => state().segments.get(cid) ?? []);
      await takeHere(
        refs.filter(({ cid }) => store.segment(cid)?.away ?? true),
        null,
        pending,
      );
      await Promise.all(pending);
    },
    fetch,
    onPeers() {
      const now = new Set(node.peers().flatMap((p) => (p.connected ? [p.peer] : [])));
      const isNew = [...now].some((peer) => !connected.has(peer));
      connected = now;
      if (isNew) tryAgainNow();
    },
    pause() {
      asking.abort();
      clearTimeout(retry);
      retry = undefined;
      source.onProgress();
    },
    resume() {
      if (!isPaused()) return;
      asking = new AbortController();
      tryAgainNow();
    },
    progress: () =>
      progressOf({
        state: stateNow(),
        announced: state().segments.values(),
        known: known(),
        unchecked: intake.unchecked,
        bytesPerSecond: rate.perSecond(),
      }),
    onDropped() {
      rows = undefined;
      keysTried = 0;
    },
    async stop() {
      stopping.abort();
      clearTimeout(retry);
      await intake.stop();
      await Promise.all(rounds);
    },
  };
}
