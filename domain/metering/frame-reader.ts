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

/** A frame in plain numbers: NaN where nobody heard the register, or where it is beyond 2^53 - 1. */
export interface PlainFrame extends Omit<Frame, 'importWh' | 'exportWh'> {
  readonly importWh: readonly number[] | null;
  readonly exportWh: readonly number[] | null;
}

interface Walked<Edge> extends FrameHead, Pick<Frame, 'v' | 'salt' | 'asked' | 'answered' | 'clock'> {
  readonly importWh: Edge[] | null;
  readonly exportWh: Edge[] | null;
}
/** The next edge of a register. */
type ReadEdge<Edge> = (r: ExactReader) => Edge;

/** Reads the canonical dag-cbor of what `frameSchema` describes; throws on anything else. */
export function readFrame(bytes: Uint8Array): Frame {
  const { intervals: _, ...frame } = walkFrame(bytes, (r) => (r.isNull() ? null : r.natural()));
  return frame;
}

/** {@link readFrame} without the cost of large numbers. */
export const readPlainFrame = (bytes: Uint8Array): PlainFrame =>
  walkFrame(bytes, (r) => (r.isNull() ? Number.NaN : r.naturalNumber()));

/** Checks a frame as {@link readFrame} does and tells its head only: no list is built. */
export function readFrameHead(bytes: Uint8Array): FrameHead {
  const { meter, gateway, fromMs, stepMs, intervals, origin, prev } = walkFrame(bytes, null);
  return { meter, gateway, fromMs, stepMs, intervals, origin, prev };
}

const CLOCK = new RegExp(`^(${CLOCK_STATES.join('|')})$`);
const ORIGIN = new RegExp(`^(${ORIGINS.join('|')})$`);

/** Keys come in dag-cbor's order: by length, then by bytes. */
/** @param readEdge null: neither registers nor polls are kept */
function walkFrame<Edge>(bytes: Uint8Array, readEdge: ReadEdge<Edge> | null): Walked<Edge> {
  const keep = readEdge !== null;
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
  const exportWh = readRegister(r, intervals, readEdge);
  r.key('importWh');
  const importWh = readRegister(r, intervals, readEdge);
  r.end();
  if (exportWh === null && importWh === null) throw new Error('no register');
  if (DAY_MS % stepMs !== 0 || fromMs % stepMs !== 0) throw new Error('not aligned to a step that divides a day');
  if ((fromMs % DAY_MS) + intervals * stepMs > DAY_MS) throw new Error('not within one UTC day');
  const registers = { importWh, exportWh, asked, answered };
  return { v, meter, gateway, fromMs, stepMs, ...registers, clock, origin, prev, salt, intervals };
}

function readRegister<Edge>(r: ExactReader, intervals: number, readEdge: ReadEdge<Edge> | null): Edge[] | null {
  if (r.isNull()) return null;
  r.array(intervals + 1, intervals + 1);
  const edges: Edge[] = [];
  for (let i = 0; i <= intervals; i++) {
    if (readEdge) edges.push(readEdge(r));
    else if (!r.isNull()) r.skipNatural();
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
