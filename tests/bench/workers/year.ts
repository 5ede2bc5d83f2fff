import type { OpenVillage } from '#core/console.ts';
import { type OpenFrame, publishFrames } from '#core/metering/sealing.ts';
import { DAY_MS, dayOf, UTC } from '#domain/time.ts';
import { type LedClock, meterAct } from './village-month.ts';

export const METERS = 200;
const STEP_MS = 15 * 60_000;
export const START_MS = Date.UTC(2025, 0, 1);
const STEPS = DAY_MS / STEP_MS;

export const framesIn = (days: number): number => METERS * days;
export const readingsIn = (days: number): number => framesIn(days) * STEPS;
export const endOf = (days: number): number => START_MS + days * DAY_MS;

export async function enterMeters(open: OpenVillage): Promise<void> {
  await open.village.act(Array.from({ length: METERS }, (_, i) => meterAct(open, `meter_${i + 1}`, null).act));
}

/** A day of a meter as polling every minute leaves it: a register that grows by some Wh each quarter of an hour. */
function dayOfMeter(meter: string, index: number, day: number): OpenFrame {
  const perStep = (step: number): bigint => BigInt(5 + ((index * 7 + day * 3 + step * 11) % 60));
  let wh = BigInt(index) * 1_000_000n + BigInt(day) * 4_000n;
  const importWh = [wh];
  for (let step = 0; step < STEPS; step++) {
    wh += perStep(step);
    importWh.push(wh);
  }
  return {
    meter,
    fromMs: START_MS + day * DAY_MS,
    stepMs: STEP_MS,
    importWh,
    exportWh: null,
    asked: Array.from({ length: STEPS }, () => 14),
    answered: Array.from({ length: STEPS }, () => 14),
    clock: 'synchronised',
    origin: 'gateway',
  };
}

/** Seals day after day, from one to before another, as a gateway does at the end of each. */
export async function sealDays({ village }: OpenVillage, clock: LedClock, days: number, from = 0): Promise<void> {
  const meters = [...village.state().meters.keys()];
  for (let day = from; day < days; day++) {
    clock.set(endOf(day + 1));
    const frames = meters.map((meter, i) => dayOfMeter(meter, i, day));
    await publishFrames(village, dayOf(START_MS + day * DAY_MS, UTC), frames);
  }
}
