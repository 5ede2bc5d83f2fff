import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '#domain/time.ts';
import { VILLAGE_METERS } from './village-plan.ts';
import { createVillageSource } from './village-source.ts';

const open = (seed: number, fromDay = '2026-03-01') =>
  createVillageSource({ seed, fromDay, days: 31, zoneOffsetMin: 180 });
const homes = VILLAGE_METERS.filter(({ meter }) => meter.key.startsWith('home-')).map(({ meter }) => meter.unit);

/** Each home's register at every hour of the month, whether it answers or not. */
function hourlyRegisters(seed: number): bigint[][] {
  const source = open(seed);
  const registers = homes.map((): bigint[] => []);
  for (let hour = 0; hour <= 31 * 24; hour += 1) {
    for (const [i, unit] of homes.entries()) {
      registers[i]?.push(source.stateAt(unit, source.fromMs + hour * HOUR_MS).importWh);
    }
  }
  return registers;
}

test('the village has 34 homes, a mill, a clinic, three generators, a battery and a meter for all lines', () => {
  const roles = VILLAGE_METERS.map(({ meter }) => meter.role);
  expect(homes).toHaveLength(34);
  expect(roles.filter((role) => role === 'use')).toHaveLength(36);
  expect(roles.filter((role) => role === 'generation')).toHaveLength(3);
  expect(roles.filter((role) => role === 'storage')).toHaveLength(1);
  expect(new Set(VILLAGE_METERS.map(({ meter }) => meter.unit)).size).toBe(VILLAGE_METERS.length);
  expect(new Set(VILLAGE_METERS.map(({ meter }) => meter.key)).size).toBe(VILLAGE_METERS.length);
});

test('generators count export, loads import, the battery both and its charge', () => {
  const source = open(3);
  const at = source.fromMs + 2 * DAY_MS + 10 * HOUR_MS;
  for (const { meter } of VILLAGE_METERS) {
    const state = source.stateAt(meter.unit, at);
    expect(state.importWh > 0n).toBe(meter.role !== 'generation');
    if (meter.role === 'use' || meter.role === 'site') expect(state.exportWh).toBe(0n);
    expect(state.socPercent !== null).toBe(meter.source === 'battery');
  }
});

test('in one month one line jumps absurdly and one other meter starts again from zero', () => {
  for (const seed of [1, 2, 77]) {
    const months = hourlyRegisters(seed).map((wh) => wh.slice(1).map((each, i) => each - (wh[i] ?? 0n)));
    const spikes = months.map((hours) => hours.filter((wh) => wh > 10_000n).length);
    const resets = months.map((hours) => hours.filter((wh) => wh < 0n).length);
    expect(spikes.filter((count) => count > 0)).toEqual([1]);
    expect(resets.filter((count) => count > 0)).toEqual([1]);
    expect(spikes.indexOf(1)).not.toBe(resets.indexOf(1));
  }
});

test('some homes are silent for hours on some days, most are heard', () => {
  const source = open(1);
  let silentHours = 0;
  for (let hour = 0; hour < 31 * 24; hour += 1) {
    for (const unit of homes) {
      if (!source.stateAt(unit, source.fromMs + hour * HOUR_MS + HOUR_MS / 2).answers) silentHours += 1;
    }
  }
  expect(silentHours).toBeGreaterThan(50);
  expect(silentHours).toBeLessThan(homes.length * 31);
});

test('registers at an instant do not depend on what was asked before', () => {
  const later = fc.integer({ min: 0, max: 31 * DAY_MS });
  fc.assert(
    fc.property(
      fc.nat({ max: 1000 }),
      fc.constantFrom(...homes, 1, 2, 5),
      later,
      later,
      (seed, unit, firstMs, secondMs) => {
        const asked = open(seed);
        asked.stateAt(unit, asked.fromMs + firstMs);
        expect(asked.stateAt(unit, asked.fromMs + secondMs)).toEqual(open(seed).stateAt(unit, asked.fromMs + secondMs));
      },
    ),
    { numRuns: 20 },
  );
});

test("true registers never run backward between the grid's points", () => {
  const source = open(5);
  for (const unit of [1, 2, 3, 5, 6]) {
    let last = 0n;
    for (let ms = 0; ms <= DAY_MS; ms += 77_000) {
      const { importWh, exportWh } = source.stateAt(unit, source.fromMs + ms);
      expect(importWh + exportWh >= last).toBe(true);
      last = importWh + exportWh;
    }
  }
});
