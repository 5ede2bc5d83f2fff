import { expect, test } from 'vitest';
import { systemClock } from '#core/ports/clock.ts';
import { readClock } from './shifted-clock.ts';

const HOUR_MS = 3_600_000;

test('without an offset the clock is the machine’s own and nothing is said', () => {
  const said: string[] = [];
  expect(readClock((line) => said.push(line), {})).toBe(systemClock);
  expect(said).toEqual([]);
});

test('a shifted clock runs at the offset and says so when it starts', () => {
  const said: string[] = [];
  const clock = readClock((line) => said.push(line), { GRIDPACT_CLOCK_OFFSET_MS: String(-49.5 * HOUR_MS) });
  const [before, now, after] = [systemClock.now(), clock.now(), systemClock.now()];
  expect(now).toBeGreaterThanOrEqual(before - 49.5 * HOUR_MS);
  expect(now).toBeLessThanOrEqual(after - 49.5 * HOUR_MS);
  expect(said).toEqual([expect.stringContaining('The clock is shifted by minus 2 d 1 h 30 min for a test')]);
});

test.each(['soon', '1.5', '1e9', '999999999999999', '--1'])('an offset of %s is refused by name', (text) => {
  expect(() => readClock(() => undefined, { GRIDPACT_CLOCK_OFFSET_MS: text })).toThrow('GRIDPACT_CLOCK_OFFSET_MS');
});
