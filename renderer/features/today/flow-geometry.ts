import type { Source } from '../../ui/words.ts';

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
  const dischargeW = positive(input.battery?.dischargeW ?? null);
  const chargeW = positive(input.battery?.chargeW ?? null);
  const madeW = input.sources.reduce((a, x) => a + positive(x.powerW), 0);
  const usedW = input.uses.reduce((a, x) => a + positive(x.powerW), 0);
  const lossW = positive(input.lossW);
  const totalW = madeW + dischargeW;
  const pxPerW = scaleOf(Math.max(totalW, usedW + chargeW + lossW), frame);
  const pen = createPen(frame);
  const width = (w: number | null) => positive(w) * pxPerW;

  const sideV = frame.shape === 'tall' ? frame.extentV - (input.battery ? 92 : 0) : frame.extentV;
  const sourceNeeds = input.sources.map((x) => Math.max(frame.slotV, width(x.powerW) + 14));
  const useNeeds = input.uses.map((x) => Math.max(x.needPx, width(x.powerW) + 14));
  const bodyV = Math.max(
    sideV,
    frame.shape === 'wide' ? sum(sourceNeeds) : 0,
    frame.shape === 'wide' ? sum(useNeeds) + LOSS_SLOT : 0,
  );
  const even = (n: number, extent: number) => Array.from({ length: n }, () => extent / n);
  const sourceV =
    frame.shape === 'wide'
      ? spread(sourceNeeds, frame.topV, bodyV)
      : spread(even(input.sources.length, frame.extentV), 0, frame.extentV);
  const useV =
    frame.shape === 'wide'
      ? spread(useNeeds, frame.topV + LOSS_SLOT, bodyV - LOSS_SLOT)
      : spread(even(input.uses.length, sideV), 0, sideV);
  const lossV = frame.shape === 'wide' ? frame.topV + 4 : 6;

  const bands: Band[] = [];
  const chevrons: Chevrons[] = [];
  const idle: { key: string; path: string }[] = [];
  const busFrom = frame.shape === 'wide' ? frame.topV + 6 : Math.max(12, (sideV - (totalW * pxPerW || 40)) / 2);

  let v = busFrom;
  for (const [i, x] of input.sources.entries()) {
    const w = width(x.powerW);
    const at = sourceV[i] ?? 0;
    if (w <= 0) continue;
    const ribbon = { fromU: frame.startU, fromV: at - w / 2, toU: frame.busU, toV: v, width: w };
    bands.push({ key: `in-${i}`, path: pen.band(ribbon), source: x.source, widthPx: w });
    addChevrons(chevrons, `in-${i}`, pen.middle(ribbon), x.source, positive(x.powerW), w, frame.busU - frame.startU);
    v += w;
  }
  for (const [i, x] of input.sources.entries())
    if (width(x.powerW) <= 0)
      idle.push({
        key: `in-${i}`,
        path: pen.line(frame.startU, sourceV[i] ?? 0, frame.busU, Math.max(busFrom + 4, v - 3)),
      });

  const mix = mixOf(input, totalW, dischargeW);
  const inTurnV = v + (dischargeW > 0 ? BATTERY_GAP : 0);
  const inPx = totalW * pxPerW;
  if (dischargeW > 0) v = inTurnV + dischargeW * pxPerW;
  const inEnd = v;

  v = busFrom;
  const outU = frame.busU + frame.busSize;
  if (lossW > 0) {
    const w = lossW * pxPerW;
    const ribbon = { fromU: outU, fromV: v, toU: frame.endU, toV: lossV - w / 2, width: w };
    bands.push({ key: 'lost', path: pen.band(ribbon), source: 'lost', widthPx: w });
    v += w;
  }
  for (const [i, x] of input.uses.entries()) {
    const w = width(x.powerW);
    const at = useV[i] ?? 0;
    if (w <= 0) {
      idle.push({ key: `out-${i}`, path: pen.line(outU, v + 1, frame.endU, at) });
      continue;
    }
    let part = 0;
    for (const m of mix) {
      const d = w * m.share;
      const ribbon = { fromU: outU, fromV: v + part, toU: frame.endU, toV: at - w / 2 + part, width: d };
      const key = `out-${i}-${m.key}`;
      bands.push({ key, path: pen.band(ribbon), source: m.source, widthPx: d });
      addChevrons(chevrons, key, pen.middle(ribbon), m.source, positive(x.powerW) * m.share, d, frame.endU - outU);
      part += d;
    }
    v += w;
  }
  const outTurnV = v + (chargeW > 0 ? BATTERY_GAP : 0);
  if (chargeW > 0) v = outTurnV + chargeW * pxPerW;
  const busTo = Math.max(v, inEnd, busFrom + 24);

  const turnPx = Math.max(chargeW, dischargeW) * pxPerW;
  const batteryEdgeV =
    frame.shape === 'wide' ? Math.max(busTo + turnPx * 0.25 + 46, frame.topV + bodyV * 0.62) : frame.extentV - 62;
  if (input.battery && chargeW > 0) {
    let part = 0;
    for (const m of mix) {
      const d = chargeW * pxPerW * m.share;
      const turn = {
        busU: outU,
        fromV: outTurnV + part,
        width: d,
        bendV: outTurnV + chargeW * pxPerW + BEND,
        bendU: outU + 12,
        edgeV: batteryEdgeV,
        back: false,
      };
      const key = `charge-${m.key}`;
      bands.push({ key, path: pen.turn(turn), source: m.source, widthPx: d });
      addChevrons(chevrons, key, pen.turnMiddle(turn), m.source, chargeW * m.share, d, batteryEdgeV - outTurnV + 40);
      part += d;
    }
  }
  if (input.battery && dischargeW > 0) {
    const turn = {
      busU: frame.busU,
      fromV: inTurnV,
      width: dischargeW * pxPerW,
      bendV: inEnd + BEND,
      bendU: frame.busU - 12,
      edgeV: batteryEdgeV,
      back: true,
    };
    bands.push({ key: 'discharge', path: pen.turn(turn), source: 'battery', widthPx: turn.width });
    const along = batteryEdgeV - inTurnV + 40;
    addChevrons(chevrons, 'discharge', pen.turnMiddle(turn), 'battery', dischargeW, turn.width, along);
  }

  const half = Math.max(113, turnPx + 30);
  const batteryU = frame.busU + frame.busSize / 2;
  const battery = input.battery
    ? frame.shape === 'wide'
      ? pen.box(batteryU - half, batteryEdgeV, half * 2, BATTERY_DEPTH)
      : pen.box(frame.busU + 34, batteryEdgeV, 92, 46)
    : null;
  const wideEnd = input.battery ? batteryEdgeV + BATTERY_DEPTH + 46 : 0;
  return {
    bands,
    chevrons,
    idle,
    bus: pen.box(frame.busU, busFrom - 6, frame.busSize, busTo - busFrom + 12),
    sourceV,
    useV,
    lossV,
    battery,
    inPx,
    outPx: (usedW + chargeW + lossW) * pxPerW,
    totalW,
    extentU: frame.endU,
    extentV: frame.shape === 'wide' ? Math.max(frame.topV + bodyV, wideEnd) : frame.extentV,
  };
}

const sum = (parts: readonly number[]): number => parts.reduce((a, b) => a + b, 0);

/** The village-wide mix each outgoing ribbon carries as stripes. Not an allocation. */
function mixOf(input: FlowInput, totalW: number, dischargeW: number) {
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

interface Ribbon {
  readonly fromU: number;
  readonly fromV: number;
  readonly toU: number;
  readonly toV: number;
  readonly width: number;
}
interface Turn {
  readonly busU: number;
  readonly fromV: number;
  readonly width: number;
  readonly bendU: number;
  readonly bendV: number;
  readonly edgeV: number;
  /** From the battery into the bus, on its other side. */
  readonly back: boolean;
}

/** Writes paths in the axes of the frame: swapped when tall, mirrored when read from right to left. */
function createPen(frame: FlowFrame) {
  const mirrorAt = frame.shape === 'wide' ? frame.endU : frame.extentV;
  const flipped = (frame.shape === 'tall') !== frame.rightToLeft;
  const point = (u: number, v: number): [number, number] => {
    const [x, y] = frame.shape === 'tall' ? [v, u] : [u, v];
    return [frame.rightToLeft ? mirrorAt - x : x, y];
  };
  const at = (u: number, v: number): string => {
    const [x, y] = point(u, v);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  };
  const line = (u0: number, v0: number, u1: number, v1: number): string => {
    const m = (u0 + u1) / 2;
    return `M${at(u0, v0)}C${at(m, v0)} ${at(m, v1)} ${at(u1, v1)}`;
  };
  return {
    line,
    band({ fromU, fromV, toU, toV, width }: Ribbon): string {
      const m = (fromU + toU) / 2;
      const back = `L${at(toU, toV + width)}C${at(m, toV + width)} ${at(m, fromV + width)} ${at(fromU, fromV + width)}Z`;
      return `${line(fromU, fromV, toU, toV)}${back}`;
    },
    middle: ({ fromU, fromV, toU, toV, width }: Ribbon): string => line(fromU, fromV + width / 2, toU, toV + width / 2),
    turn({ busU, fromV, width, bendU, bendV, edgeV, back }: Turn): string {
      const outer = bendV - fromV;
      const inner = outer - width;
      const way = back ? -1 : 1;
      const sweep = (back ? 0 : 1) ^ (flipped ? 1 : 0);
      return (
        `M${at(busU, fromV)}L${at(bendU, fromV)}A${outer} ${outer} 0 0 ${sweep} ${at(bendU + way * outer, bendV)}` +
        `L${at(bendU + way * outer, edgeV)}L${at(bendU + way * inner, edgeV)}L${at(bendU + way * inner, bendV)}` +
        `A${inner} ${inner} 0 0 ${1 - sweep} ${at(bendU, fromV + width)}L${at(busU, fromV + width)}Z`
      );
    },
    turnMiddle({ busU, fromV, width, bendU, bendV, edgeV, back }: Turn): string {
      const r = bendV - fromV - width / 2;
      const c = fromV + width / 2;
      const sweep = (back ? 0 : 1) ^ (flipped ? 1 : 0);
      if (back)
        return `M${at(bendU - r, edgeV)}L${at(bendU - r, bendV)}A${r} ${r} 0 0 ${1 - sweep} ${at(bendU, c)}L${at(busU, c)}`;
      return `M${at(busU, c)}L${at(bendU, c)}A${r} ${r} 0 0 ${sweep} ${at(bendU + r, bendV)}L${at(bendU + r, edgeV)}`;
    },
    box(u: number, v: number, sizeU: number, sizeV: number): Box {
      const [x0, y0] = point(u, v);
      const [x1, y1] = point(u + sizeU, v + sizeV);
      return { x: Math.min(x0, x1), y: Math.min(y0, y1), width: Math.abs(x1 - x0), height: Math.abs(y1 - y0) };
    },
  };
}
