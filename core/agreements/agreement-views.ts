import { standingOf } from '#core/sync/standing.ts';
import type { Village } from '#core/village/open-village.ts';
import { type HostLease, partiesOf, untilMonth } from '#domain/agreement/terms.ts';
import { sum } from '#domain/money/money.ts';
import { hostLeaseObligations } from '#domain/settlement/obligations.ts';
import { type Month, monthOf, monthSpan } from '#domain/time.ts';
import { hasSigned, signersOf } from '#domain/village/fold-agreements.ts';
import type { RevealedState } from '#domain/village/reveal.ts';
import type { Agreement } from '#domain/village/state.ts';

const person = (state: RevealedState, id: string) => ({ id, name: state.members.get(id)?.name ?? id });

export const titleOf = (state: RevealedState, a: Pick<Agreement, 'terms'>): string =>
  `${person(state, a.terms.owner).name} – ${person(state, a.terms.host).name}`;

export function summaryOf(village: Village, a: Agreement) {
  const state = village.revealed();
  const parties = partiesOf(a.terms);
  const month = monthOf(village.now(), { offsetMin: state.founding?.zoneOffsetMin ?? 0 });
  const until = untilMonth(a.terms);
  const phase = a.declined ? 'declined' : a.effectiveMs === null ? 'offered' : month >= until ? 'ended' : 'active';
  return {
    id: a.id,
    title: titleOf(state, a),
    state: phase as 'declined' | 'offered' | 'ended' | 'active',
    owner: person(state, a.terms.owner),
    host: person(state, a.terms.host),
    signed: parties.filter((p) => hasSigned(state, a, p.member)).length,
    mustSign: parties.length,
    waitsForHere:
      phase === 'offered' &&
      parties.some(
        (p) =>
          !hasSigned(state, a, p.member) && signersOf(state, p.member).signers.some((s) => village.keystore.has(s)),
      ),
    from: a.terms.from,
    until,
    standing: standingOf(village, a.record),
  };
}

export function partiesView(village: Village, a: Agreement) {
  const state = village.revealed();
  return partiesOf(a.terms).map(({ member, part }) => {
    const { signers, needed } = signersOf(state, member);
    const own = a.signatures.filter((s) => s.party === member);
    return {
      member: person(state, member),
      part,
      signedAtMs: hasSigned(state, a, member) ? (own.at(-1)?.atMs ?? null) : null,
      signers: signers.map((s) => ({
        ...person(state, s),
        signed: own.some((x) => x.signer === s),
        keyHere: village.keystore.has(s),
      })),
      needed,
    };
  });
}

const ROUND_WH = 100_000n;

/** What a month under these terms comes to: with last month's energy where it is known, else a stated round figure. */
export async function exampleOf(village: Village, terms: HostLease) {
  const state = village.state();
  const zone = { offsetMin: state.founding?.zoneOffsetMin ?? 0 };
  const month = lastFullMonth(village.now(), zone.offsetMin);
  const { meters } = (await village.readings.energyShown([month]))(month);
  const known = (meter: string): bigint | undefined => {
    const total = meters.get(meter);
    return total && total.recorded > 0 ? total.wh : undefined;
  };
  const real = known(terms.hostMeter) !== undefined;
  const energy = (meter: string): bigint => (real ? (known(meter) ?? 0n) : ROUND_WH);
  const obligations = hostLeaseObligations('', { ...terms, from: month, months: 1 }, month, energy);
  const total = (kind: string): bigint => sum(obligations.filter((o) => o.kind === kind).map((o) => o.amount));
  const [grid, ownerShare, hostShare] = [total('wheeling'), total('owner-share'), total('host-share')];
  return {
    basis: real ? ('last-month' as const) : ('round-figure' as const),
    month: real ? month : null,
    hostWh: energy(terms.hostMeter),
    neighboursWh: sum(terms.neighbours.map((n) => energy(n.meter))),
    hostCharge: total('host-charge'),
    rent: total('host-rent'),
    neighboursPay: grid + ownerShare + hostShare,
    grid,
    ownerShare,
    hostShare,
  };
}

function lastFullMonth(nowMs: number, offsetMin: number): Month {
  const current = monthOf(nowMs, { offsetMin });
  return monthOf(monthSpan(current, { offsetMin }).from - 1, { offsetMin });
}
