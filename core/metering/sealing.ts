import { randomBytes } from 'node:crypto';
import { sealBytes } from '#core/crypto/aead.ts';
import { AppError } from '#core/ports/errors.ts';
import { step } from '#core/ports/steps.ts';
import type { RawReading } from '#core/storage/raw-readings.ts';
import type { PendingSegment } from '#core/storage/village-store.ts';
import type { Village } from '#core/village/open-village.ts';
import { cidOf, decode, encode, fromHex, toHex } from '#domain/bytes.ts';
import { meterScope } from '#domain/membership/audiences.ts';
import {
  announceBody,
  type Frame,
  frameAad,
  frameBytes,
  frameLeaf,
  frameMessage,
  MAX_SEGMENT_BYTES,
  type SealedFrame,
  type Segment,
} from '#domain/metering/frame.ts';
import { frameRoot } from '#domain/proof/merkle.ts';
import { DAY_MS, dayOf, UTC } from '#domain/time.ts';
import { announcementOf } from '#domain/village/shelves.ts';

/** A frame before it is chained, salted and signed. */
export type OpenFrame = Omit<Frame, 'v' | 'gateway' | 'prev' | 'salt'>;

/** Frame of one meter over [from, to) made of its raw readings: registers at the edges, polls counted inside. */
export function frameOf(
  meter: string,
  readings: readonly RawReading[],
  fromMs: number,
  toMs: number,
  stepMs: number,
): OpenFrame | undefined {
  const n = (toMs - fromMs) / stepMs;
  const asked = Array.from({ length: n }, () => 0);
  const answered = Array.from({ length: n }, () => 0);
  const edges = Array.from({ length: n + 1 }, (): RawReading | undefined => undefined);
  for (const r of readings) {
    const at = (r.atMs - fromMs) / stepMs;
    if (at < 0 || at > n) continue;
    if (Number.isInteger(at)) {
      if (r.answered) edges[at] = r;
      continue;
    }
    const i = Math.floor(at);
    asked[i] = (asked[i] ?? 0) + 1;
    if (r.answered) answered[i] = (answered[i] ?? 0) + 1;
  }
  const column = (of: (r: RawReading) => bigint | null): (bigint | null)[] | null => {
    const values = edges.map((r) => (r ? of(r) : null));
    return values.some((v) => v !== null) ? values : null;
  };
  const importWh = column((r) => r.importWh);
  const exportWh = column((r) => r.exportWh);
  const silent = importWh === null && exportWh === null;
  if (silent && readings.length === 0) return undefined;
  return {
    meter,
    fromMs,
    stepMs,
    importWh: silent ? edges.map(() => null) : importWh,
    exportWh,
    asked,
    answered,
    clock: 'informative',
    origin: 'gateway',
  };
}

const sealing = new WeakMap<Village, Promise<unknown>>();
/** One segment of a village at a time: each names the one before it. */
function inTurn<T>(village: Village, work: () => Promise<T>): Promise<T> {
  const done = (sealing.get(village) ?? Promise.resolve()).then(work, work);
  sealing.set(village, done);
  return done;
}

/** Signs, encrypts and stores a day's frames as a segment and announces it, after finishing what a crash left. */
export const publishFrames = (village: Village, day: string, frames: readonly OpenFrame[]): Promise<string> =>
  inTurn(village, async () => {
    await finishAll(village);
    return publish(village, day, frames);
  });

async function publish(village: Village, day: string, frames: readonly OpenFrame[]): Promise<string> {
  const { keys, store, audienceKeys } = village;
  const until = new Map<string, PendingSegment['until'][number]>();
  const sealed: SealedFrame[] = frames.map((open) => {
    const { meter } = open;
    const tip = until.get(meter)?.leaf ?? store.sealedUntil(meter)?.leaf ?? null;
    const prev = tip === null ? null : fromHex(tip);
    const frame: Frame = { v: 1, ...open, gateway: keys.id, prev, salt: new Uint8Array(randomBytes(16)) };
    const plain = frameBytes(frame);
    const leaf = frameLeaf(plain);
    const scope = meterScope(meter, day.slice(0, 7));
    const { id: keyId, key } = audienceKeys.current(village.state(), scope, frame.fromMs);
    // What people enter or import hangs beside the chain of what the gateway read.
    if (open.origin === 'gateway') until.set(meter, { meter, toMs: endOf(frame), leaf: toHex(leaf) });
    return {
      meter,
      key: keyId,
      ...sealBytes(key, plain, frameAad(meter, keyId)),
      leaf,
      sig: keys.sign(frameMessage(village.id, leaf)),
    };
  });
  const segment: Segment = {
    v: 1,
    village: village.id,
    device: keys.id,
    day,
    prev: store.lastSegment(),
    frames: sealed,
  };
  const block = encode(segment);
  if (block.length > MAX_SEGMENT_BYTES)
    throw new AppError('BAD_INPUT', `The readings of ${day} are ${block.length} bytes, over the limit of a segment.`);
  const pending: PendingSegment = {
    cid: cidOf(block),
    block,
    announce: encode({
      cid: cidOf(block),
      day,
      root: frameRoot(sealed.map((f) => f.leaf)),
      frames: sealed.length,
      bytes: block.length,
      fromMs: Math.min(...frames.map((f) => f.fromMs)),
      toMs: Math.max(...frames.map(endOf)),
      prev: segment.prev,
    }),
    until: [...until.values()],
  };
  store.putPendingSegment(pending);
  step('frame.sealed');
  await finish(village, pending);
  return pending.cid;
}

const endOf = (frame: OpenFrame): number => frame.fromMs + frame.asked.length * frame.stepMs;

async function finish(village: Village, pending: PendingSegment): Promise<void> {
  await village.node.putBlock(pending.cid, pending.block);
  step('segment.block-stored');
  if (!announcementOf(village.state().segments, pending.cid, village.keys.id)) {
    const body = announceBody.parse(decode(pending.announce));
    await village.act([{ book: `segments-${body.day.slice(0, 7)}`, kind: 'segment.announce', body }]);
  }
  step('segment.announced');
  village.store.finishSegment(pending);
  await village.segments.open([pending.cid]);
}

/** Takes up segments that were sealed but not announced when the process died. */
export const finishPending = (village: Village): Promise<void> => inTurn(village, () => finishAll(village));

async function finishAll(village: Village): Promise<void> {
  for (const pending of village.store.pendingSegments()) await finish(village, pending);
}

/**
 * Seals everything read until `toMs` (aligned down to the step) that is not sealed yet: one segment per UTC day.
 * @returns CIDs of the new segments
 */
export const sealUntil = (village: Village, toMs: number, stepMs: number): Promise<string[]> =>
  inTurn(village, async () => {
    if (village.copied()) return [];
    await finishAll(village);
    return sealDays(village, Math.floor(toMs / stepMs) * stepMs, stepMs);
  });

async function sealDays(village: Village, end: number, stepMs: number): Promise<string[]> {
  const from = new Map<string, number>();
  for (const { meter } of village.store.localMeters()) {
    const start = village.store.sealedUntil(meter)?.toMs ?? village.store.firstReadingMs(meter);
    if (start !== undefined && start < end) from.set(meter, Math.floor(start / stepMs) * stepMs);
  }
  const cids: string[] = [];
  for (let day = Math.floor(Math.min(end, ...from.values()) / DAY_MS) * DAY_MS; day < end; day += DAY_MS) {
    const frames: OpenFrame[] = [];
    for (const [meter, start] of from) {
      const a = Math.max(start, day);
      const b = Math.min(end, day + DAY_MS);
      if (a >= b) continue;
      const frame = frameOf(meter, village.store.readings(meter, a, b, stepMs), a, b, stepMs);
      if (frame) frames.push(frame);
    }
    if (frames.length > 0) cids.push(await publish(village, dayOf(day, UTC), frames));
  }
  return cids;
}
