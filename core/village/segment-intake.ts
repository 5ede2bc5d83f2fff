import type { CheckedSegment } from '#core/storage/segment-tables.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import { announcementOf } from '#domain/village/shelves.ts';
import type { SegmentRef, VillageState } from '#domain/village/state.ts';
import type { FrameKeys, NamedKey } from './audience-keys.ts';
import { checkSegment, type SegmentJob } from './segment-check.ts';
import { createSegmentPool } from './segment-pool.ts';
import { createSlots } from './segment-slots.ts';
import { createSegmentWriter } from './segment-writer.ts';

/** Blocks on their way from bytes to rows: checked on threads, stored many at a time, never more than a bounded number. */
export interface SegmentIntake {
  /** Resolves once there is room; what comes of the block is told to the listener. */
  take(ref: SegmentRef, block: Uint8Array, only: SegmentJob['only']): Promise<Taken>;
  /** These will probably be taken soon. */
  expect(refs: readonly Pick<SegmentRef, 'frames'>[]): void;
  /** Here, and neither stored nor refused yet. */
  readonly unchecked: ReadonlySet<string>;
  stop(): Promise<void>;
}
export interface Taken {
  /** Resolves when it is stored; false when it could not be. */
  readonly stored: Promise<boolean>;
}

export interface IntakeSource {
  readonly village: string;
  readonly store: VillageStore;
  readonly state: () => Pick<VillageState, 'segments'>;
  readonly keys: FrameKeys;
  readonly now: () => number;
  readonly log: (line: string) => void;
  readonly onStored: (segments: readonly CheckedSegment[]) => void;
}

/** Checked segments that wait to be stored together. */
const WRITES_AT_ONCE = 26;
/** Of all segments on their way: memory is bounded however large they are. */
const BYTES_AT_ONCE = 24 * 1024 * 1024;
/** A thread moves the store's log into its file this often, so that the main one need not wait for the disk. */
const CHECKPOINT_BYTES = 24 * 1024 * 1024;
/** So few frames are checked here: handing them to a thread would cost more. */
const INLINE_FRAMES = 64;

export function createSegmentIntake(source: IntakeSource): SegmentIntake {
  const { village, store, keys, now, log, state } = source;
  const named = (id: string): NamedKey[] => {
    const key = keys.find(id);
    return key ? [{ id, key }] : [];
  };
  const pool = createSegmentPool({ village });
  const slots = createSlots(pool.width + WRITES_AT_ONCE, BYTES_AT_ONCE);
  const unchecked = new Set<string>();
  const refs = new Map<string, SegmentRef>();
  let stopped = false;
  let storedBytes = 0;
  let inFlight = 0;
  const accuse = ({ device, day }: Pick<SegmentRef, 'device' | 'day'>, reason: string): void =>
    store.addRefused({ atMs: now(), peer: device, book: `segments-${day.slice(0, 7)}`, reason });
  const onTheirWay = (): number => inFlight;
  const writer = createSegmentWriter(store, onTheirWay, (stored) => {
    for (const { cid, state: verdict, reason } of stored) {
      const ref = refs.get(cid);
      if (verdict === 'bad' && ref) accuse(ref, reason);
    }
    source.onStored(stored);
    storedBytes += stored.reduce((n, { bytes }) => n + bytes, 0);
    if (storedBytes < CHECKPOINT_BYTES) return;
    storedBytes = 0;
    pool.checkpoint(store.path);
  });

  /** Frames lie under the keys of their month, unless their gateway chose others: those are found in a second look. */
  const checkOnThread = async (job: SegmentJob): Promise<CheckedSegment> => {
    const others = new Set(job.only);
    for (;;) {
      const verdict = await pool.check(job, [...keys.ofMonth(job.ref.day.slice(0, 7)), ...[...others].flatMap(named)]);
      const more = verdict.locked.filter(({ key }) => !others.has(key) && keys.find(key));
      if (more.length === 0) return verdict;
      for (const { key } of more) others.add(key);
    }
  };
  const check = (job: SegmentJob): Promise<CheckedSegment> | CheckedSegment =>
    job.ref.frames <= INLINE_FRAMES ? checkSegment({ village, keys: { get: keys.find } }, job) : checkOnThread(job);
  /** Where somebody else announced the block first, it is held against what its own device announced. */
  const judge = async (job: SegmentJob): Promise<CheckedSegment> => {
    const verdict = await check(job);
    const { device = '' } = verdict.against ?? {};
    const own = device === job.ref.device ? undefined : announcementOf(state().segments, job.ref.cid, device);
    if (!own) return verdict;
    accuse(job.ref, verdict.reason);
    return check({ ...job, ref: own });
  };
  const process = async (job: SegmentJob): Promise<boolean> => {
    try {
      const verdict = await judge(job);
      await writer.put(verdict, job.only !== null);
      return true;
    } catch (e) {
      if (!stopped) log(`segment ${job.ref.cid}: ${e instanceof Error ? e.message : String(e)}`);
      return false;
    }
  };
  return {
    unchecked,
    expect: (refs) => pool.warm(refs.filter(({ frames }) => frames > INLINE_FRAMES).length),
    async take(ref, block, only) {
      const { cid, device, day, prev, frames, root, record } = ref;
      const release = await slots.take(block.length);
      inFlight += 1;
      unchecked.add(cid);
      refs.set(cid, ref);
      const stored = process({ ref: { cid, device, day, prev, frames, root, record }, block, only }).finally(() => {
        inFlight -= 1;
        unchecked.delete(cid);
        refs.delete(cid);
        release();
      });
      return { stored };
    },
    async stop() {
      stopped = true;
      await pool.stop();
    },
  };
}
