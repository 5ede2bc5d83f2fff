import { openBytes } from '#core/crypto/aead.ts';
import type { DataKey } from '#core/crypto/data-key.ts';
import { verifyEd25519 } from '#core/crypto/device-keys.ts';
import type { SegmentState, StoredFrame } from '#core/storage/village-store.ts';
import { equalBytes, fromHex } from '#domain/bytes.ts';
import { type Frame, frameAad, frameLeaf, frameMessage } from '#domain/metering/frame.ts';
import { readFrame, readSegment } from '#domain/metering/frame-reader.ts';
import { frameRoot } from '#domain/proof/merkle.ts';
import type { SegmentRef } from '#domain/village/state.ts';

export interface ReadSegment {
  readonly state: SegmentState;
  readonly reason: string;
  readonly frames: readonly StoredFrame[];
}

/**
 * Checks a segment's block against what its record announced and opens the frames this device has keys for.
 * 'bad': kept out for good, with the reason; 'locked': sound, but a key is missing.
 */
export function openSegment(
  village: string,
  ref: SegmentRef,
  block: Uint8Array,
  findKey: (id: string) => Uint8Array | undefined,
  dataKey: DataKey,
): ReadSegment {
  const bad = (reason: string): ReadSegment => ({ state: 'bad', reason, frames: [] });
  let segment: ReturnType<typeof readSegment>;
  try {
    segment = readSegment(block);
  } catch {
    return bad('the block is not a segment');
  }
  if (
    segment.village !== village ||
    segment.device !== ref.device ||
    segment.day !== ref.day ||
    segment.prev !== ref.prev
  ) {
    return bad('the block is not the announced segment');
  }
  if (segment.frames.length !== ref.frames || !equalBytes(frameRoot(segment.frames.map((f) => f.leaf)), ref.root)) {
    return bad('the frames are not the announced ones');
  }
  const frames: StoredFrame[] = [];
  let locked = 0;
  for (const sealed of segment.frames) {
    const signatureOk = verifyEd25519(sealed.sig, fromHex(segment.device), frameMessage(village, sealed.leaf));
    const key = findKey(sealed.key);
    if (!key) {
      locked += 1;
      continue;
    }
    const plain = openBytes(key, sealed, frameAad(sealed.meter, sealed.key));
    if (!plain || !equalBytes(frameLeaf(plain), sealed.leaf)) return bad(`the frame of ${sealed.meter} does not open`);
    let frame: Frame;
    try {
      frame = readFrame(plain);
    } catch {
      return bad(`the frame of ${sealed.meter} is unreadable`);
    }
    if (frame.meter !== sealed.meter || frame.gateway !== segment.device)
      return bad(`a frame of ${sealed.meter} is of another meter`);
    frames.push({
      segment: ref.cid,
      meter: frame.meter,
      fromMs: frame.fromMs,
      stepMs: frame.stepMs,
      intervals: frame.asked.length,
      signatureOk,
      sealed: dataKey.seal('frames', plain),
    });
  }
  if (locked > 0) return { state: 'locked', reason: `${locked} frames wait for their key`, frames: [] };
  return { state: 'verified', reason: '', frames };
}
