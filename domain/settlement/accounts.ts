import type { Frame } from '../metering/frame.ts';
import { MONEY_TRUST, type TrustLevel, trustOf } from '../metering/trust.ts';
import { type EnergyTotal, judge, type MeterHistory, type RawInterval, totalOf } from '../metering/vee.ts';
import { type Month, monthSpan } from '../time.ts';
import { agreedChain } from '../village/fold-settlement.ts';
import type { VeeDecision, VillageState } from '../village/state.ts';
import { hostLeaseObligations, type Obligation } from './obligations.ts';
import { type Statement, statementsOf } from './statements.ts';

/** A frame as it came out of a segment, with the verdict on its signature. */
export interface FrameFact {
  readonly segment: string;
  readonly frame: Frame;
  readonly signatureOk: boolean;
}

export interface EnergyAccount {
  /** Counted energy of all meters that measure use. */
  readonly measuredWh: bigint;
  /** Counted energy of the site total; null when no site meter told anything. */
  readonly siteWh: bigint | null;
  readonly heldWh: bigint;
  readonly estimatedWh: bigint;
  /** Site less circuits; billed to nobody. */
  readonly unattributedWh: bigint | null;
}

export interface MonthAccounts {
  readonly month: Month;
  readonly obligations: readonly Obligation[];
  readonly statements: readonly Statement[];
  readonly energy: EnergyAccount;
  readonly meters: ReadonlyMap<string, EnergyTotal>;
  readonly duplicates: number;
}

/** Where a frame stands: trust from the records in force, never from today's clock. */
export function trustOfFrame(state: VillageState, fact: FrameFact): TrustLevel {
  return trustIn(state, fact, vouchedSegments(state));
}

const vouchedSegments = (state: VillageState): ReadonlySet<string> =>
  new Set([...state.entries.values()].filter((e) => e.vouched !== null).flatMap((e) => e.segments));

const trustIn = (state: VillageState, fact: FrameFact, vouched: ReadonlySet<string>): TrustLevel =>
  trustOf({
    signatureOk: fact.signatureOk,
    deviceCounts: state.segments.has(fact.segment),
    origin: fact.frame.origin,
    vouched: vouched.has(fact.segment),
  });

/** Intervals of one frame. Use and site meters count import, generation counts export; a battery's use is its charge. */
function intervalsOf(state: VillageState, fact: FrameFact, order: number, trust: TrustLevel): RawInterval[] {
  const { frame } = fact;
  const meter = state.meters.get(frame.meter);
  const register =
    meter?.kind === 'generation' ? (frame.exportWh ?? frame.importWh) : (frame.importWh ?? frame.exportWh);
  if (!register) return [];
  return frame.asked.map((asked, i) => ({
    fromMs: frame.fromMs + i * frame.stepMs,
    toMs: frame.fromMs + (i + 1) * frame.stepMs,
    startWh: register[i] ?? null,
    endWh: register[i + 1] ?? null,
    asked,
    answered: frame.answered[i] ?? 0,
    trust,
    segment: fact.segment,
    order,
    ownZero: frame.origin === 'file',
  }));
}

function decisionsByMeter(state: VillageState): Map<string, Map<number, VeeDecision>> {
  const out = new Map<string, Map<number, VeeDecision>>();
  for (const d of state.decisions.values()) {
    const ofMeter = out.get(d.meter) ?? new Map<number, VeeDecision>();
    out.set(d.meter, ofMeter.set(d.fromMs, d));
  }
  return out;
}

/** Histories by meter. Facts may come in any order; the chain's order is the one in which announcements count. */
export function historiesOf(state: VillageState, facts: readonly FrameFact[]): Map<string, MeterHistory> {
  const rank = new Map([...state.segments.keys()].map((cid, i) => [cid, i]));
  const vouched = vouchedSegments(state);
  const byMeter = new Map<string, RawInterval[]>();
  for (const fact of facts) {
    const list = byMeter.get(fact.frame.meter) ?? [];
    const order = rank.get(fact.segment) ?? Number.MAX_SAFE_INTEGER;
    list.push(...intervalsOf(state, fact, order, trustIn(state, fact, vouched)));
    byMeter.set(fact.frame.meter, list);
  }
  const decisions = decisionsByMeter(state);
  const out = new Map<string, MeterHistory>();
  for (const [id, raw] of byMeter) {
    const meter = state.meters.get(id);
    if (!meter) continue;
    out.set(id, judge(raw, meter.limitW, decisions.get(id) ?? new Map()));
  }
  return out;
}

/**
 * The accounts of a month: a pure function of the state folded on the cut and of the frames the cut names.
 * Months closed before are recomputed; what is due beyond what was settled becomes each member's adjustment.
 */
export function accountsOf(
  state: VillageState,
  histories: ReadonlyMap<string, MeterHistory>,
  month: Month,
): MonthAccounts {
  const closed = agreedChain(state.closes.values()).filter((c) => c.month !== month);
  const obligations = obligationsOf(state, histories, month);
  const statements = statementsOf(obligations, state.lanes, adjustmentsOf(state, histories, closed));
  const { from, to } = spanOf(state, month);
  const meters = new Map<string, EnergyTotal>();
  for (const id of state.meters.keys()) {
    const history = histories.get(id);
    if (history) meters.set(id, totalOf(history, from, to, MONEY_TRUST));
  }
  const inside = (ms: number) => ms >= from && ms < to;
  const duplicates = [...histories.values()].reduce((n, h) => n + h.duplicates.filter(inside).length, 0);
  return { month, obligations, statements, energy: energyOf(state, meters), meters, duplicates };
}

const spanOf = (state: VillageState, month: Month) =>
  monthSpan(month, { offsetMin: state.founding?.zoneOffsetMin ?? 0 });

function obligationsOf(state: VillageState, histories: ReadonlyMap<string, MeterHistory>, month: Month): Obligation[] {
  const { from, to } = spanOf(state, month);
  const energy = (meter: string): bigint => {
    const history = histories.get(meter);
    return history ? totalOf(history, from, to, MONEY_TRUST).wh : 0n;
  };
  return [...state.agreements.values()]
    .filter((a) => a.effectiveMs !== null && a.effectiveMs < to)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .flatMap((a) => hostLeaseObligations(a.id, a.terms, month, energy));
}

function adjustmentsOf(
  state: VillageState,
  histories: ReadonlyMap<string, MeterHistory>,
  closed: readonly {
    readonly month: Month;
    readonly lanes: readonly { readonly member: string; readonly net: bigint }[];
  }[],
): Map<string, bigint> {
  const due = new Map<string, bigint>();
  const add = (member: string, amount: bigint) => due.set(member, (due.get(member) ?? 0n) + amount);
  for (const c of closed) {
    for (const o of obligationsOf(state, histories, c.month)) {
      add(o.from, 0n - o.amount);
      add(o.to, o.amount);
    }
    for (const l of c.lanes) add(l.member, -l.net);
  }
  return due;
}

function energyOf(state: VillageState, meters: ReadonlyMap<string, EnergyTotal>): EnergyAccount {
  let [measuredWh, siteWh, heldWh] = [0n, 0n, 0n];
  let siteKnown = false;
  for (const [id, total] of meters) {
    const kind = state.meters.get(id)?.kind;
    if (kind !== 'use' && kind !== 'site') continue;
    heldWh += total.heldWh;
    if (kind === 'use') measuredWh += total.wh;
    if (kind === 'site' && total.recorded > 0) {
      siteKnown = true;
      siteWh += total.wh;
    }
  }
  return {
    measuredWh,
    siteWh: siteKnown ? siteWh : null,
    heldWh,
    estimatedWh: 0n,
    unattributedWh: siteKnown ? siteWh - measuredWh : null,
  };
}
