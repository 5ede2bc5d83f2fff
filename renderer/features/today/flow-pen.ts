import type { Box, FlowFrame } from './flow-geometry.ts';

export interface Ribbon {
  readonly fromU: number;
  readonly fromV: number;
  readonly toU: number;
  readonly toV: number;
  readonly width: number;
}
export interface Turn {
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
export function createPen(frame: FlowFrame) {
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
