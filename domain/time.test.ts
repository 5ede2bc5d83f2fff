import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  civil,
  DAY_MS,
  dayOf,
  dayStart,
  daysFromCivil,
  monthIndex,
  monthOf,
  monthSpan,
  nextMonth,
  UTC,
} from './time.ts';

const instant = fc.integer({ min: Date.UTC(1600, 0, 1), max: Date.UTC(9999, 11, 31) });
const offsetMin = fc.integer({ min: -720, max: 840 });
const month = fc
  .tuple(fc.integer({ min: 1970, max: 2999 }), fc.integer({ min: 1, max: 12 }))
  .map(([y, m]) => `${y}-${String(m).padStart(2, '0')}`);

describe('the civil calendar', () => {
  test('agrees with the host for any instant in UTC', () => {
    fc.assert(
      fc.property(instant, (ms) => {
        const d = new Date(ms);
        expect(civil(ms, UTC)).toEqual({
          year: d.getUTCFullYear(),
          month: d.getUTCMonth() + 1,
          day: d.getUTCDate(),
          hour: d.getUTCHours(),
          minute: d.getUTCMinutes(),
          weekday: d.getUTCDay(),
        });
      }),
    );
  });

  test('counts the days of any date as the host does', () => {
    fc.assert(
      fc.property(instant, (ms) => {
        const d = new Date(ms);
        const days = daysFromCivil(d.getUTCFullYear(), d.getUTCMonth() + 1, d.getUTCDate());
        expect(days).toBe(Math.floor(ms / DAY_MS));
      }),
    );
  });

  test('reads village time as UTC moved by the offset', () => {
    fc.assert(
      fc.property(instant, offsetMin, (ms, min) => {
        expect(civil(ms, { offsetMin: min })).toEqual(civil(ms + min * 60_000, UTC));
      }),
    );
  });

  test('finds the day an instant lies in', () => {
    fc.assert(
      fc.property(instant, offsetMin, (ms, min) => {
        const start = dayStart(dayOf(ms, { offsetMin: min }), { offsetMin: min });
        expect(ms - start).toBeGreaterThanOrEqual(0);
        expect(ms - start).toBeLessThan(DAY_MS);
      }),
    );
  });

  test.each(['2012-02-30', '2011-02-29', '1900-02-29', '2012-13-01', '2012-00-10', '2012-01-00', '2012-1-1', '', 'x'])(
    'knows that %j is no date',
    (day) => {
      expect(() => dayStart(day, UTC)).toThrow(RangeError);
    },
  );

  test('knows the leap days', () => {
    expect(dayStart('2000-02-29', UTC)).toBe(Date.UTC(2000, 1, 29));
    expect(dayStart('2012-02-29', { offsetMin: 180 })).toBe(Date.UTC(2012, 1, 28, 21));
  });
});

describe('a month of village time', () => {
  test('in Uganda starts three hours before the month in UTC', () => {
    expect(monthSpan('2012-01', { offsetMin: 180 })).toEqual({
      from: Date.UTC(2011, 11, 31, 21),
      to: Date.UTC(2012, 0, 31, 21),
    });
  });

  test('meets the next one without a gap, and holds its own first and last moment', () => {
    fc.assert(
      fc.property(month, offsetMin, (m, min) => {
        const zone = { offsetMin: min };
        const { from, to } = monthSpan(m, zone);
        expect(monthSpan(nextMonth(m), zone).from).toBe(to);
        expect([monthOf(from - 1, zone) === m, monthOf(from, zone), monthOf(to - 1, zone)]).toEqual([false, m, m]);
      }),
    );
  });

  test('has an index that counts months', () => {
    expect(monthIndex('2012-01')).toBe(2012 * 12);
    fc.assert(
      fc.property(month, (m) => {
        expect(monthIndex(nextMonth(m))).toBe(monthIndex(m) + 1);
      }),
    );
  });

  test.each(['2012-00', '2012-13', '2012', '2012-1', '12-01', ''])('is not %j', (m) => {
    expect(() => nextMonth(m)).toThrow(RangeError);
    expect(() => monthIndex(m)).toThrow(RangeError);
    expect(() => monthSpan(m, UTC)).toThrow(RangeError);
  });
});
