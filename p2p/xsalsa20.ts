import { createSalsaModule, DATA_BYTES, GROUP_BYTES } from './salsa20-wasm.ts';

/**
 * XSalsa20 as a stream, the cipher of libp2p's private networks (Bernstein, "Extending the Salsa20 nonce", 2011). Not
 * the package that stock libp2p brings: slower than this, and it fails for good once two connections were handed chunks
 * over 640 KiB, because each growth of its shared memory makes the other grow it again.
 */
export interface KeyStream {
  /** The next bytes of the stream, en- or decrypted, in memory of their own. */
  xor(data: Uint8Array): Uint8Array<ArrayBuffer>;
  /** The same over the bytes themselves. */
  xorInPlace(data: Uint8Array): void;
}

export const NONCE_BYTES = 24;
export const KEY_BYTES = 32;
const BLOCK_BYTES = 64;
/** "expand 32-byte k" */
const SIGMA = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;

const salsa = createSalsaModule();

export function createKeyStream(key: Uint8Array, nonce: Uint8Array): KeyStream {
  if (key.length !== KEY_BYTES || nonce.length !== NONCE_BYTES) throw new Error('XSalsa20 takes 32 and 24 bytes');
  const state = new Uint32Array(16);
  const keyWords = toWords(key);
  const nonceWords = toWords(nonce);
  fill(state, keyWords, nonceWords.subarray(0, 4));
  const mixed = new Uint32Array(16);
  permute(state, mixed);
  // HSalsa20: the words at the places of the constants and of the input, without the final addition.
  const subkey = Uint32Array.from([0, 5, 10, 15, 6, 7, 8, 9], (at) => mixed[at] ?? 0);
  fill(state, subkey, Uint32Array.from([nonceWords[4] ?? 0, nonceWords[5] ?? 0, 0, 0]));
  /** Bytes of the block at the counter that were used before. */
  let used = 0;
  const xorInPlace = (data: Uint8Array): void => {
    for (let at = 0; at < data.length; ) {
      // Whole blocks around the data, wherever the stream stands.
      const part = data.subarray(at, at + Math.min(DATA_BYTES, blocksToWrap(state) * BLOCK_BYTES) - used);
      const end = used + part.length;
      salsa.data.set(part, used);
      writeState(state, salsa.state);
      salsa.combine(Math.ceil(end / GROUP_BYTES));
      part.set(salsa.data.subarray(used, end));
      countUp(state, Math.floor(end / BLOCK_BYTES));
      used = end % BLOCK_BYTES;
      at += part.length;
    }
  };
  return {
    xorInPlace,
    xor(data) {
      const out = Uint8Array.from(data);
      xorInPlace(out);
      return out;
    },
  };
}

/** Each word once for each of four blocks, whose counters follow each other. */
function writeState(state: Uint32Array, lanes: Uint32Array): void {
  for (let i = 0; i < 16; i++) lanes.fill(state[i] ?? 0, 4 * i, 4 * i + 4);
  const counter = state[8] ?? 0;
  for (let block = 1; block < 4; block++) lanes[4 * 8 + block] = counter + block;
}

/** Blocks until the lower word of the counter begins anew, which the vectors do not see. */
const blocksToWrap = (state: Uint32Array): number => 2 ** 32 - (state[8] ?? 0);

function toWords(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}

function fill(state: Uint32Array, key: Uint32Array, input: Uint32Array): void {
  state.set([SIGMA[0]], 0);
  state.set(key.subarray(0, 4), 1);
  state.set([SIGMA[1]], 5);
  state.set(input, 6);
  state.set([SIGMA[2]], 10);
  state.set(key.subarray(4), 11);
  state.set([SIGMA[3]], 15);
}

function countUp(state: Uint32Array, blocks: number): void {
  const low = (state[8] ?? 0) + blocks;
  state[8] = low;
  if (low >= 2 ** 32) state[9] = (state[9] ?? 0) + 1;
}

/** Twenty rounds of Salsa20. */
function permute(input: Uint32Array, out: Uint32Array): void {
  let a = input[0] ?? 0;
  let b = input[1] ?? 0;
  let c = input[2] ?? 0;
  let d = input[3] ?? 0;
  let e = input[4] ?? 0;
  let f = input[5] ?? 0;
  let g = input[6] ?? 0;
  let h = input[7] ?? 0;
  let i = input[8] ?? 0;
  let j = input[9] ?? 0;
  let k = input[10] ?? 0;
  let l = input[11] ?? 0;
  let m = input[12] ?? 0;
  let n = input[13] ?? 0;
  let o = input[14] ?? 0;
  let p = input[15] ?? 0;
  for (let round = 0; round < 20; round += 2) {
    e ^= left((a + m) | 0, 7);
    i ^= left((e + a) | 0, 9);
    m ^= left((i + e) | 0, 13);
    a ^= left((m + i) | 0, 18);
    j ^= left((f + b) | 0, 7);
    n ^= left((j + f) | 0, 9);
    b ^= left((n + j) | 0, 13);
    f ^= left((b + n) | 0, 18);
    o ^= left((k + g) | 0, 7);
    c ^= left((o + k) | 0, 9);
    g ^= left((c + o) | 0, 13);
    k ^= left((g + c) | 0, 18);
    d ^= left((p + l) | 0, 7);
    h ^= left((d + p) | 0, 9);
    l ^= left((h + d) | 0, 13);
    p ^= left((l + h) | 0, 18);

    b ^= left((a + d) | 0, 7);
    c ^= left((b + a) | 0, 9);
    d ^= left((c + b) | 0, 13);
    a ^= left((d + c) | 0, 18);
    g ^= left((f + e) | 0, 7);
    h ^= left((g + f) | 0, 9);
    e ^= left((h + g) | 0, 13);
    f ^= left((e + h) | 0, 18);
    l ^= left((k + j) | 0, 7);
    i ^= left((l + k) | 0, 9);
    j ^= left((i + l) | 0, 13);
    k ^= left((j + i) | 0, 18);
    m ^= left((p + o) | 0, 7);
    n ^= left((m + p) | 0, 9);
    o ^= left((n + m) | 0, 13);
    p ^= left((o + n) | 0, 18);
  }
  out[0] = a;
  out[1] = b;
  out[2] = c;
  out[3] = d;
  out[4] = e;
  out[5] = f;
  out[6] = g;
  out[7] = h;
  out[8] = i;
  out[9] = j;
  out[10] = k;
  out[11] = l;
  out[12] = m;
  out[13] = n;
  out[14] = o;
  out[15] = p;
}

const left = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
