import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ageOf,
  decimalText,
  energyOf,
  formatMinor,
  parseBasisPoints,
  parseKwh,
  parseMinor,
  powerOf,
  villageDate,
  zoneText,
} from './figures.ts';

const kes = { code: 'KES', exponent: 2 };

describe('figures', () => {
  it('shows every digit of an amount that a float would lose', () => {
    expect(formatMinor(9_007_199_254_740_993n, kes, 'en-GB')).toBe('90,071,992,547,409.93');
    expect(formatMinor(-5n, kes, 'en-GB')).toBe('−0.05');
    expect(formatMinor(1_491_120n, { code: 'UGX', exponent: 0 }, 'en-GB', true)).toBe('+1,491,120');
  });

  it('reads back exactly what it writes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }), fc.integer({ min: 0, max: 4 }), (v, exponent) => {
        expect(parseMinor(decimalText(v, exponent), { code: 'XXX', exponent })).toBe(v);
      }),
    );
  });

  it('refuses more decimals than the currency has, and what is no number', () => {
    expect(parseMinor('1.5', { code: 'UGX', exponent: 0 })).toBeNull();
    expect(parseMinor('1.234', kes)).toBeNull();
    for (const text of ['', 'x', '1e3', '--1', '1.2.3', 'NaN']) expect(parseMinor(text, kes)).toBeNull();
  });

  it('chooses the unit of energy and of power', () => {
    expect(energyOf(999n, 'en-GB')).toEqual({ figure: '999', unit: 'Wh' });
    expect(energyOf(32_993n, 'en-GB', 3)).toEqual({ figure: '32.993', unit: 'kWh' });
    expect(energyOf(250_000_000n, 'en-GB')).toEqual({ figure: '250', unit: 'MWh' });
    expect(powerOf(9600, 'en-GB')).toEqual({ figure: '9.6', unit: 'kW' });
    expect(powerOf(-4.4, 'en-GB').unit).toBe('W');
  });

  it('reads typed kWh as whole Wh and percent as basis points', () => {
    expect(parseKwh('4,814.5')).toBe(4_814_500n);
    expect(parseKwh('0.0001')).toBeNull();
    expect(parseBasisPoints('12.5')).toBe(1250);
    expect(parseBasisPoints('100.01')).toBeNull();
    expect(parseBasisPoints('-1')).toBeNull();
  });

  it('tells age in the largest unit that is not zero', () => {
    expect(ageOf(59_000)).toEqual({ count: 59, unit: 'second' });
    expect(ageOf(11_000_000)).toEqual({ count: 3, unit: 'hour' });
    expect(ageOf(47 * 3_600_000)).toEqual({ count: 47, unit: 'hour' });
    expect(ageOf(50 * 3_600_000)).toEqual({ count: 2, unit: 'day' });
    expect(ageOf(-5)).toEqual({ count: 0, unit: 'second' });
  });

  it('shows the clock of the village, not of the laptop', () => {
    const at = Date.UTC(2025, 9, 16, 22, 30);
    expect(villageDate(at, { offsetMin: 180 }, 'en-GB', { day: 'numeric', hour: '2-digit', hourCycle: 'h23' })).toBe(
      '17, 01',
    );
    expect(zoneText(-210)).toBe('UTC−03:30');
  });
});
