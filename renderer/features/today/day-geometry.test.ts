import { describe, expect, it } from 'vitest';
import { type DayHour, layDay, tickStep } from './day-geometry.ts';

const frame = { width: 240, height: 120, left: 0, bottom: 20, top: 20 };
const hour = (i: number, wh: bigint, used: bigint | null, basis: DayHour['basis']): DayHour => ({
  fromMs: i * 3_600_000,
  madeWh: [{ source: 'solar', wh }],
  usedWh: used,
  basis,
});

describe('today by the hour', () => {
  it('leaves a hole where nobody heard and breaks the line of use there', () => {
    const drawn = layDay(
      [hour(0, 10n, 5n, 'measured'), hour(1, 0n, null, 'gap'), hour(2, 10n, 5n, 'measured')],
      3 * 3_600_000,
      frame,
    );
    expect(drawn.holes).toHaveLength(1);
    expect(drawn.holes[0]?.x).toBe(80);
    expect(drawn.use).toHaveLength(2);
  });

  it('keeps what is expected apart from what was measured', () => {
    const drawn = layDay([hour(0, 10n, 5n, 'measured'), hour(1, 8n, 6n, 'expected')], 3_600_000, frame);
    expect(drawn.columns.map((c) => c.expected)).toEqual([false, true]);
    expect(drawn.use.map((u) => u.expected)).toEqual([false, true]);
    expect(drawn.nowX).toBe(120);
  });

  it('leaves an hour empty that is still to come and cannot be expected', () => {
    expect(layDay([hour(0, 10n, 5n, 'measured'), hour(1, 0n, null, 'gap')], 3_600_000, frame).holes).toEqual([]);
  });

  it('draws a column as high as its energy', () => {
    const drawn = layDay([hour(0, 100n, 100n, 'measured'), hour(1, 50n, 0n, 'measured')], 0, frame);
    expect((drawn.columns[0]?.height ?? 0) / (drawn.columns[1]?.height ?? 1)).toBeCloseTo(2, 6);
  });

  it('puts at most four round lines on the axis', () => {
    for (const most of [3, 47, 999, 15_300, 0]) expect(Math.floor(most / tickStep(most))).toBeLessThanOrEqual(4);
    expect(tickStep(15_300)).toBe(5000);
  });
});
