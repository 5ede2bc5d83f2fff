import { coversMonth, type HostLease } from '../agreement/terms.ts';
import { basisPoints, type Minor, minor, priceOf, split } from '../money/money.ts';
import type { Month } from '../time.ts';

export type ObligationKind = 'host-charge' | 'host-rent' | 'wheeling' | 'owner-share' | 'host-share';

/** One amount one member owes another for a month, and what it comes from. */
export interface Obligation {
  readonly from: string;
  readonly to: string;
  readonly amount: Minor;
  readonly kind: ObligationKind;
  readonly agreement: string;
  readonly meter: string;
  readonly wh: bigint;
  /** Minor units per kWh of the bill line this is part of. */
  readonly price: bigint;
}

/**
 * Host-lease: the host pays the owner for use and gets a share back as rent (P12); neighbours pay for surplus, of which
 * wheeling goes to the grid provider and the rest to owner and host by share (P13). A member's month is one line,
 * rounded half up; shares by largest remainder, ties to the owner.
 * Terms must be free of faults (see faultsOf): wheeling is then never more than the price.
 * @param energyWh counted energy of the month by meter
 */
export function hostLeaseObligations(
  agreement: string,
  terms: HostLease,
  month: Month,
  energyWh: (meter: string) => bigint,
): Obligation[] {
  if (!coversMonth(terms, month)) return [];
  const out: Obligation[] = [];
  const add = (
    kind: ObligationKind,
    from: string,
    to: string,
    amount: Minor,
    meter: string,
    wh: bigint,
    price: bigint,
  ) => {
    if (amount !== 0n && from !== to) out.push({ from, to, amount, kind, agreement, meter, wh, price });
  };
  const hostWh = energyWh(terms.hostMeter);
  const charge = priceOf(hostWh, terms.hostPrice);
  add('host-charge', terms.host, terms.owner, charge, terms.hostMeter, hostWh, terms.hostPrice);
  add(
    'host-rent',
    terms.owner,
    terms.host,
    basisPoints(charge, BigInt(terms.rentBp)),
    terms.hostMeter,
    hostWh,
    terms.hostPrice,
  );
  for (const n of terms.neighbours) {
    const wh = energyWh(n.meter);
    const pays = priceOf(wh, terms.neighbourPrice);
    const grid = priceOf(wh, terms.wheelingPrice);
    const [owner, host] = split(minor(pays - grid), [BigInt(terms.ownerShareBp), BigInt(10_000 - terms.ownerShareBp)]);
    add('wheeling', n.member, terms.grid, grid, n.meter, wh, terms.neighbourPrice);
    add('owner-share', n.member, terms.owner, owner as Minor, n.meter, wh, terms.neighbourPrice);
    add('host-share', n.member, terms.host, host as Minor, n.meter, wh, terms.neighbourPrice);
  }
  return out;
}
