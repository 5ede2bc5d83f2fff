import type { Source } from '../../ui/words.ts';
import { createPen, type Ribbon, type Turn } from './flow-pen.ts';

/** What flows now, in watts. Null is not known; sources and uses keep their order whatever they do. */
export interface FlowInput {
  readonly sources: readonly { readonly source: Source; readonly powerW: number | null }[];
  /** needPx: room the label of this use takes across the flow. */
  readonly uses: readonly { readonly powerW: number | null; readonly needPx: number }[];
  readonly battery: { readonly chargeW: number; readonly dischargeW: number } | null;
  readonly lossW: number | null;
}

/** `u` runs along the flow, `v` across it. Wide: x = u, y = v. Tall: axes swapped. */
export interface FlowFrame {
  readonly shape: 'wide' | 'tall';
  readonly rightToLeft: boolean;
  /** Along the flow: where ribbons start, the bus, where they end. */
  readonly startU: number;
  readonly busU: number;
  readonly busSize: number;
  readonly endU: number;
  /** Across the flow. */
  readonly topV: number;
  readonly extentV: number;
  /** Least room for a source, across the flow. */
  readonly slotV: number;
  /** Ribbon widths: from the least sum that is drawn wide to the most a bus may be. */
  readonly leastBus: number;
  readonly mostBus: number;
  readonly pxPerKw: number;
}

export interface Band {
  readonly key: string;
  readonly path: string;
  readonly source: Source | 'lost';
  readonly widthPx: number;
}
export interface Chevrons {
  readonly key: string;
  readonly path: string;
  readonly source: Source;
  readonly sizePx: number;
  readonly count: number;
  /** One pass along the ribbon: faster with power. */
  readonly seconds: number;
}
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
export interface Flow {
  readonly bands: readonly Band[];
  readonly chevrons: readonly Chevrons[];
  /** Dashed hairlines: off, idle or not heard. */
  readonly idle: readonly { readonly key: string; readonly path: string }[];
  readonly bus: Box;
  readonly sourceV: readonly number[];
  readonly useV: readonly number[];
  readonly lossV: number;
  readonly battery: Box | null;
  readonly inPx: number;
  readonly outPx: number;
  readonly totalW: number;
  readonly extentU: number;
  readonly extentV: number;
}

const LOSS_SLOT = 26;
const BATTERY_GAP = 8;
const BEND = 9;
const BATTERY_DEPTH = 34;
const LEAST_CHEVRON_PX = 6;

/** Under one watt nothing is drawn. */
const positive = (w: number | null): number => (w !== null && w >= 1 ? w : 0);

/** One scale for the whole picture, so that what comes in is as wide as what goes out. */
export function scaleOf(totalW: number, frame: Pick<FlowFrame, 'leastBus' | 'mostBus' | 'pxPerKw'>): number {
  if (totalW <= 0) return 0;
  const wished = (totalW / 1000) * frame.pxPerKw;
  return Math.min(frame.mostBus, Math.max(frame.leastBus, wished)) / totalW;
}

/** Centres of slots laid one after the other, spread to fill the extent. */
export function spread(needs: readonly number[], from: number, extent: number): number[] {
  const used = needs.reduce((a, b) => a + b, 0);
  const gap = needs.length > 0 ? Math.max(0, extent - used) / needs.length : 0;
  let at = from;
  return needs.map((need) => {
    const centre = at + (need + gap) / 2;
    at += need + gap;
    return centre;
  });
}

/** The village as one picture: every path, computed and nothing drawn. */
export function layFlow(input: FlowInput, frame: FlowFrame): Flow {
  const sizes = measure(input, frame);
  const sides = placeSides(input, frame, sizes);
  const drawing: Drawing = { pen: createPen(frame), frame, sizes, bands: [], chevrons: [], idle: [] };
  const incoming = drawSources(drawing, input, sides);
  const outgoing = drawUses(drawing, input, sides);
  const busTo = Math.max(outgoing.endV, incoming.endV, sides.busFromV + 24);
  const batteryV = batteryEdge(drawing, sides, busTo);
  if (input.battery) drawBattery(drawing, mixOf(input, sizes), { incoming, outgoing, batteryV });
  const { pen, bands, chevrons, idle } = drawing;
  const wideEndV = input.battery ? batteryV + BATTERY_DEPTH + 46 : 0;
  return {
    bands,
    chevrons,
    idle,
    bus: pen.box(frame.busU, sides.busFromV - 6, frame.busSize, busTo - sides.busFromV + 12),
    sourceV: sides.sourceV,
    useV: sides.useV,
    lossV: sides.lossV,
    battery: input.battery ? batteryBox(drawing, batteryV) : null,
    inPx: sizes.totalW * sizes.pxPerW,
    outPx: sizes.outW * sizes.pxPerW,
    totalW: sizes.totalW,
    extentU: frame.endU,
    extentV: frame.shape === 'wide' ? Math.max(frame.topV + sides.bodyV, wideEndV) : frame.extentV,
  };
}

interface Sizes {
  readonly totalW: number;
  readonly outW: number;
  readonly lossW: number;
  readonly chargeW: number;
  readonly dischargeW: number;
  readonly pxPerW: number;
}
interface Sides {
  readonly sourceV: readonly number[];
  readonly useV: readonly number[];
  readonly lossV: number;
  readonly bodyV: number;
  readonly busFromV: number;
}
interface Drawing {
  readonly pen: ReturnType<typeof createPen>;
  readonly frame: FlowFrame;
  readonly sizes: Sizes;
  readonly bands: Band[];
  readonly chevrons: Chevrons[];
  readonly idle: { key: string; path: string }[];
}
/** Where a side of the bus ends, and where the battery's ribbon leaves or enters it. */
interface SideEnd {
  readonly turnV: number;
  readonly endV: number;
}

const sum = (parts: readonly number[]): number => parts.reduce((a, b) => a + b, 0);

function measure(input: FlowInput, frame: FlowFrame): Sizes {
  const dischargeW = positive(input.battery?.dischargeW ?? null);
  const chargeW = positive(input.battery?.chargeW ?? null);
  const lossW = positive(input.lossW);
  const totalW = sum(input.sources.map((x) => positive(x.powerW))) + dischargeW;
  const outW = sum(input.uses.map((x) => positive(x.powerW))) + chargeW + lossW;
  return { totalW, outW, lossW, chargeW, dischargeW, pxPerW: scaleOf(Math.max(totalW, outW), frame) };
}

const RIBBON_GAP = 14;
/** Across a phone's picture the battery stands beside the uses. */
const TALL_BATTERY = 92;

function placeSides(input: FlowInput, frame: FlowFrame, { pxPerW, totalW }: Sizes): Sides {
  const room = (powerW: number | null, least: number) => Math.max(least, positive(powerW) * pxPerW + RIBBON_GAP);
  const even = (n: number, extent: number) => Array.from({ length: n }, () => extent / n);
  if (frame.shape === 'tall') {
    const sideV = frame.extentV - (input.battery ? TALL_BATTERY : 0);
    return {
      sourceV: spread(even(input.sources.length, frame.extentV), 0, frame.extentV),
      useV: spread(even(input.uses.length, sideV), 0, sideV),
      lossV: 6,
      bodyV: sideV,
      busFromV: Math.max(12, (sideV - (totalW * pxPerW || 40)) / 2),
    };
  }
  const sourceNeeds = input.sources.map((x) => room(x.powerW, frame.slotV));
  const useNeeds = input.uses.map((x) => room(x.powerW, x.needPx));
  const bodyV = Math.max(frame.extentV, sum(sourceNeeds), sum(useNeeds) + LOSS_SLOT);
  return {
    sourceV: spread(sourceNeeds, frame.topV, bodyV),
    useV: spread(useNeeds, frame.topV + LOSS_SLOT, bodyV - LOSS_SLOT),
    lossV: frame.topV + 4,
    bodyV,
    busFromV: frame.topV + 6,
  };
}

function drawSources(d: Drawing, input: FlowInput, sides: Sides): SideEnd {
  const { frame, pen, sizes } = d;
  let v = sides.busFromV;
  for (const [i, x] of input.sources.entries()) {
    const width = positive(x.powerW) * sizes.pxPerW;
    if (width <= 0) continue;
    const at = sides.sourceV[i] ?? 0;
    addRibbon(d, `in-${i}`, x.source, positive(x.powerW), {
      fromU: frame.startU,
      fromV: at - width / 2,
      toU: frame.busU,
      toV: v,
      width,
    });
    v += width;
  }
  const idleV = Math.max(sides.busFromV + 4, v - 3);
  for (const [i, x] of input.sources.entries())
    if (positive(x.powerW) <= 0)
      d.idle.push({ key: `in-${i}`, path: pen.line(frame.startU, sides.sourceV[i] ?? 0, frame.busU, idleV) });
  return endOf(v, sizes.dischargeW * sizes.pxPerW);
}

function drawUses(d: Drawing, input: FlowInput, sides: Sides): SideEnd {
  const { frame, pen, sizes } = d;
  const fromU = frame.busU + frame.busSize;
  const mix = mixOf(input, sizes);
  let v = sides.busFromV;
  if (sizes.lossW > 0) {
    const width = sizes.lossW * sizes.pxPerW;
    const ribbon = { fromU, fromV: v, toU: frame.endU, toV: sides.lossV - width / 2, width };
    d.bands.push({ key: 'lost', path: pen.band(ribbon), source: 'lost', widthPx: width });
    v += width;
  }
  for (const [i, x] of input.uses.entries()) {
    const width = positive(x.powerW) * sizes.pxPerW;
    const at = sides.useV[i] ?? 0;
    if (width <= 0) {
      d.idle.push({ key: `out-${i}`, path: pen.line(fromU, v + 1, frame.endU, at) });
      continue;
    }
    let part = 0;
    for (const m of mix) {
      const stripe = width * m.share;
      const toV = at - width / 2 + part;
      const ribbon = { fromU, fromV: v + part, toU: frame.endU, toV, width: stripe };
      addRibbon(d, `out-${i}-${m.key}`, m.source, positive(x.powerW) * m.share, ribbon);
      part += stripe;
    }
    v += width;
  }
  return endOf(v, sizes.chargeW * sizes.pxPerW);
}

const endOf = (v: number, turnPx: number): SideEnd =>
  turnPx > 0 ? { turnV: v + BATTERY_GAP, endV: v + BATTERY_GAP + turnPx } : { turnV: v, endV: v };

const turnPxOf = ({ chargeW, dischargeW, pxPerW }: Sizes): number => Math.max(chargeW, dischargeW) * pxPerW;

/** How far from the top the battery stands: under the bus, with room for the bend. */
function batteryEdge({ frame, sizes }: Drawing, sides: Sides, busTo: number): number {
  if (frame.shape === 'tall') return frame.extentV - 62;
  return Math.max(busTo + turnPxOf(sizes) * 0.25 + 46, frame.topV + sides.bodyV * 0.62);
}

function batteryBox({ frame, pen, sizes }: Drawing, batteryV: number): Box {
  if (frame.shape === 'tall') return pen.box(frame.busU + 34, batteryV, TALL_BATTERY, 46);
  const half = Math.max(113, turnPxOf(sizes) + 30);
  return pen.box(frame.busU + frame.busSize / 2 - half, batteryV, half * 2, BATTERY_DEPTH);
}

function drawBattery(
  d: Drawing,
  mix: ReturnType<typeof mixOf>,
  at: { readonly incoming: SideEnd; readonly outgoing: SideEnd; readonly batteryV: number },
): void {
  const { frame, sizes } = d;
  const { incoming, outgoing, batteryV } = at;
  if (sizes.chargeW > 0) {
    const busU = frame.busU + frame.busSize;
    let part = 0;
    for (const m of mix) {
      const width = sizes.chargeW * sizes.pxPerW * m.share;
      const fromV = outgoing.turnV + part;
      const turn = { busU, fromV, width, bendV: outgoing.endV + BEND, bendU: busU + 12, edgeV: batteryV, back: false };
      addTurn(d, `charge-${m.key}`, m.source, sizes.chargeW * m.share, turn);
      part += width;
    }
  }
  if (sizes.dischargeW > 0)
    addTurn(d, 'discharge', 'battery', sizes.dischargeW, {
      busU: frame.busU,
      fromV: incoming.turnV,
      width: sizes.dischargeW * sizes.pxPerW,
      bendV: incoming.endV + BEND,
      bendU: frame.busU - 12,
      edgeV: batteryV,
      back: true,
    });
}

function addRibbon(d: Drawing, key: string, source: Source, powerW: number, ribbon: Ribbon): void {
  d.bands.push({ key, path: d.pen.band(ribbon), source, widthPx: ribbon.width });
  addChevrons(d.chevrons, key, d.pen.middle(ribbon), source, powerW, ribbon.width, ribbon.toU - ribbon.fromU);
}

function addTurn(d: Drawing, key: string, source: Source, powerW: number, turn: Turn): void {
  d.bands.push({ key, path: d.pen.turn(turn), source, widthPx: turn.width });
  const lengthPx = turn.edgeV - turn.fromV + 40;
  addChevrons(d.chevrons, key, d.pen.turnMiddle(turn), source, powerW, turn.width, lengthPx);
}

/** The village-wide mix each outgoing ribbon carries as stripes. Not an allocation. */
function mixOf(input: FlowInput, { totalW, dischargeW }: Sizes) {
  const mix = input.sources
    .map((x, i) => ({ key: String(i), source: x.source, share: totalW > 0 ? positive(x.powerW) / totalW : 0 }))
    .filter((x) => x.share > 0);
  if (dischargeW > 0) mix.push({ key: 'battery', source: 'battery', share: dischargeW / totalW });
  return mix.length > 0 ? mix : [{ key: 'none', source: 'grid' as const, share: 1 }];
}

function addChevrons(
  into: Chevrons[],
  key: string,
  path: string,
  source: Source,
  powerW: number,
  widthPx: number,
  lengthPx: number,
): void {
  if (widthPx <= LEAST_CHEVRON_PX) return;
  into.push({
    key,
    path,
    source,
    sizePx: Math.min(7, Math.max(2.6, widthPx / 6)),
    count: Math.max(2, Math.round(lengthPx / 92)),
    seconds: Math.max(2.5, Math.min(14, lengthPx / 26 / Math.sqrt(Math.max(0.2, powerW / 1000)))),
  });
}
