import { cidSchema, daySchema, HEX_32, MAX_MS, METER_ID, villageSchema } from '../ids.ts';
import { DAY_MS } from '../time.ts';
import { ExactReader } from './exact-reader.ts';
import {
  CLOCK_STATES,
  FRAME_KEY_ID,
  type Frame,
  MAX_EDGES,
  MAX_FRAME_BYTES,
  MAX_POLLS,
  MAX_SEGMENT_BYTES,
  MAX_SEGMENT_FRAMES,
  MIN_STEP_MS,
  ORIGINS,
  type SealedFrame,
  type Segment,
} from './frame.ts';

/** What a store keeps beside a frame to find it by. */
export interface FrameHead extends Pick<Frame, 'meter' | 'gateway' | 'fromMs' | 'stepMs' | 'origin' | 'prev'> {
  readonly intervals: number;
}

interface Walked extends FrameHead, Pick<Frame, 'v' | 'salt' | 'asked' | 'answered' | 'importWh' | 'exportWh'> {
  readonly clock: Frame['clock'];
}

/** Reads the canonical dag-cbor of what `frameSchema` describes; throws on anything else. */
export function readFrame(bytes: Uint8Array): Frame {
  const { intervals: _, ...frame } = walkFrame(bytes, true);
  return frame;
}

/** Checks a frame as {@link readFrame} does and tells its head only: no list is built. */
export function readFrameHead(bytes: Uint8Array): FrameHead {
  const { meter, gateway, fromMs, stepMs, intervals, origin, prev } = walkFrame(bytes, false);
  return { meter, gateway, fromMs, stepMs, intervals, origin, prev };
}

const CLOCK = new RegExp(`^(${CLOCK_STATES.join('|')})$`);
const ORIGIN = new RegExp(`^(${ORIGINS.join('|')})$`);

/** Keys come in dag-cbor's order: by length, then by bytes. */
function walkFrame(bytes: Uint8Array, keep: boolean): Walked {
  if (bytes.length > MAX_FRAME_BYTES) throw new Error('frame over the limit');
  const r = new ExactReader(bytes);
  r.map(13);
  r.key('v');
  const v = r.int(1, 1) as 1;
  r.key('prev');
  const prev = r.isNull() ? null : r.bytes(32, 32);
  r.key('salt');
  const salt = r.bytes(16, 16);
  r.key('asked');
  const intervals = r.array(1, MAX_EDGES - 1);
  const asked = r.ints(intervals, MAX_POLLS, keep);
  r.key('clock');
  const clock = r.ascii(CLOCK) as Frame['clock'];
  r.key('meter');
  const meter = r.ascii(METER_ID);
  r.key('fromMs');
  const fromMs = r.int(0, MAX_MS);
  r.key('origin');
  const origin = r.ascii(ORIGIN) as Frame['origin'];
  r.key('stepMs');
  const stepMs = r.int(MIN_STEP_MS, DAY_MS);
  r.key('gateway');
  const gateway = r.ascii(HEX_32);
  r.key('answered');
  r.array(intervals, intervals);
  const answered = r.ints(intervals, MAX_POLLS, keep);
  r.key('exportWh');
  const exportWh = readRegister(r, intervals, keep);
  r.key('importWh');
  const importWh = readRegister(r, intervals, keep);
  r.end();
  if (exportWh === null && importWh === null) throw new Error('no register');
  if (DAY_MS % stepMs !== 0 || fromMs % stepMs !== 0) throw new Error('not aligned to a step that divides a day');
  if ((fromMs % DAY_MS) + intervals * stepMs > DAY_MS) throw new Error('not within one UTC day');
  const registers = { importWh, exportWh, asked, answered };
  return { v, meter, gateway, fromMs, stepMs, ...registers, clock, origin, prev, salt, intervals };
}

function readRegister(r: ExactReader, intervals: number, keep: boolean): (bigint | null)[] | null {
  if (r.isNull()) return null;
  r.array(intervals + 1, intervals + 1);
  const edges: (bigint | null)[] = [];
  for (let i = 0; i <= intervals; i++) {
    if (!keep) {
      if (!r.isNull()) r.skipNatural();
    } else edges.push(r.isNull() ? null : r.natural());
  }
  return edges;
}

/** Reads the canonical dag-cbor of what `segmentSchema` describes. Its byte strings are views into `bytes`. */
export function readSegment(bytes: Uint8Array): Segment {
  if (bytes.length > MAX_SEGMENT_BYTES) throw new Error('segment over the limit');
  const r = new ExactReader(bytes);
  r.map(6);
  r.key('v');
  const v = r.int(1, 1) as 1;
  r.key('day');
  const day = daySchema.parse(r.ascii(/^/));
  r.key('prev');
  const prev = r.isNull() ? null : cidSchema.parse(r.ascii(/^/));
  r.key('device');
  const device = r.ascii(HEX_32);
  r.key('frames');
  const frames = Array.from({ length: r.array(1, MAX_SEGMENT_FRAMES) }, () => readSealedFrame(r));
  r.key('village');
  const village = villageSchema.parse(r.ascii(/^/));
  r.end();
  return { v, village, device, day, prev, frames };
}

function readSealedFrame(r: ExactReader): SealedFrame {
  r.map(6);
  r.key('iv');
  const iv = r.bytes(12, 12);
  r.key('box');
  const box = r.bytes(17, MAX_FRAME_BYTES + 16);
  r.key('key');
  const key = r.ascii(FRAME_KEY_ID);
  r.key('sig');
  const sig = r.bytes(64, 64);
  r.key('leaf');
  const leaf = r.bytes(32, 32);
  r.key('meter');
  const meter = r.ascii(METER_ID);
  return { meter, key, iv, box, leaf, sig };
}
