import { AppError } from '#core/ports/errors.ts';
import type { VillageNode } from '#core/ports/village-node.ts';
import type { FetchScope } from '#core/storage/fetch-tables.ts';
import type { CheckedSegment } from '#core/storage/segment-tables.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import { dayStart, UTC } from '#domain/time.ts';
import { announcementOf } from '#domain/village/shelves.ts';
import type { SegmentRef, VillageState } from '#domain/village/state.ts';
import type { FrameKeys } from './audience-keys.ts';
import { createFetchChoice } from './fetch-choice.ts';
import { createLateKeys } from './late-keys.ts';
import { createSegmentIntake } from './segment-intake.ts';
import { createRateMeter, progressOf, type SegmentProgress } from './segment-progress.ts';
import { createSegmentsHere, type SegmentsHere } from './segments-here.ts';
import { createSoughtSegments, type Sought } from './sought-segments.ts';

/** Brings in the segments that the books announce: from this disk first, then from peers, the newest first. */
export interface SegmentFetcher {
  /** Checks and opens these announced segments, whose blocks lie on this disk, before anything else. */
  readonly open: (cids: readonly string[]) => Promise<void>;
  /** Takes up all that is announced and missing; resolves when nothing more can be had now, and goes on trying by itself. */
  readonly fetch: () => Promise<void>;
  /** The block of a segment is not on this disk any more: it is fetched again. */
  readonly onLost: (cid: string) => void;
  /** Peers came or went. */
  readonly onPeers: () => void;
  /** Nobody is asked for these any more, until told to; what has arrived is still checked. Kept over restarts. */
  readonly setFetched: (scope: FetchScope, isFetched: boolean) => void;
  /** It is announced, not here, and a person did not say that it is not to be fetched. */
  readonly wants: (ref: SegmentRef) => boolean;
  readonly progress: () => SegmentProgress;
  /** All that is announced: what lies here whole and is settled in sums, the rest one by one. */
  readonly announced: SegmentsHere['tally'];
  /** Those that are not here whole. */
  readonly lacking: SegmentsHere['missing'];
  /** The store dropped what it knew. */
  readonly onDropped: () => void;
  readonly stop: () => Promise<void>;
}

export interface SegmentSource {
  readonly village: string;
  readonly node: Pick<VillageNode, 'getBlock' | 'heldBlocks' | 'fetchBlocks' | 'peers'>;
  readonly store: VillageStore;
  readonly state: () => VillageState;
  /** How many of its segments, the first in order, an anchored cut holds. */
  readonly settledSegments: () => number;
  readonly keys: FrameKeys;
  readonly now: () => number;
  readonly log: (line: string) => void;
  /** Told before missing segments are taken up: the keys of their frames are announced beside them. */
  readonly onRound: () => void;
  /** Told after segments were opened or refused, with the oldest UTC day they are of. */
  readonly onOpened: (oldestMs: number, segments: readonly CheckedSegment[]) => void;
  /** Told when {@link SegmentFetcher.progress} changed otherwise. */
  readonly onProgress: () => void;
}

/** A round in which nothing has come for so long is given up; the next one starts anew. */
const STALL_MS = 20_000;
/** A round that waits for what nobody has must not hold up what was announced since. */
const ROUNDS_AT_ONCE = 4;

export function createSegmentFetcher(source: SegmentSource): SegmentFetcher {
  const { node, store, state, keys, log } = source;
  const stopping = new AbortController();
  const rate = createRateMeter();
  const choice = createFetchChoice(store, source.now);
  const sought = createSoughtSegments(() => performance.now());
  const rounds = new Set<Promise<void>>();
  /** Aborted while paused, and when less is to be fetched. */
  let asking: AbortController;
  let retry: NodeJS.Timeout | undefined;
  let connected: ReadonlySet<string> = new Set();
  const lateKeys = createLateKeys(store, keys);
  const here = createSegmentsHere(store, state, source.settledSegments);
  const isStopped = (): boolean => stopping.signal.aborted;
  const askAnew = (): void => {
    asking = new AbortController();
    if (choice.isPaused) asking.abort();
  };
  askAnew();

  const intake = createSegmentIntake({
    ...source,
    onStored(segments) {
      let oldestMs = Number.POSITIVE_INFINITY;
      for (const { cid, bytes, locked, chain } of segments) {
        here.onStored(cid);
        lateKeys.onStored(cid, locked);
        rate.add(bytes);
        const day = announcementOf(state().segments, cid, chain.device)?.day;
        oldestMs = Math.min(oldestMs, day === undefined ? 0 : dayStart(day, UTC));
      }
      source.onOpened(oldestMs, segments);
    },
  });
  const take = async (ref: SegmentRef, block: Uint8Array, only: readonly string[] | null): Promise<Taking> => {
    const { stored } = await intake.take(ref, block, only);
    const done = stored.then((isStored) => {
      if (isStored) sought.arrived(ref);
      else sought.absent(ref);
      return isStored;
    });
    return { done };
  };

  /** From this disk, or undefined. */
  const readHere = async (cid: string): Promise<Uint8Array | undefined> => {
    try {
      return await node.getBlock(cid, { signal: stopping.signal, localOnly: true });
    } catch (e) {
      if (!isStopped() && !(e instanceof AppError && e.code === 'BLOCK_NOT_FOUND')) log(`segment ${cid}: ${String(e)}`);
      return undefined;
    }
  };
  const lookHere = async (refs: readonly SegmentRef[]): Promise<SegmentRef[]> => {
    const held = await node.heldBlocks(refs.map(({ cid }) => cid));
    return refs.filter(({ cid }) => held.has(cid));
  };
  const takeHere = async (ref: SegmentRef, only: readonly string[] | null): Promise<Taking | undefined> => {
    const block = isStopped() ? undefined : await readHere(ref.cid);
    return block && (await take(ref, block, only));
  };
  /** Tells of each that came; resolves when nothing more comes. */
  const askPeers = async (refs: readonly SegmentRef[], onCome: (ref: SegmentRef, taking: Taking) => void) => {
    const byCid = new Map(refs.map((ref) => [ref.cid, ref]));
    const stalled = new AbortController();
    let timer = setTimeout(() => stalled.abort(), STALL_MS);
    try {
      await node.fetchBlocks(
        refs.map(({ cid, bytes }) => ({ cid, bytes })),
        {
          signal: AbortSignal.any([stopping.signal, asking.signal, stalled.signal]),
          async deliver(cid, block) {
            clearTimeout(timer);
            timer = setTimeout(() => stalled.abort(), STALL_MS);
            const ref = byCid.get(cid);
            if (ref && !isStopped()) onCome(ref, await take(ref, block, null));
          },
        },
      );
    } finally {
      clearTimeout(timer);
    }
  };
  /** Opens what keys have come for since. */
  const reopen = (takings: Promise<boolean>[]): Promise<void> =>
    lateKeys.open(async (cid, only) => {
      const ref = state().segments.get(cid);
      const taking = ref && (await takeHere(ref, only));
      if (taking) takings.push(taking.done);
      else if (!isStopped()) onLost(cid);
      return taking ?? { done: Promise.resolve(!isStopped()) };
    });

  const wants = (ref: SegmentRef): boolean => !here.has(ref.cid) && choice.allows(ref);
  const onLost = (cid: string): void => {
    if (!store.markLost(cid)) return;
    log(`segment ${cid}: its block on this disk was damaged; it is fetched again`);
    here.onLost(cid);
    source.onProgress();
    void fetch();
  };
  const missing = (): SegmentRef[] => here.missing().filter((ref) => choice.allows(ref));
  const runRound = async (round: readonly Sought[]): Promise<void> => {
    const { signal } = asking;
    if (connected.size > 0) intake.expect(round.flatMap(({ ref, isLooked }) => (isLooked ? [] : [ref])));
    const open = new Set(round.map(({ ref }) => ref));
    const takings: Promise<boolean>[] = [];
    const onCome = (ref: SegmentRef, { done }: Taking): void => {
      open.delete(ref);
      takings.push(done);
    };
    try {
      await reopen(takings);
      for (const ref of await lookHere(round.flatMap(({ ref, isLooked }) => (isLooked ? [] : [ref])))) {
        const taking = await takeHere(ref, null);
        if (taking) onCome(ref, taking);
      }
      if (open.size > 0 && !signal.aborted) await askPeers([...open], onCome);
    } catch (e) {
      if (!isStopped()) log(`fetching segments: ${e instanceof Error ? e.message : String(e)}`);
    } finally {
      await Promise.all(takings);
      for (const ref of open) {
        if (signal.aborted) sought.giveBack(ref);
        else sought.absent(ref);
      }
      if (!isStopped()) source.onProgress();
    }
  };
  const schedule = (): void => {
    clearTimeout(retry);
    const dueMs = sought.nextDueMs();
    if (dueMs === undefined || isStopped() || choice.isPaused) return;
    retry = setTimeout(() => void fetch(), Math.max(0, dueMs - performance.now()));
  };
  const startRound = (): void => {
    if (isStopped() || rounds.size >= ROUNDS_AT_ONCE) return;
    source.onRound();
    const taken = sought.take(missing());
    if (taken.length === 0 && !lateKeys.areThere()) return;
    const round = runRound(taken).finally(() => {
      const wasFull = rounds.size >= ROUNDS_AT_ONCE;
      rounds.delete(round);
      if (wasFull) startRound();
      schedule();
    });
    rounds.add(round);
    source.onProgress();
  };
  const fetch = async (): Promise<void> => {
    startRound();
    await Promise.all(rounds);
  };
  const stateNow = (): SegmentProgress['state'] => {
    if (choice.isPaused) return 'paused';
    if (rounds.size > 0 && (connected.size > 0 || intake.unchecked.size > 0)) return 'fetching';
    return rounds.size > 0 || missing().length > 0 ? 'waiting' : 'idle';
  };
  return {
    async open(cids) {
      const takings: Promise<boolean>[] = [];
      for (const cid of cids) {
        const ref = state().segments.get(cid);
        const row = store.segment(cid);
        const taking = ref && (!row || row.away || row.lost) && (await takeHere(ref, null));
        if (taking) takings.push(taking.done);
      }
      await Promise.all(takings);
    },
    fetch,
    onLost,
    onPeers() {
      const now = new Set(node.peers().flatMap((p) => (p.connected ? [p.peer] : [])));
      const isNew = [...now].some((peer) => !connected.has(peer));
      connected = now;
      if (!isNew) return;
      sought.allDue();
      void fetch();
    },
    setFetched(scope, isFetched) {
      if (!choice.set(scope, isFetched)) return;
      asking.abort();
      askAnew();
      sought.allDue();
      source.onProgress();
      void fetch();
    },
    wants,
    announced: here.tally,
    lacking: here.missing,
    progress: () =>
      progressOf({
        state: stateNow(),
        ...here.tally(),
        known: { get: here.row },
        lockedFrames: [...store.lockedByMeter().values()].reduce((n, frames) => n + frames, 0),
        unchecked: intake.unchecked,
        isAbsent: (ref) => connected.size > 0 && sought.isAbsent(ref),
        choice,
        bytesPerSecond: rate.perSecond(),
      }),
    onDropped() {
      here.onDropped();
    },
    async stop() {
      stopping.abort();
      clearTimeout(retry);
      await intake.stop();
      await Promise.all(rounds);
    },
  };
}

/** A block that is being checked and stored. */
interface Taking {
  /** Resolves when that is over, with whether it is stored; never rejects. */
  readonly done: Promise<boolean>;
}
