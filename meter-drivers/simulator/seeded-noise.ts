/** Deterministic noise: the same seed and coordinates give the same number on every machine (integer arithmetic only). */
export function hash32(seed: number, ...coordinates: readonly number[]): number {
  let h = seed >>> 0;
  for (const coordinate of coordinates) {
    h = Math.imul(h ^ (coordinate | 0), 0x9e37_79b1);
    h ^= h >>> 15;
    h = Math.imul(h, 0x85eb_ca6b);
    h ^= h >>> 13;
    h = Math.imul(h, 0xc2b2_ae35);
    h ^= h >>> 16;
  }
  return h >>> 0;
}

/** From 0 up to but not including 1. */
export const noise = (seed: number, ...coordinates: readonly number[]): number =>
  hash32(seed, ...coordinates) / 2 ** 32;

/** Noise that moves in straight lines from one whole position to the next. */
export function smoothNoise(seed: number, position: number, ...coordinates: readonly number[]): number {
  const whole = Math.floor(position);
  const here = noise(seed, ...coordinates, whole);
  return here + (noise(seed, ...coordinates, whole + 1) - here) * (position - whole);
}
