/**
 * Salsa20/20 over four blocks at a time with WebAssembly's vectors: every byte of every connection passes here twice, and
 * plain JavaScript took a third of a transfer for it. The module is put together here instead of being shipped as bytes
 * that nobody can read.
 *
 * Memory: at 0 the sixteen words of the state, each four times (one per block), of which the ninth is counted up; from
 * {@link DATA_AT} on the data.
 */
export interface SalsaModule {
  /** The state: 16 words by 4 blocks. */
  readonly state: Uint32Array;
  /** Where data are combined, {@link DATA_BYTES} long. */
  readonly data: Uint8Array;
  /** Combines so many groups of four blocks from the start of the data on. */
  combine(groups: number): void;
}

const DATA_AT = 1024;
export const GROUP_BYTES = 256;
/** Of 64 KiB each. */
const PAGES = 3;
export const DATA_BYTES = 128 * 1024;

const I32 = 0x7f;
const V128 = 0x7b;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const I32_CONST = 0x41;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const LOOP = [0x03, 0x40];
const BR_IF_0 = [0x0d, 0x00];
const END = 0x0b;
const LOAD = 0x00;
const STORE = 0x0b;
const CONST = 0x0c;
const SHUFFLE = 0x0d;
const OR = 0x50;
const XOR = 0x51;
const SHIFT_LEFT = 0xab;
const SHIFT_RIGHT = 0xad;
const ADD = 0xae;

/** The unsigned integers of the format, seven bits to a byte. */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}
/** The signed ones, for constants of at least 0. */
function signedLeb(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signedLeb(value >>> 7)];
}
const simd = (op: number): number[] => [0xfd, ...leb(op)];
const section = (id: number, body: readonly number[]): number[] => [id, ...leb(body.length), ...body];
const get = (local: number): number[] => [LOCAL_GET, ...leb(local)];
const set = (local: number): number[] => [LOCAL_SET, ...leb(local)];
const constant = (value: number): number[] => [I32_CONST, ...signedLeb(value)];
/** Loads and stores of 16 aligned bytes; the address is on the stack. */
const load = (offset: number): number[] => [...simd(LOAD), 4, ...leb(offset)];
const store = (offset: number): number[] => [...simd(STORE), 4, ...leb(offset)];

const AT = 0;
const GROUPS = 1;
const ROUNDS = 2;
const word = (i: number): number => 3 + i;
const SPARE = word(16);
const LOCALS = [2, 1, I32, 17, V128];

/** target ^= (a + b) <<< bits */
function step(target: number, a: number, b: number, bits: number): number[] {
  return [
    ...get(word(a)),
    ...get(word(b)),
    ...simd(ADD),
    LOCAL_TEE,
    ...leb(SPARE),
    ...constant(bits),
    ...simd(SHIFT_LEFT),
    ...get(SPARE),
    ...constant(32 - bits),
    ...simd(SHIFT_RIGHT),
    ...simd(OR),
    ...get(word(target)),
    ...simd(XOR),
    ...set(word(target)),
  ];
}

/** On columns when the words are taken down, on rows when they are taken across. */
function quarterRound([a, b, c, d]: readonly [number, number, number, number]): number[] {
  return [...step(b, a, d, 7), ...step(c, b, a, 9), ...step(d, c, b, 13), ...step(a, d, c, 18)];
}
const COLUMNS = [
  [0, 4, 8, 12],
  [5, 9, 13, 1],
  [10, 14, 2, 6],
  [15, 3, 7, 11],
] as const;
const ROWS = [
  [0, 1, 2, 3],
  [5, 6, 7, 4],
  [10, 11, 8, 9],
  [15, 12, 13, 14],
] as const;

const WORDS = Array.from({ length: 16 }, (_, i) => i);
/** Picks words 0..3 of the first and 4..7 of the second of two vectors. */
const shuffle = (picks: readonly number[]): number[] => [
  ...simd(SHUFFLE),
  ...picks.flatMap((pick) => [4 * pick, 4 * pick + 1, 4 * pick + 2, 4 * pick + 3]),
];

/** Four words of four blocks lie block by block in four vectors, and belong word by word beside each other. */
function writeWords(group: number): number[] {
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => get(word(4 * group + i))) as [number[], number[], number[], number[]];
  return [0, 1, 2, 3].flatMap((block) => {
    const pair = [block, block + 4, block, block + 4];
    return [
      ...get(AT),
      ...get(AT),
      ...load(block * 64 + group * 16),
      ...a,
      ...b,
      ...shuffle(pair),
      ...c,
      ...d,
      ...shuffle(pair),
      ...shuffle([0, 1, 4, 5]),
      ...simd(XOR),
      ...store(block * 64 + group * 16),
    ];
  });
}

function writeBody(): number[] {
  const rounds = [
    ...constant(10),
    ...set(ROUNDS),
    ...LOOP,
    ...[...COLUMNS, ...ROWS].flatMap(quarterRound),
    ...get(ROUNDS),
    ...constant(1),
    I32_SUB,
    LOCAL_TEE,
    ...leb(ROUNDS),
    ...BR_IF_0,
    END,
  ];
  const countUp = [
    ...constant(0),
    ...constant(0),
    ...load(8 * 16),
    ...simd(CONST),
    ...WORDS.map((i) => (i % 4 === 0 ? 4 : 0)),
    ...simd(ADD),
    ...store(8 * 16),
  ];
  return [
    ...LOOP,
    ...WORDS.flatMap((i) => [...constant(0), ...load(16 * i), ...set(word(i))]),
    ...rounds,
    ...WORDS.flatMap((i) => [...get(word(i)), ...constant(0), ...load(16 * i), ...simd(ADD), ...set(word(i))]),
    ...[0, 1, 2, 3].flatMap(writeWords),
    ...countUp,
    ...get(AT),
    ...constant(GROUP_BYTES),
    I32_ADD,
    ...set(AT),
    ...get(GROUPS),
    ...constant(1),
    I32_SUB,
    LOCAL_TEE,
    ...leb(GROUPS),
    ...BR_IF_0,
    END,
  ];
}

const nameOf = (text: string): number[] => [text.length, ...Buffer.from(text)];

export function createSalsaModule(): SalsaModule {
  const body = [...LOCALS, ...writeBody(), END];
  const bytes = Uint8Array.from([
    0x00,
    0x61,
    0x73,
    0x6d,
    0x01,
    0x00,
    0x00,
    0x00,
    ...section(1, [1, 0x60, 2, I32, I32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, PAGES]),
    ...section(7, [2, ...nameOf('memory'), 2, 0, ...nameOf('combine'), 0, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const { buffer } = exports['memory'] as WebAssembly.Memory;
  const combine = exports['combine'] as (at: number, groups: number) => void;
  return {
    state: new Uint32Array(buffer, 0, 64),
    data: new Uint8Array(buffer, DATA_AT, DATA_BYTES),
    combine: (groups) => combine(DATA_AT, groups),
  };
}
