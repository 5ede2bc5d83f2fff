export interface BeamPart {
  readonly key: string;
  readonly name: string;
  readonly amountMinor: bigint;
  /** How many members stand in this part. */
  readonly members: number;
}

/** The largest amounts by name, and everyone else as one part; the parts always sum to the whole. */
export function beamParts(amounts: readonly Omit<BeamPart, 'members'>[], most: number): BeamPart[] {
  const sorted = amounts
    .filter((a) => a.amountMinor > 0n)
    .sort((a, b) => (a.amountMinor === b.amountMinor ? 0 : a.amountMinor > b.amountMinor ? -1 : 1));
  if (sorted.length <= most) return sorted.map((a) => ({ ...a, members: 1 }));
  const named = sorted.slice(0, most - 1).map((a) => ({ ...a, members: 1 }));
  const rest = sorted.slice(most - 1);
  const restMinor = rest.reduce((sum, a) => sum + a.amountMinor, 0n);
  return [...named, { key: 'rest', name: '', amountMinor: restMinor, members: rest.length }];
}

/** Part of the whole in thousandths, for a width only. */
export const partOf = (amountMinor: bigint, wholeMinor: bigint): number =>
  wholeMinor > 0n ? Number((amountMinor * 1000n) / wholeMinor) : 0;
