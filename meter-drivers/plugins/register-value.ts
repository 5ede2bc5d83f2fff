export const NUMBER_TYPES = ['uint16', 'int16', 'uint32', 'int32', 'acc32', 'uint64', 'int64', 'float32'] as const;
export type NumberType = (typeof NUMBER_TYPES)[number];
/** Which word of a value comes first: 'big' = the most significant. */
export type WordOrder = 'big' | 'little';

/** An exact ratio; both whole and positive. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const WORDS: Readonly<Record<NumberType, number>> = {
  uint16: 1,
  int16: 1,
  uint32: 2,
  int32: 2,
  acc32: 2,
  uint64: 4,
  int64: 4,
  float32: 2,
};

export const wordsOf = (type: NumberType): number => WORDS[type];

const toBits = (words: readonly number[], order: WordOrder): bigint => {
  let bits = 0n;
  for (const word of order === 'big' ? words : [...words].reverse()) bits = (bits << 16n) | BigInt(word & 0xffff);
  return bits;
};

/** The value as an exact ratio, or null for the "not implemented" pattern of its type (SunSpec, also used by others). */
export function decodeNumber(words: readonly number[], type: NumberType, order: WordOrder): Ratio | null {
  const bits = toBits(words.slice(0, WORDS[type]), order);
  const width = WORDS[type] * 16;
  if (type === 'float32') return decodeFloat32(Number(bits));
  const signed = type.startsWith('int');
  const missing = signed ? 1n << BigInt(width - 1) : (1n << BigInt(width)) - 1n;
  if (bits === missing) return null;
  return { numerator: signed ? BigInt.asIntN(width, bits) : bits, denominator: 1n };
}

/** IEEE 754 binary32 without rounding: every finite value is a whole number times a power of two. */
function decodeFloat32(bits: number): Ratio | null {
  const exponent = (bits >>> 23) & 0xff;
  if (exponent === 0xff) return null;
  const fraction = BigInt(bits & 0x7fffff);
  const magnitude = exponent === 0 ? fraction : fraction | 0x800000n;
  const signedMagnitude = bits >>> 31 ? -magnitude : magnitude;
  const power = Math.max(exponent, 1) - 150;
  return power >= 0
    ? { numerator: signedMagnitude << BigInt(power), denominator: 1n }
    : { numerator: signedMagnitude, denominator: 1n << BigInt(-power) };
}

export const multiply = (a: Ratio, b: Ratio): Ratio => ({
  numerator: a.numerator * b.numerator,
  denominator: a.denominator * b.denominator,
});

/** Ten to a power as a ratio; SunSpec scale factors run from -10 to 10. */
export const powerOfTen = (exponent: number): Ratio =>
  exponent >= 0
    ? { numerator: 10n ** BigInt(exponent), denominator: 1n }
    : { numerator: 1n, denominator: 10n ** BigInt(-exponent) };

/** Rounds down. */
export function floorRatio(ratio: Ratio): bigint {
  const quotient = ratio.numerator / ratio.denominator;
  return ratio.numerator < 0n && quotient * ratio.denominator !== ratio.numerator ? quotient - 1n : quotient;
}

export const approximate = (ratio: Ratio): number => Number(ratio.numerator) / Number(ratio.denominator);

/** Text of up to two characters a word, ended by NUL; control characters dropped; null when nothing is left. */
export function decodeText(words: readonly number[]): string | null {
  const bytes = Uint8Array.from(words.flatMap((word) => [(word >> 8) & 0xff, word & 0xff]));
  const end = bytes.indexOf(0);
  const text = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  return text.replaceAll(/[\p{Cc}\p{Cf}\uFFFD]/gu, '').trim() || null;
}
