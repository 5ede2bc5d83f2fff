import { Uint8ArrayList } from 'uint8arraylist';

/**
 * The block protocol, one stream per fetch. The fetching side sends wants and cancels, the serving side answers every
 * want once: with all bytes of the block, in chunks, or with "lacks". A frame is 4 bytes of length (big endian), one
 * byte of kind and the rest; numbers are 32 bits, big endian.
 *
 * want    (number, announced bytes, sha-256)*
 * cancel  number*                      answered by the rest of the block or by "lacks"
 * chunk   number, next bytes of the block
 * lacks   number*                      no block of that name and size here
 */
export const BLOCKS_PROTOCOL = '/gridpact/blocks/1.0.0';

/** Wants that may be open on one stream. */
export const MAX_OPEN_WANTS = 256;
/** Every chunk of a block but the last has exactly so many bytes. */
export const CHUNK_BYTES = 256 * 1024;
const WANT_BYTES = 40;
const DIGEST_BYTES = 32;
/** What one side accepts from the other, kind and body. */
export const MAX_REQUEST_FRAME = 1 + MAX_OPEN_WANTS * WANT_BYTES;
export const MAX_ANSWER_FRAME = 1 + 4 + CHUNK_BYTES;

const WANT = 1;
const CANCEL = 2;
const CHUNK = 3;
const LACKS = 4;

export interface Want {
  /** Chosen by the fetching side, not open twice at once. */
  readonly number: number;
  readonly bytes: number;
  /** sha-256, 32 bytes. */
  readonly digest: Uint8Array;
}
export type Request =
  | { readonly t: 'want'; readonly wants: readonly Want[] }
  | { readonly t: 'cancel'; readonly numbers: readonly number[] };
export type Answer =
  | { readonly t: 'chunk'; readonly number: number; readonly bytes: Uint8Array }
  | { readonly t: 'lacks'; readonly numbers: readonly number[] };

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A frame with `length` bytes after its kind. */
function openFrame(kind: number, length: number): { frame: Uint8Array; view: DataView } {
  const frame = new Uint8Array(5 + length);
  const view = viewOf(frame);
  view.setUint32(0, 1 + length);
  frame[4] = kind;
  return { frame, view };
}

export function wantFrame(wants: readonly Want[]): Uint8Array {
  const { frame, view } = openFrame(WANT, wants.length * WANT_BYTES);
  wants.forEach(({ number, bytes, digest }, i) => {
    const at = 5 + i * WANT_BYTES;
    view.setUint32(at, number);
    view.setUint32(at + 4, bytes);
    frame.set(digest, at + 8);
  });
  return frame;
}

const numbersFrame = (kind: number, numbers: readonly number[]): Uint8Array => {
  const { frame, view } = openFrame(kind, numbers.length * 4);
  numbers.forEach((number, i) => {
    view.setUint32(5 + i * 4, number);
  });
  return frame;
};
export const cancelFrame = (numbers: readonly number[]): Uint8Array => numbersFrame(CANCEL, numbers);
export const lacksFrame = (numbers: readonly number[]): Uint8Array => numbersFrame(LACKS, numbers);

/** The bytes are not copied: they must not change before they are sent. */
export function chunkFrame(number: number, bytes: Uint8Array): Uint8ArrayList {
  const head = new Uint8Array(9);
  const view = viewOf(head);
  view.setUint32(0, 5 + bytes.length);
  head[4] = CHUNK;
  view.setUint32(5, number);
  return new Uint8ArrayList(head, bytes);
}

/** Reads what the fetching side sent: bounded, undefined when it is not sound. Never throws. */
export function readRequest(body: Uint8Array): Request | undefined {
  if (body.length > MAX_REQUEST_FRAME) return undefined;
  if (body[0] === CANCEL) {
    const numbers = readNumbers(body);
    return numbers && { t: 'cancel', numbers };
  }
  if (body[0] !== WANT || body.length < 1 + WANT_BYTES || (body.length - 1) % WANT_BYTES !== 0) return undefined;
  const view = viewOf(body);
  const wants: Want[] = [];
  for (let at = 1; at < body.length; at += WANT_BYTES) {
    const digest = body.slice(at + 8, at + 8 + DIGEST_BYTES);
    wants.push({ number: view.getUint32(at), bytes: view.getUint32(at + 4), digest });
  }
  return { t: 'want', wants };
}

/** Reads what the serving side sent: bounded, undefined when it is not sound. Never throws. The bytes are not copied. */
export function readAnswer(body: Uint8Array): Answer | undefined {
  if (body.length > MAX_ANSWER_FRAME) return undefined;
  if (body[0] === LACKS) {
    const numbers = readNumbers(body);
    return numbers && { t: 'lacks', numbers };
  }
  if (body[0] !== CHUNK || body.length < 6) return undefined;
  return { t: 'chunk', number: viewOf(body).getUint32(1), bytes: body.subarray(5) };
}

function readNumbers(body: Uint8Array): number[] | undefined {
  const count = (body.length - 1) / 4;
  if (!Number.isInteger(count) || count < 1 || count > MAX_OPEN_WANTS) return undefined;
  const view = viewOf(body);
  return Array.from({ length: count }, (_, i) => view.getUint32(1 + i * 4));
}
