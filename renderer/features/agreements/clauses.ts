import type { In } from '../../app/wire.ts';

export type Terms = In['agreements']['draft']['terms'];

/** Names that stand for the ids in the terms; an id nobody knows here stands for itself. */
export interface Names {
  readonly member: (id: string) => string;
  readonly meter: (id: string) => string;
  readonly asset: (id: string) => string;
}

/** One sentence of the deed, before any language: every figure a person must read, and nothing else. */
export type Clause =
  | { readonly kind: 'lease'; readonly owner: string; readonly host: string; readonly asset: string | null }
  | {
      readonly kind: 'host-price';
      readonly owner: string;
      readonly host: string;
      readonly price: bigint;
      readonly meter: string;
    }
  | { readonly kind: 'rent'; readonly owner: string; readonly host: string; readonly rentBp: number }
  | { readonly kind: 'neighbours'; readonly neighbours: readonly string[]; readonly price: bigint }
  | { readonly kind: 'wheeling'; readonly grid: string; readonly price: bigint }
  | {
      readonly kind: 'shares';
      readonly owner: string;
      readonly host: string;
      readonly ownerBp: number;
      readonly hostBp: number;
    }
  | { readonly kind: 'term'; readonly from: string; readonly until: string; readonly months: number }
  | { readonly kind: 'after'; readonly goesTo: string }
  | { readonly kind: 'proof' };

const WHOLE_BP = 10_000;

/** The last month of an agreement that starts in `from` and lasts `months`, 'YYYY-MM'. */
export function lastMonth(from: string, months: number): string {
  const [year = 0, month = 1] = from.split('-').map(Number);
  const index = year * 12 + month - 1 + months - 1;
  return `${String(Math.floor(index / 12)).padStart(4, '0')}-${String((index % 12) + 1).padStart(2, '0')}`;
}

/** A member and the meter; said once where a meter is called by its member's name. */
const placeOf = (member: string, meter: string): string => (member === meter ? member : `${member} (${meter})`);

/**
 * What a person signs, as sentences: derived from the terms alone, so that two consoles with the same terms read the same.
 * A clause that the terms make empty (no rent, no neighbours) is left out.
 */
export function deriveClauses(terms: Terms, names: Names): Clause[] {
  const owner = names.member(terms.owner);
  const host = names.member(terms.host);
  const clauses: Clause[] = [
    { kind: 'lease', owner, host, asset: terms.asset === null ? null : names.asset(terms.asset) },
    { kind: 'host-price', owner, host, price: terms.hostPrice, meter: names.meter(terms.hostMeter) },
  ];
  if (terms.rentBp > 0) clauses.push({ kind: 'rent', owner, host, rentBp: terms.rentBp });
  if (terms.neighbours.length > 0) {
    const neighbours = terms.neighbours.map((n) => placeOf(names.member(n.member), names.meter(n.meter)));
    clauses.push({ kind: 'neighbours', neighbours, price: terms.neighbourPrice });
    if (terms.wheelingPrice > 0n)
      clauses.push({ kind: 'wheeling', grid: names.member(terms.grid), price: terms.wheelingPrice });
    const hostBp = WHOLE_BP - terms.ownerShareBp;
    clauses.push({ kind: 'shares', owner, host, ownerBp: terms.ownerShareBp, hostBp });
  }
  clauses.push(
    { kind: 'term', from: terms.from, until: lastMonth(terms.from, terms.months), months: terms.months },
    { kind: 'after', goesTo: terms.after === 'passes-to-host' ? host : owner },
    { kind: 'proof' },
  );
  return clauses;
}
