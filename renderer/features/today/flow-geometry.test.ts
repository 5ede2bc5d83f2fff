import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tallFrame, wideFrame } from './flow-frames.ts';
import { type FlowInput, layFlow, scaleOf, spread } from './flow-geometry.ts';

const day: FlowInput = {
  sources: [
    { source: 'solar', powerW: 9600 },
    { source: 'hydro', powerW: 3800 },
    { source: 'diesel', powerW: 0 },
  ],
  uses: [
    { powerW: 4900, needPx: 96 },
    { powerW: 4200, needPx: 58 },
    { powerW: 1100, needPx: 58 },
  ],
  battery: { chargeW: 2900, dischargeW: 0 },
  lossW: 300,
};

describe('flow picture', () => {
  it('draws both sides of the bus equally wide when what comes in goes out', () => {
    const flow = layFlow(day, wideFrame(false));
    expect(flow.inPx).toBeCloseTo(flow.outPx, 6);
    expect(flow.totalW).toBe(13_400);
  });

  it('stripes every outgoing ribbon with the village-wide mix', () => {
    const flow = layFlow(day, wideFrame(false));
    const homes = flow.bands.filter((b) => b.key.startsWith('out-0'));
    expect(homes.map((b) => b.source)).toEqual(['solar', 'hydro']);
    expect((homes[0]?.widthPx ?? 0) / (homes[1]?.widthPx ?? 1)).toBeCloseTo(9600 / 3800, 6);
  });

  it('shows a source that is off as a dashed hairline and never as a ribbon', () => {
    const flow = layFlow(day, wideFrame(false));
    expect(flow.idle.map((x) => x.key)).toEqual(['in-2']);
    expect(flow.bands.some((b) => b.source === 'diesel')).toBe(false);
  });

  it('lets a discharging battery enter on the side of the sources', () => {
    const night = { ...day, battery: { chargeW: 0, dischargeW: 3800 } };
    const flow = layFlow(night, wideFrame(false));
    expect(flow.bands.some((b) => b.key === 'discharge' && b.source === 'battery')).toBe(true);
    expect(flow.bands.some((b) => b.key.startsWith('charge'))).toBe(false);
  });

  it('mirrors for a language read from right to left and keeps every width', () => {
    const ltr = layFlow(day, wideFrame(false));
    const rtl = layFlow(day, wideFrame(true));
    expect(rtl.bands.map((b) => b.widthPx)).toEqual(ltr.bands.map((b) => b.widthPx));
    expect(rtl.bus.x).toBeCloseTo(600 - ltr.bus.x - ltr.bus.width, 6);
  });

  it('never makes the bus wider than the frame allows, however strong the village is', () => {
    expect(scaleOf(400_000, wideFrame(false)) * 400_000).toBe(150);
    expect(scaleOf(0, wideFrame(false))).toBe(0);
  });

  it('spreads slots without overlap', () => {
    expect(spread([40, 60], 0, 200)).toEqual([45, 145]);
  });

  it('computes finite paths for any powers, known or not', () => {
    const watts = fc.option(fc.double({ min: -10, max: 1e7, noNaN: true }), { nil: null });
    const input = fc.record({
      sources: fc.array(fc.record({ source: fc.constantFrom('solar', 'hydro', 'diesel'), powerW: watts }), {
        maxLength: 6,
      }),
      uses: fc.array(fc.record({ powerW: watts, needPx: fc.integer({ min: 40, max: 120 }) }), { maxLength: 6 }),
      battery: fc.option(fc.record({ chargeW: fc.nat({ max: 1e6 }), dischargeW: fc.nat({ max: 1e6 }) }), { nil: null }),
      lossW: watts,
    });
    fc.assert(
      fc.property(input, fc.boolean(), (x, tall) => {
        const flow = layFlow(x as FlowInput, tall ? tallFrame(false) : wideFrame(false));
        const text = [...flow.bands, ...flow.idle, ...flow.chevrons].map((b) => b.path).join('');
        expect(text).not.toMatch(/NaN|Infinity/);
        expect(flow.inPx).toBeLessThanOrEqual(151);
      }),
    );
  });
});
