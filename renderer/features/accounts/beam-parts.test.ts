import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beamParts } from './beam-parts.ts';

describe('what comes in is what goes out', () => {
  it('keeps the sum whatever is put together', () => {
    const amounts = fc.array(fc.bigInt({ min: 0n, max: 10n ** 18n }), { maxLength: 60 });
    fc.assert(
      fc.property(amounts, fc.integer({ min: 2, max: 8 }), (values, most) => {
        const parts = beamParts(
          values.map((amountMinor, i) => ({ key: String(i), name: '', amountMinor })),
          most,
        );
        expect(parts.length).toBeLessThanOrEqual(most);
        expect(parts.reduce((a, p) => a + p.amountMinor, 0n)).toBe(values.reduce((a, v) => a + v, 0n));
      }),
    );
  });

  it('names the largest and counts the rest', () => {
    const parts = beamParts(
      [5n, 90n, 3n, 40n].map((amountMinor, i) => ({ key: String(i), name: `m${i}`, amountMinor })),
      3,
    );
    expect(parts.map((p) => [p.name, p.amountMinor, p.members])).toEqual([
      ['m1', 90n, 1],
      ['m3', 40n, 1],
      ['', 8n, 2],
    ]);
  });
});
