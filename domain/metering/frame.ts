import * as z from 'zod';
import { concat, encode, fromHex, type Sha256, sha256, utf8 } from '../bytes.ts';
import {
  bytesOf,
  bytesWhere,
  cidSchema,
  daySchema,
  deviceSchema,
  meterSchema,
  msSchema,
  naturalSchema,
  villageSchema,
} from '../ids.ts';
import { DAY_MS } from '../time.ts';

/** How the gateway's clock stood while it read (OCMF's words). */
export const CLOCK_STATES = ['unsynchronised', 'informative', 'synchronised', 'relative'] as const;

export const ORIGINS = ['gateway', 'hand', 'file'] as const;

export const MAX_EDGES = 1441;
export const MAX_POLLS = 100_000;
export const MIN_STEP_MS = 60_000;
const register = z.array(naturalSchema.nullable()).min(2).max(MAX_EDGES);
/** What a frame is. `readFrame` takes exactly this. */
export const frameSchema = z
  .strictObject({
    v: z.literal(1),
    meter: meterSchema,
    gateway: deviceSchema,
    fromMs: msSchema,
    stepMs: z.int().min(MIN_STEP_MS).max(DAY_MS),
    /** Cumulative Wh at the n+1 edges of n intervals; null = nobody heard the meter at that edge. OBIS 1-0:1.8.0 / 1-0:2.8.0. */
    importWh: register.nullable(),
    exportWh: register.nullable(),
    /** Polls asked and answered strictly inside each interval. */
    asked: z.array(z.int().min(0).max(MAX_POLLS)),
    answered: z.array(z.int().min(0).max(MAX_POLLS)),
    clock: z.enum(CLOCK_STATES),
    /** gateway: read by the signing device; hand / file: typed or imported, counts once two people vouch. */
    origin: z.enum(ORIGINS),
    /** Leaf hash of this meter's frame before, from the same gateway. */
    prev: bytesOf(32).nullable(),
    /** 16 random bytes: the leaf hides the content. */
    salt: bytesOf(16),
  })
  .refine((f) => f.asked.length === f.answered.length, 'asked and answered differ in length')
  .refine(
    (f) => [f.importWh, f.exportWh].every((r) => r === null || r.length === f.asked.length + 1),
    'registers do not fit the intervals',
  )
  .refine((f) => f.importWh !== null || f.exportWh !== null, 'no register')
  .refine((f) => DAY_MS % f.stepMs === 0 && f.fromMs % f.stepMs === 0, 'not aligned to a step that divides a day')
  // So that no interval crosses midnight UTC, and each day of a meter can be judged by itself.
  .refine((f) => (f.fromMs % DAY_MS) + f.asked.length * f.stepMs <= DAY_MS, 'not within one UTC day');
export type Frame = z.infer<typeof frameSchema>;

/** Most plaintext bytes of one frame. */
export const MAX_FRAME_BYTES = 64 * 1024;

export const frameBytes = (frame: Frame): Uint8Array => encode(frame);
/** Merkle leaf and what the gateway signs: covers the salted plaintext, so one frame can be opened without the others. */
export const frameLeaf = (plaintext: Uint8Array, hash: Sha256 = sha256): Uint8Array =>
  hash(Uint8Array.of(0), plaintext);
export const frameMessage = (village: string, leaf: Uint8Array): Uint8Array => frameMessages(village)(leaf);
/** {@link frameMessage} of many frames of a village. */
export function frameMessages(village: string, hash: Sha256 = sha256): (leaf: Uint8Array) => Uint8Array {
  const head = concat(utf8('gridpact frame '), fromHex(village));
  return (leaf) => hash(head, leaf);
}

/** First 16 hex of sha-256 of the key. */
export const FRAME_KEY_ID = /^[0-9a-f]{16}$/;

/** A frame as it lies in a segment: AES-256-GCM, meter and key id as additional data. */
export const sealedFrameSchema = z.strictObject({
  meter: meterSchema,
  key: z.string().regex(FRAME_KEY_ID),
  iv: bytesOf(12),
  /** Ciphertext and 16-byte tag. */
  box: bytesWhere((b) => b.length > 16 && b.length <= MAX_FRAME_BYTES + 16),
  leaf: bytesOf(32),
  sig: bytesOf(64),
});
export type SealedFrame = z.infer<typeof sealedFrameSchema>;
export const frameAad = (meter: string, key: string): Uint8Array => utf8(`${meter}|${key}`);

/** What fits a bitswap message of 4 MiB with its envelope: the largest block that travels by every way. */
export const MAX_SEGMENT_BYTES = 4 * 1024 * 1024 - 1024;
export const MAX_SEGMENT_FRAMES = 5000;
/** One gateway's frames of one UTC day: the dag-cbor block whose CID its record announces. `readSegment` takes exactly this. */
export const segmentSchema = z.strictObject({
  v: z.literal(1),
  village: villageSchema,
  device: deviceSchema,
  day: daySchema,
  prev: cidSchema.nullable(),
  frames: z.array(sealedFrameSchema).min(1).max(MAX_SEGMENT_FRAMES),
});
export type Segment = z.infer<typeof segmentSchema>;

/** Body of a `segment.announce` record. */
export const announceBody = z.strictObject({
  cid: cidSchema,
  day: daySchema,
  root: bytesOf(32),
  frames: z.int().min(1).max(MAX_SEGMENT_FRAMES),
  bytes: z.int().min(1).max(MAX_SEGMENT_BYTES),
  fromMs: msSchema,
  toMs: msSchema,
  prev: cidSchema.nullable(),
});
