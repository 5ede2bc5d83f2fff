import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '#domain/time.ts';
import { moveRange, rangeOf } from './range.ts';

const zone = { offsetMin: 180 };
const thursday = Date.UTC(2025, 9, 16, 22, 30);

describe('ranges of a chart', () => {
  it('takes the day of the village, not of the laptop', () => {
    const day = rangeOf('day', thursday, zone);
    expect(new Date(day.fromMs).toISOString()).toBe('2025-10-16T21:00:00.000Z');
    expect(day.toMs - day.fromMs).toBe(DAY_MS);
    expect(day.stepMs).toBe(HOUR_MS);
  });

  it('begins a week on Monday', () => {
    const week = rangeOf('week', thursday, zone);
    expect(new Date(week.fromMs).toISOString()).toBe('2025-10-12T21:00:00.000Z');
    expect(week.toMs - week.fromMs).toBe(7 * DAY_MS);
  });

  it('takes the year of the village by the day', () => {
    const year = rangeOf('year', Date.UTC(2024, 11, 31, 22), zone);
    expect(new Date(year.fromMs).toISOString()).toBe('2024-12-31T21:00:00.000Z');
    expect((moveRange(year, -1, zone).toMs - moveRange(year, -1, zone).fromMs) / DAY_MS).toBe(366);
    expect(year.stepMs).toBe(DAY_MS);
  });

  it('goes to the month before and back again', () => {
    const october = rangeOf('month', thursday, zone);
    const september = moveRange(october, -1, zone);
    expect((september.toMs - september.fromMs) / DAY_MS).toBe(30);
    expect(moveRange(september, 1, zone)).toEqual(october);
  });
});
