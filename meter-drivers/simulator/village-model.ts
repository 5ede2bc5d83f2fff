import { demandW, hydroW, localTime, solarW } from './village-demand.ts';
import { BATTERY_W, BATTERY_WH, DIESEL_W, LOAD_COUNT, RESERVE_PERCENT } from './village-plan.ts';

/** The grid the model is integrated on; between its points registers move evenly. */
export const STEP_MS = 300_000;
const STEPS_PER_HOUR = 3_600_000 / STEP_MS;
const STEPS_PER_CHECKPOINT = 24 * STEPS_PER_HOUR;

const LINE_LOSS_PER_MILLE = 35;
const CHARGE_EFFICIENCY_PERCENT = 95;
const DIESEL_STOP_PERCENT = 40;
/** Below this the battery protects itself and loads are shed. */
const CUTOFF_PERCENT = 5;
const START_PERCENT = 60;

/** Energy that flowed in a step or since the start, whole Wh. sum(use) + charge + lineLoss = solar + hydro + diesel + discharge. */
export interface VillageFlows {
  readonly use: readonly number[];
  readonly lineLoss: number;
  readonly solar: number;
  readonly hydro: number;
  readonly diesel: number;
  readonly charge: number;
  readonly discharge: number;
}

/** The village at a point of the grid. */
interface VillageMoment {
  readonly total: VillageFlows;
  /** Energy in the battery. */
  readonly storedWh: number;
  readonly dieselRuns: boolean;
  /** Thousandths of Wh that were asked for and not yet counted, so that rounding loses nothing over time. */
  readonly carry: {
    readonly use: readonly number[];
    readonly solar: number;
    readonly hydro: number;
    readonly loss: number;
  };
}

const NO_FLOWS: VillageFlows = {
  use: Array.from({ length: LOAD_COUNT }, () => 0),
  lineLoss: 0,
  solar: 0,
  hydro: 0,
  diesel: 0,
  charge: 0,
  discharge: 0,
};

const START: VillageMoment = {
  total: NO_FLOWS,
  storedWh: (BATTERY_WH * START_PERCENT) / 100,
  dieselRuns: false,
  carry: { use: NO_FLOWS.use, solar: 0, hydro: 0, loss: 0 },
};

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** A mean power over one step, with what was carried, as whole Wh and the thousandths left over. */
function toWh(watts: number, carry: number): { wh: number; carry: number } {
  const milliWh = Math.floor((watts * 1000) / STEPS_PER_HOUR) + carry;
  return { wh: Math.floor(milliWh / 1000), carry: milliWh % 1000 };
}

interface Offer {
  readonly use: readonly number[];
  readonly lineLoss: number;
  readonly solar: number;
  readonly hydro: number;
}

/** Shares what there is when it is less than the need: every load gets the same part, the rest is lost on the way. */
function shedLoads(offer: Offer, suppliedWh: number): { use: number[]; lineLoss: number } {
  const need = sum(offer.use) + offer.lineLoss;
  const use = offer.use.map((wh) => Math.floor((wh * suppliedWh) / need));
  return { use, lineLoss: suppliedWh - sum(use) };
}

/** Decides who gives and who takes in one step. Surplus charges the battery; what is left is not generated, solar first. */
export function dispatch(offer: Offer, storedWh: number, dieselRuns: boolean): VillageFlows {
  const need = sum(offer.use) + offer.lineLoss;
  const renewable = offer.solar + offer.hydro;
  const space = Math.floor(((BATTERY_WH - storedWh) * 100) / CHARGE_EFFICIENCY_PERCENT);
  const room = Math.min(space, BATTERY_W / STEPS_PER_HOUR);
  const diesel = dieselRuns ? Math.min(Math.floor(DIESEL_W / STEPS_PER_HOUR), Math.max(0, need + room - renewable)) : 0;
  const left = renewable + diesel - need;
  if (left >= 0) {
    const charge = Math.min(left, room);
    const spilled = left - charge;
    const solar = Math.max(0, offer.solar - spilled);
    const hydro = offer.hydro - (spilled - (offer.solar - solar));
    return { use: offer.use, lineLoss: offer.lineLoss, solar, hydro, diesel, charge, discharge: 0 };
  }
  const usable = Math.max(0, storedWh - (BATTERY_WH * CUTOFF_PERCENT) / 100);
  const discharge = Math.min(-left, usable, BATTERY_W / STEPS_PER_HOUR);
  const supplied = renewable + diesel + discharge;
  const served = discharge === -left ? { use: offer.use, lineLoss: offer.lineLoss } : shedLoads(offer, supplied);
  return { ...served, solar: offer.solar, hydro: offer.hydro, diesel, charge: 0, discharge };
}

const addFlows = (a: VillageFlows, b: VillageFlows): VillageFlows => ({
  use: a.use.map((wh, i) => wh + (b.use[i] ?? 0)),
  lineLoss: a.lineLoss + b.lineLoss,
  solar: a.solar + b.solar,
  hydro: a.hydro + b.hydro,
  diesel: a.diesel + b.diesel,
  charge: a.charge + b.charge,
  discharge: a.discharge + b.discharge,
});

function advance(moment: VillageMoment, seed: number, atMs: number, zoneOffsetMin: number): VillageMoment {
  const time = localTime(atMs, zoneOffsetMin);
  const loads = demandW(seed, time).map((watts, i) => toWh(watts, moment.carry.use[i] ?? 0));
  const use = loads.map((load) => load.wh);
  const lossMilliWh = sum(use) * LINE_LOSS_PER_MILLE + moment.carry.loss;
  const solar = toWh(solarW(seed, time), moment.carry.solar);
  const hydro = toWh(hydroW(seed, time), moment.carry.hydro);
  const offer = { use, lineLoss: Math.floor(lossMilliWh / 1000), solar: solar.wh, hydro: hydro.wh };
  const percent = (moment.storedWh * 100) / BATTERY_WH;
  const dieselRuns = moment.dieselRuns ? percent < DIESEL_STOP_PERCENT : percent < RESERVE_PERCENT;
  const flows = dispatch(offer, moment.storedWh, dieselRuns);
  return {
    total: addFlows(moment.total, flows),
    storedWh: moment.storedWh + Math.floor((flows.charge * CHARGE_EFFICIENCY_PERCENT) / 100) - flows.discharge,
    dieselRuns,
    carry: { use: loads.map((load) => load.carry), solar: solar.carry, hydro: hydro.carry, loss: lossMilliWh % 1000 },
  };
}

export interface VillageModel {
  /** The village after this many whole steps from the start. */
  momentAt(step: number): VillageMoment;
}

/**
 * A village as a pure function of seed and time: the moment at a step is the same however one gets there. Moments are
 * computed forward on the grid; one a day is kept, so that a moment already passed costs at most a day.
 */
export function createVillageModel(seed: number, fromMs: number, zoneOffsetMin: number): VillageModel {
  const checkpoints: VillageMoment[] = [START];
  let last = { step: 0, moment: START };
  let before = last;
  return {
    momentAt(step) {
      if (step === last.step) return last.moment;
      if (step === before.step) return before.moment;
      const nearest = Math.min(Math.floor(step / STEPS_PER_CHECKPOINT), checkpoints.length - 1);
      const nearestStep = nearest * STEPS_PER_CHECKPOINT;
      if (step < last.step || nearestStep > last.step + 1) {
        last = { step: nearestStep, moment: checkpoints[nearest] ?? START };
      }
      while (last.step < step) {
        before = last;
        const moment = advance(last.moment, seed, fromMs + last.step * STEP_MS, zoneOffsetMin);
        last = { step: last.step + 1, moment };
        if (last.step % STEPS_PER_CHECKPOINT === 0) checkpoints[last.step / STEPS_PER_CHECKPOINT] = moment;
      }
      return last.moment;
    },
  };
}
