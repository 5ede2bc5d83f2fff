import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dayStart } from '#domain/time.ts';
import { createVillageModel, dispatch, type VillageFlows } from './village-model.ts';
import { BATTERY_WH, CLINIC_LOAD, DIESEL_W, HYDRO_W, MILL_LOAD, SOLAR_W } from './village-plan.ts';

const FROM_MS = dayStart('2026-03-01', { offsetMin: 180 });
const STEPS_PER_DAY = 288;
const seeds = fc.nat({ max: 0xffff_ffff });
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const difference = (flows: VillageFlows): number =>
  flows.solar + flows.hydro + flows.diesel + flows.discharge - sum(flows.use) - flows.charge - flows.lineLoss;

const minus = (b: VillageFlows, a: VillageFlows): VillageFlows => ({
  use: b.use.map((wh, i) => wh - (a.use[i] ?? 0)),
  lineLoss: b.lineLoss - a.lineLoss,
  solar: b.solar - a.solar,
  hydro: b.hydro - a.hydro,
  diesel: b.diesel - a.diesel,
  charge: b.charge - a.charge,
  discharge: b.discharge - a.discharge,
});

const everyFlow = (flows: VillageFlows): number[] => {
  const { use, ...others } = flows;
  return [...use, ...Object.values(others)];
};

test('in every five minutes generation + discharge = use + charge + losses, to the Wh', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const model = createVillageModel(seed, FROM_MS, 180);
      for (let step = 0; step < 3 * STEPS_PER_DAY; step += 1) {
        const flows = minus(model.momentAt(step + 1).total, model.momentAt(step).total);
        expect(difference(flows)).toBe(0);
        for (const wh of everyFlow(flows)) expect(Number.isInteger(wh) && wh >= 0).toBe(true);
        expect(flows.charge === 0 || flows.discharge === 0).toBe(true);
      }
    }),
    { numRuns: 8 },
  );
});

test('no machine gives more than its size and the battery stays between empty and full', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const model = createVillageModel(seed, FROM_MS, 180);
      for (let step = 0; step < 5 * STEPS_PER_DAY; step += 1) {
        const { storedWh, total } = model.momentAt(step);
        const flows = minus(model.momentAt(step + 1).total, total);
        expect(storedWh).toBeGreaterThanOrEqual(0);
        expect(storedWh).toBeLessThanOrEqual(BATTERY_WH);
        expect(flows.solar).toBeLessThanOrEqual(SOLAR_W / 12);
        expect(flows.hydro).toBeLessThanOrEqual(HYDRO_W / 12);
        expect(flows.diesel).toBeLessThanOrEqual(DIESEL_W / 12);
      }
    }),
    { numRuns: 5 },
  );
});

test('the village at an instant is the same whatever way the clock took to it', () => {
  fc.assert(
    fc.property(seeds, fc.array(fc.nat({ max: 4 * STEPS_PER_DAY }), { minLength: 1, maxLength: 12 }), (seed, steps) => {
      const wandering = createVillageModel(seed, FROM_MS, 180);
      for (const step of steps) wandering.momentAt(step);
      const last = steps.at(-1) ?? 0;
      expect(wandering.momentAt(last)).toEqual(createVillageModel(seed, FROM_MS, 180).momentAt(last));
    }),
    { numRuns: 15 },
  );
});

test('two seeds make two villages', () => {
  const at = (seed: number) => createVillageModel(seed, FROM_MS, 180).momentAt(STEPS_PER_DAY);
  expect(at(1)).toEqual(at(1));
  expect(at(1)).not.toEqual(at(2));
});

test('over a month all kinds of generation are seen, homes use most, mill and clinic a credible part', () => {
  const { total } = createVillageModel(1, FROM_MS, 180).momentAt(31 * STEPS_PER_DAY);
  const use = sum(total.use);
  for (const wh of [total.solar, total.hydro, total.diesel, total.charge, total.discharge])
    expect(wh).toBeGreaterThan(50_000);
  expect(sum(total.use.slice(0, MILL_LOAD)) / use).toBeGreaterThan(0.5);
  expect((total.use[MILL_LOAD] ?? 0) / use).toBeGreaterThan(0.1);
  expect((total.use[CLINIC_LOAD] ?? 0) / use).toBeGreaterThan(0.05);
});

test('the diesel set starts below a fifth of the battery and runs until two fifths', () => {
  const model = createVillageModel(1, FROM_MS, 180);
  const starts: number[] = [];
  const stops: number[] = [];
  for (let step = 1; step <= 31 * STEPS_PER_DAY; step += 1) {
    const [before, now] = [model.momentAt(step - 1), model.momentAt(step)];
    if (now.dieselRuns && !before.dieselRuns) starts.push((before.storedWh * 100) / BATTERY_WH);
    if (!now.dieselRuns && before.dieselRuns) stops.push((before.storedWh * 100) / BATTERY_WH);
  }
  expect(starts.length).toBeGreaterThan(0);
  for (const percent of starts) expect(percent).toBeLessThan(20);
  for (const percent of stops) expect(percent).toBeGreaterThanOrEqual(40);
});

test('energy is conserved for any offer and battery, also when loads must be shed', () => {
  const wh = fc.nat({ max: 3000 });
  const offer = fc.record({
    use: fc.array(wh, { minLength: 1, maxLength: 10 }),
    lineLoss: fc.nat({ max: 100 }),
    solar: wh,
    hydro: wh,
  });
  fc.assert(
    fc.property(offer, fc.nat({ max: BATTERY_WH }), fc.boolean(), (offered, storedWh, dieselRuns) => {
      const flows = dispatch(offered, storedWh, dieselRuns);
      expect(difference(flows)).toBe(0);
      for (const each of everyFlow(flows)) expect(each).toBeGreaterThanOrEqual(0);
      expect(flows.discharge).toBeLessThanOrEqual(storedWh);
      flows.use.forEach((served, i) => {
        expect(served).toBeLessThanOrEqual(offered.use[i] ?? 0);
      });
    }),
  );
});
