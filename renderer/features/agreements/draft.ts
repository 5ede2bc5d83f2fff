import { type Currency, parseBasisPoints, parseMinor } from '../../ui/figures.ts';
import type { Terms } from './clauses.ts';

/** The blanks of the sentence as they are typed; null or empty is not filled. */
export interface Draft {
  readonly owner: string | null;
  readonly host: string | null;
  readonly grid: string | null;
  readonly asset: string | null;
  readonly hostMeter: string | null;
  /** Meters of the neighbours; each stands for its member. */
  readonly neighbours: readonly string[];
  readonly hostPrice: string;
  readonly rent: string;
  readonly neighbourPrice: string;
  readonly wheelingPrice: string;
  readonly ownerShare: string;
  readonly from: string;
  readonly months: string;
  readonly after: Terms['after'];
}
export type Blank = keyof Draft;

export const emptyDraft = (from: string): Draft => ({
  owner: null,
  host: null,
  grid: null,
  asset: null,
  hostMeter: null,
  neighbours: [],
  hostPrice: '',
  rent: '15',
  neighbourPrice: '',
  wheelingPrice: '',
  ownerShare: '60',
  from,
  months: '36',
  after: 'passes-to-host',
});

const MOST_MONTHS = 360;

/** The terms, or the names of the blanks that are empty or cannot be read. */
export function readDraft(
  draft: Draft,
  currency: Currency,
  memberOf: (meter: string) => string | null,
): { readonly terms: Terms } | { readonly missing: readonly Blank[] } {
  const { owner, host, grid, hostMeter } = draft;
  const price = (text: string): bigint | null => {
    const amount = parseMinor(text, currency);
    return amount === null || amount < 0n ? null : amount;
  };
  const hostPrice = price(draft.hostPrice);
  const rentBp = parseBasisPoints(draft.rent);
  const neighbourPrice = price(draft.neighbourPrice);
  const wheelingPrice = price(draft.wheelingPrice);
  const ownerShareBp = parseBasisPoints(draft.ownerShare);
  const months = /^\d{1,3}$/.test(draft.months) ? Number(draft.months) : 0;
  const from = /^\d{4}-(0[1-9]|1[0-2])$/.test(draft.from) ? draft.from : null;
  const monthsRight = months >= 1 && months <= MOST_MONTHS;
  const neighbours = draft.neighbours.flatMap((meter) => {
    const member = memberOf(meter);
    return member === null ? [] : [{ member, meter }];
  });
  if (
    owner === null ||
    host === null ||
    grid === null ||
    hostMeter === null ||
    from === null ||
    !monthsRight ||
    hostPrice === null ||
    rentBp === null ||
    neighbourPrice === null ||
    wheelingPrice === null ||
    ownerShareBp === null
  ) {
    const all: [Blank, unknown][] = [
      ['owner', owner],
      ['host', host],
      ['grid', grid],
      ['hostMeter', hostMeter],
      ['hostPrice', hostPrice],
      ['rent', rentBp],
      ['neighbourPrice', neighbourPrice],
      ['wheelingPrice', wheelingPrice],
      ['ownerShare', ownerShareBp],
      ['from', from],
      ['months', monthsRight || null],
    ];
    return { missing: all.filter(([, value]) => value === null).map(([blank]) => blank) };
  }
  return {
    terms: {
      kind: 'host-lease',
      owner,
      host,
      grid,
      asset: draft.asset,
      hostMeter,
      neighbours,
      hostPrice,
      rentBp,
      neighbourPrice,
      wheelingPrice,
      ownerShareBp,
      from,
      months,
      after: draft.after,
    },
  };
}
