import { concat, equalBytes, sha256, toHex } from '../bytes.ts';
import { fromBase45, toBase45 } from './base45.ts';

/** What the payload is: the reader hands each kind on to another place. */
export const PAYLOAD_KINDS = { bundle: 1, invitation: 2 } as const;
export type PayloadKind = keyof typeof PAYLOAD_KINDS;
export interface Payload {
  readonly kind: PayloadKind;
  readonly bytes: Uint8Array;
}

const PREFIX = 'GP1:';
/** Of the payload in one frame: a code of about 65 modules, which a cheap camera reads from a laptop's screen. */
const PART_BYTES = 240;
const ID_BYTES = 4;
const CHECK_BYTES = 4;
/** id, number of the frame, number of parts, length of the payload. */
const HEAD_BYTES = ID_BYTES + 2 + 1 + 3;
const MAX_PARTS = 128;
export const MAX_PAYLOAD_BYTES = PART_BYTES * MAX_PARTS - 1;
const MAX_FRAMES = 65_536;

/** A payload cut into frames that are shown one after another. */
export interface FrameSource {
  /** Frames 0 to parts - 1 are the parts themselves; each later one is a mixture that stands in for any missed one. */
  readonly parts: number;
  /** Text of the n-th frame, for a code in alphanumeric mode; goes on for ever, the same n is the same frame. */
  readonly frame: (n: number) => string;
}

/** Throws when the payload is longer than {@link MAX_PAYLOAD_BYTES}. */
export function cutIntoFrames({ kind, bytes }: Payload): FrameSource {
  if (bytes.length > MAX_PAYLOAD_BYTES) throw new Error(`${bytes.length} bytes are too many for codes`);
  const whole = concat(Uint8Array.of(PAYLOAD_KINDS[kind]), bytes);
  const parts = Math.ceil(whole.length / PART_BYTES);
  const id = sha256(whole).slice(0, ID_BYTES);
  const padded = new Uint8Array(parts * PART_BYTES);
  padded.set(whole);
  return {
    parts,
    frame(n) {
      const number = n % MAX_FRAMES;
      const mixed = new Uint8Array(PART_BYTES);
      const mask = mixtureOf(id, number, parts);
      for (let i = 0; i < parts; i++)
        if ((mask >> BigInt(i)) & 1n) xorInto(mixed, padded.subarray(i * PART_BYTES, (i + 1) * PART_BYTES));
      const { length } = whole;
      const head = [number >> 8, number & 0xff, parts, length >> 16, (length >> 8) & 0xff, length & 0xff];
      const body = concat(id, Uint8Array.from(head), mixed);
      return PREFIX + toBase45(concat(sha256(body).slice(0, CHECK_BYTES), body));
    },
  };
}

export type Collected =
  /** Brought something new. */
  | 'new'
  /** Nothing that was not known from other frames. */
  | 'known'
  /** A frame of another payload than the first. */
  | 'other'
  /** No frame. */
  | 'none';

/** Collects frames in any order until the payload is whole. Bounded, whatever it is shown. */
export interface FrameCollector {
  readonly add: (text: string) => Collected;
  /** How many frames more than `have` are needed at least; undefined before the first. */
  readonly progress: () => { readonly have: number; readonly of: number } | undefined;
  /** Once enough has come; undefined until then. Where what came together is not what was cut it begins again. */
  readonly payload: () => Payload | undefined;
}

interface Row {
  readonly mask: bigint;
  readonly bytes: Uint8Array;
}

export function createFrameCollector(): FrameCollector {
  let first: Head | undefined;
  /** By the lowest part in its mixture. */
  const rows = new Map<number, Row>();
  return {
    add(text) {
      const read = readFrame(text);
      if (!read) return 'none';
      first ??= read.head;
      if (!isSame(first, read.head)) return 'other';
      const row = reduce(rows, { mask: mixtureOf(first.id, read.number, first.parts), bytes: read.bytes.slice() });
      if (!row) return 'known';
      rows.set(lowestBit(row.mask), row);
      return 'new';
    },
    progress: () => first && { have: rows.size, of: first.parts },
    payload() {
      if (!first || rows.size < first.parts) return undefined;
      const whole = assemble(rows, first);
      // One of the frames was made by somebody else, and nothing tells which.
      if (!whole) rows.clear();
      return whole;
    },
  };
}

interface Head {
  readonly id: Uint8Array;
  readonly parts: number;
  readonly length: number;
}
const isSame = (a: Head, b: Head): boolean => equalBytes(a.id, b.id) && a.parts === b.parts && a.length === b.length;

function readFrame(text: string): { head: Head; number: number; bytes: Uint8Array } | undefined {
  if (!text.startsWith(PREFIX) || text.length > 600) return undefined;
  const frame = fromBase45(text.slice(PREFIX.length));
  if (frame?.length !== CHECK_BYTES + HEAD_BYTES + PART_BYTES) return undefined;
  const body = frame.subarray(CHECK_BYTES);
  if (!equalBytes(frame.subarray(0, CHECK_BYTES), sha256(body).subarray(0, CHECK_BYTES))) return undefined;
  const at = (i: number): number => body[ID_BYTES + i] ?? 0;
  const parts = at(2);
  const length = at(3) * 65_536 + at(4) * 256 + at(5);
  if (parts < 1 || parts > MAX_PARTS || Math.ceil(length / PART_BYTES) !== parts) return undefined;
  return {
    head: { id: body.slice(0, ID_BYTES), parts, length },
    number: at(0) * 256 + at(1),
    bytes: body.subarray(HEAD_BYTES),
  };
}

/** Which parts frame n holds, as bits: one part at first, then half of them by lot, the same lot on both sides. */
function mixtureOf(id: Uint8Array, n: number, parts: number): bigint {
  if (n < parts) return 1n << BigInt(n);
  const lot = BigInt(`0x${toHex(sha256(id, Uint8Array.of(n >> 8, n & 0xff)))}`);
  // Each part is in at least one of as many mixtures as there are parts.
  return (lot & ((1n << BigInt(parts)) - 1n)) | (1n << BigInt(n % parts));
}

/** Takes out of a row what others tell already; undefined when nothing is left. */
function reduce(rows: ReadonlyMap<number, Row>, row: Row): Row | undefined {
  let { mask } = row;
  while (mask !== 0n) {
    const known = rows.get(lowestBit(mask));
    if (!known) return { mask, bytes: row.bytes };
    mask ^= known.mask;
    xorInto(row.bytes, known.bytes);
  }
  return undefined;
}

/** From the highest part down, each row is freed of the parts above its own. */
function assemble(rows: ReadonlyMap<number, Row>, { id, parts, length }: Head): Payload | undefined {
  const whole = new Uint8Array(parts * PART_BYTES);
  const partOf = (i: number): Uint8Array => whole.subarray(i * PART_BYTES, (i + 1) * PART_BYTES);
  for (let i = parts - 1; i >= 0; i--) {
    const row = rows.get(i);
    if (!row) return undefined;
    xorInto(partOf(i), row.bytes);
    for (let above = i + 1; above < parts; above++)
      if ((row.mask >> BigInt(above)) & 1n) xorInto(partOf(i), partOf(above));
  }
  const bytes = whole.subarray(0, length);
  const kind = (Object.keys(PAYLOAD_KINDS) as PayloadKind[]).find((k) => PAYLOAD_KINDS[k] === bytes[0]);
  return kind && equalBytes(sha256(bytes).subarray(0, ID_BYTES), id) ? { kind, bytes: bytes.slice(1) } : undefined;
}

function lowestBit(mask: bigint): number {
  let bit = 0;
  for (let rest = mask; (rest & 1n) === 0n; rest >>= 1n) bit += 1;
  return bit;
}

function xorInto(target: Uint8Array, source: Uint8Array): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) ^ (source[i] ?? 0);
}
