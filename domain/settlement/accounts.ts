import type { Frame } from '../metering/frame.ts';
import { type TrustLevel, trustOf } from '../metering/trust.ts';
import type { Decisions, EnergyTotal, RawInterval } from '../metering/vee.ts';
import { DAY_MS, dayOf, dayStart, type Month, monthSpan, UTC } from '../time.ts';
import { agreedChain } from '../village/fold-settlement.ts';
import { announcementOf, rivalName } from '../village/shelves.ts';
import { type Close, decisionKey, lanesOf, type Meter, type VeeDecision, type VillageState } from '../village/state.ts';
import { hostLeaseObligations, type Obligation } from './obligations.ts';
import { type Statement, statementsOf } from './statements.ts';

/** A frame as it came out of a segment, with the verdict on its signature. */
export interface FrameFact {
  readonly segment: string;
  readonly frame: Frame;
  readonly signatureOk: boolean;
}

/** What the rules ask of a frame before anything is counted. */
export interface FactHead extends Pick<FrameFact, 'segment' | 'signatureOk'> {
  readonly frame: Pick<Frame, 'fromMs' | 'origin' | 'gateway'>;
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

/** What the records in force say of frames, gathered once per state. Never today's clock. */
export interface ReadingRules {
  readonly state: VillageState;
  /** Where a frame stands. */
  readonly trustOf: (fact: FactHead) => TrustLevel;
  /** Its segment is of its day: a frame in one of another day tells nothing. */
  readonly isOfItsDay: (fact: FactHead) => boolean;
  /**
   * Raw intervals by meter; frames of meters that nobody entered tell nothing. 'given': of the export register alone.
   * `within` leaves out intervals that start elsewhere, where all of the meter's frames are in order and apart: others
   * may decide which of two counts.
   */
  readonly intervalsOf: (
    facts: readonly FrameFact[],
    register?: 'counted' | 'given',
    within?: Within,
  ) => Map<string, RawInterval[]>;
  readonly decisionsOn: (meter: string) => Decisions;
}

/** [fromMs, toMs). */
export interface Within {
  readonly fromMs: number;
  readonly toMs: number;
}

const EVER: Within = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };

export function readingRules(state: VillageState): ReadingRules {
  const decisionsOn = decisionsIn(state);
  const announced = announcedIn(state);
  const isOfItsDay = dayChecker(state, announced);
  const trustOfFact = ({ segment, signatureOk, frame }: FactHead): TrustLevel =>
    trustOf({
      signatureOk,
      deviceCounts: announced(segment, frame.gateway) !== undefined,
      origin: frame.origin,
      vouched: state.vouched.has(segment),
    });
  return {
    state,
    trustOf: trustOfFact,
    isOfItsDay,
    intervalsOf(facts, which = 'counted', within = EVER) {
      const factsBy = new Map<string, FrameFact[]>();
      for (const fact of facts) {
        const { meter } = fact.frame;
        if (!state.meters.has(meter) || !isOfItsDay(fact)) continue;
        const known = factsBy.get(meter);
        if (known) known.push(fact);
        else factsBy.set(meter, [fact]);
      }
      const byMeter = new Map<string, RawInterval[]>();
      for (const [id, ofMeter] of factsBy) {
        const meter = state.meters.get(id) as Meter;
        const span = areApart(ofMeter) ? within : EVER;
        const list: RawInterval[] = [];
        for (const fact of ofMeter) {
          const order = state.segments.positionOf(fact.segment) ?? Number.MAX_SAFE_INTEGER;
          const register = which === 'given' ? fact.frame.exportWh : registerOf(meter, fact.frame);
          if (register) addIntervals(list, register, fact, { order, trust: trustOfFact(fact), span });
        }
        byMeter.set(id, list);
      }
      return byMeter;
    },
    decisionsOn,
  };
}

type AnnouncedDay = (segment: string, gateway: string) => number | undefined;

/** Start of the UTC day of what a gateway announced; each is looked up once. */
function announcedIn({ segments }: VillageState): AnnouncedDay {
  const known = new Map<string, number | undefined>();
  return (segment, gateway) => {
    const name = rivalName(segment, gateway);
    const before = known.get(name);
    if (before !== undefined || known.has(name)) return before;
    const day = announcementOf(segments, segment, gateway)?.day;
    const fromMs = day === undefined ? undefined : dayStart(day, UTC);
    known.set(name, fromMs);
    return fromMs;
  };
}

/**
 * A segment is of one UTC day: a frame of another day tells nothing, so a day depends on its own segments only. Nor does
 * one whose announcement by its own gateway does not count, where somebody else announced the same block.
 */
const dayChecker =
  ({ segments }: VillageState, announced: AnnouncedDay): ReadingRules['isOfItsDay'] =>
  ({ segment, frame }) => {
    const fromMs = announced(segment, frame.gateway);
    if (fromMs === undefined) return !segments.has(segment);
    return frame.fromMs >= fromMs && frame.fromMs < fromMs + DAY_MS;
  };

const endOf = ({ fromMs, stepMs, asked }: Frame): number => fromMs + asked.length * stepMs;

/** In order of time, each begins when the one before it is over. */
const areApart = (facts: readonly FrameFact[]): boolean =>
  facts.every(({ frame }, i) => {
    const before = facts[i - 1];
    return !before || endOf(before.frame) <= frame.fromMs;
  });

interface Registers<Register> {
  readonly importWh: Register | null;
  readonly exportWh: Register | null;
}
/** Use and site meters count import, generation counts export; a battery's use is its charge. */
export const registerOf = <Register>(meter: Meter, frame: Registers<Register>): Register | null =>
  meter.kind === 'generation' ? (frame.exportWh ?? frame.importWh) : (frame.importWh ?? frame.exportWh);

function addIntervals(
  to: RawInterval[],
  register: NonNullable<Frame['importWh']>,
  { segment, frame }: FrameFact,
  { order, trust, span }: { readonly order: number; readonly trust: TrustLevel; readonly span: Within },
): void {
  const { stepMs, asked, answered } = frame;
  const ownZero = frame.origin === 'file';
  const first = Math.max(0, Math.ceil((span.fromMs - frame.fromMs) / stepMs));
  for (let i = first; i < asked.length; i++) {
    const fromMs = frame.fromMs + i * stepMs;
    if (fromMs >= span.toMs) return;
    to.push({
      fromMs,
      toMs: fromMs + stepMs,
      startWh: register[i] ?? null,
      endWh: register[i + 1] ?? null,
      asked: asked[i] ?? 0,
      answered: answered[i] ?? 0,
      trust,
      segment,
      order,
      ownZero,
    });
  }
}

/** Decisions on one meter by the start of what they decide on; a day's are looked up together. */
function decisionsIn(state: VillageState): ReadingRules['decisionsOn'] {
  const days = new Map<number, ReadonlyMap<string, VeeDecision>>();
  const ofDay = (at: number): ReadonlyMap<string, VeeDecision> => {
    const known = days.get(at);
    if (known) return known;
    const day = dayOf(at * DAY_MS, UTC);
    const made = new Map(state.decisions.within(day, day));
    days.set(at, made);
    return made;
  };
  return (meter) => ({ get: (fromMs) => ofDay(Math.floor(fromMs / DAY_MS)).get(decisionKey(meter, fromMs)) });
}

/** What the meters say of a month: all that its money depends on besides the agreements. */
export interface MonthEnergy {
  readonly meters: ReadonlyMap<string, EnergyTotal>;
  readonly duplicates: number;
}

/** Months whose energy {@link accountsOf} asks for: those closed, then the one it is of. */
export const monthsIn = (state: VillageState, month: Month): Month[] => [
  ...new Set([...agreedChain(state.closes.values()).map((c) => c.month), month]),
];

/**
 * The accounts of a month: a pure function of the state folded on the cut and of the frames the cut names.
 * Months closed before are recomputed; what is due beyond what was settled becomes each member's adjustment.
 * @param energyIn the energy of each of {@link monthsIn}
 */
export function accountsOf(state: VillageState, energyIn: (month: Month) => MonthEnergy, month: Month): MonthAccounts {
  const closed = agreedChain(state.closes.values()).filter((c) => c.month !== month);
  const { meters, duplicates } = energyIn(month);
  const obligations = obligationsOf(state, meters, month);
  const statements = statementsOf(obligations, state.lanes, adjustmentsOf(state, energyIn, closed));
  return { month, obligations, statements, energy: energyOf(state, meters), meters, duplicates };
}

const spanOf = (state: VillageState, month: Month) =>
  monthSpan(month, { offsetMin: state.founding?.zoneOffsetMin ?? 0 });

function obligationsOf(state: VillageState, meters: MonthEnergy['meters'], month: Month): Obligation[] {
  const { to } = spanOf(state, month);
  const energy = (meter: string): bigint => meters.get(meter)?.wh ?? 0n;
  return [...state.agreements.values()]
    .filter((a) => a.effectiveMs !== null && a.effectiveMs < to)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .flatMap((a) => hostLeaseObligations(a.id, a.terms, month, energy));
}

function adjustmentsOf(
  state: VillageState,
  energyIn: (month: Month) => MonthEnergy,
  closed: readonly Close[],
): Map<string, bigint> {
  const due = new Map<string, bigint>();
  const add = (member: string, amount: bigint) => due.set(member, (due.get(member) ?? 0n) + amount);
  for (const c of closed) {
    for (const o of obligationsOf(state, energyIn(c.month).meters, c.month)) {
      add(o.from, 0n - o.amount);
      add(o.to, o.amount);
    }
    for (const l of lanesOf(state, c.digest)) add(l.member, -l.net);
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
