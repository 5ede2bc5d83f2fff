/** Money in minor units of the village currency (ISO 4217 places). Never a float. */
export type Minor = bigint & { readonly unit: 'minor' };
export const minor = (v: bigint): Minor => v as Minor;

export const sum = (parts: Iterable<bigint>): bigint => {
  let total = 0n;
  for (const p of parts) total += p;
  return total;
};

/**
 * Amount of one bill line: energy times a price per kWh, rounded half up to the minor unit.
 * @param wh energy in Wh, not negative
 * @param perKwh price in minor units per kWh, not negative
 */
export function priceOf(wh: bigint, perKwh: bigint): Minor {
  if (wh < 0n || perKwh < 0n) throw new RangeError('energy and price must not be negative');
  return minor((wh * perKwh + 500n) / 1000n);
}

/** A share of an amount in basis points (1/10,000), rounded half up; neither may be negative. */
export function basisPoints(amount: Minor, bp: bigint): Minor {
  if (amount < 0n || bp < 0n) throw new RangeError('amount and share must not be negative');
  return minor((amount * bp + 5000n) / 10_000n);
}

/** Splits total by weights with the largest remainder rule; ties go to the earlier weight; parts always sum to total. */
export function split(total: Minor, weights: readonly bigint[]): Minor[] {
  const whole = sum(weights);
  if (whole <= 0n || weights.some((w) => w < 0n)) throw new RangeError('weights must not be negative or all zero');
  const abs: bigint = total < 0n ? 0n - total : total;
  const parts = weights.map((w) => (abs * w) / whole);
  let rest = abs - sum(parts);
  const order = weights
    .map((w, i) => ({ i, r: (abs * w) % whole }))
    .sort((a, b) => (a.r === b.r ? a.i - b.i : a.r > b.r ? -1 : 1));
  for (const { i } of order) {
    if (rest === 0n) break;
    parts[i] = (parts[i] ?? 0n) + 1n;
    rest -= 1n;
  }
  return parts.map((p) => minor(total < 0n ? 0n - p : p));
}
