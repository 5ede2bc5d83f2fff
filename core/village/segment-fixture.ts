import { createHash } from 'node:crypto';
import { keyIdOf, sealBytes } from '#core/crypto/aead.ts';
import { deviceKeysFrom } from '#core/crypto/device-keys.ts';
import { cidOf, encode, toHex } from '#domain/bytes.ts';
import { type Frame, frameAad, frameBytes, frameLeaf, frameMessage, type SealedFrame } from '#domain/metering/frame.ts';
import { frameRoot } from '#domain/proof/merkle.ts';
import type { SegmentRef } from '#domain/village/state.ts';

const bytesOf = (seed: string): Uint8Array => new Uint8Array(createHash('sha256').update(seed).digest());
const HOUR_MS = 3_600_000;

export const VILLAGE = 'ab'.repeat(32);
export const GATEWAY = deviceKeysFrom(bytesOf('gateway'));
export const meterOf = (name: string): string => `e${toHex(bytesOf(name)).slice(0, 32)}`;
export const keyOf = (name: string) => {
  const key = bytesOf(`key of ${name}`);
  return { id: keyIdOf(key), key };
};

export const dayFrame = (meter: string, change: Partial<Frame> = {}): Frame => ({
  v: 1,
  meter: meterOf(meter),
  gateway: GATEWAY.id,
  fromMs: Date.UTC(2026, 2, 1),
  stepMs: HOUR_MS,
  importWh: Array.from({ length: 25 }, (_, i) => BigInt(i) * 100n),
  exportWh: null,
  asked: Array.from({ length: 24 }, () => 59),
  answered: Array.from({ length: 24 }, () => 59),
  clock: 'synchronised',
  origin: 'gateway',
  prev: null,
  salt: bytesOf(`salt of ${meter}`).slice(0, 16),
  ...change,
});

/** A frame as a gateway seals it, under a key named like its meter unless told. */
export function sealFrame(meter: string, change: Partial<Frame> = {}, keyName = meter): SealedFrame {
  const { id, key } = keyOf(keyName);
  const frame = dayFrame(meter, change);
  const plain = frameBytes(frame);
  const leaf = frameLeaf(plain);
  const sealed = sealBytes(key, plain, frameAad(frame.meter, id));
  return { meter: frame.meter, key: id, ...sealed, leaf, sig: GATEWAY.sign(frameMessage(VILLAGE, leaf)) };
}

/** A block and the announcement that fits it. */
export function segmentOf(
  frames: readonly SealedFrame[],
  { day = '2026-03-01', prev = null, device = GATEWAY.id, atMs = Date.UTC(2026, 2, 2) }: Partial<SegmentRef> = {},
): { readonly ref: SegmentRef; readonly block: Uint8Array } {
  const block = encode({ v: 1, village: VILLAGE, device, day, prev, frames });
  const ref: SegmentRef = {
    cid: cidOf(block),
    device,
    day,
    fromMs: Date.UTC(2026, 2, 1),
    toMs: Date.UTC(2026, 2, 2),
    bytes: block.length,
    frames: frames.length,
    root: frameRoot(frames.map((f) => f.leaf)),
    prev,
    record: '00'.repeat(32),
    atMs,
  };
  return { ref, block };
}
