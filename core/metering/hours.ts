import type { Interval, MeterHistory } from '#domain/metering/vee.ts';
import { HOUR_MS } from '#domain/time.ts';

export interface HourPoint {
  readonly fromMs: number;
  readonly wh: bigint | null;
  readonly heldWh: bigint | null;
  readonly status: Interval['status'];
}

const WORST: readonly Interval['status'][] = ['none', 'measured', 'accepted', 'rejected', 'gap', 'reset', 'spike'];

/** Intervals gathered into steps of an hour or a day. A step with any unknown part is unknown: never a sum of the rest. */
export function gather(history: MeterHistory | undefined, fromMs: number, toMs: number, stepMs: number): HourPoint[] {
  const points: {
    fromMs: number;
    wh: bigint | null;
    heldWh: bigint | null;
    status: Interval['status'];
    coveredMs: number;
  }[] = [];
  for (let at = fromMs; at < toMs; at += stepMs)
    points.push({ fromMs: at, wh: 0n, heldWh: null, status: 'none', coveredMs: 0 });
  for (const i of history?.intervals ?? []) {
    if (i.fromMs < fromMs || i.fromMs >= toMs) continue;
    const p = points[Math.floor((i.fromMs - fromMs) / stepMs)];
    if (!p) continue;
    p.coveredMs += i.toMs - i.fromMs;
    if (i.heldWh !== null) p.heldWh = (p.heldWh ?? 0n) + i.heldWh;
    if (WORST.indexOf(i.status) > WORST.indexOf(p.status)) p.status = i.status;
    const known = i.wh !== null || i.status === 'rejected';
    p.wh = known && p.wh !== null ? p.wh + (i.wh ?? 0n) : stepMs > HOUR_MS && p.wh !== null ? p.wh : null;
  }
  return points.map(({ coveredMs, ...p }) => ({ ...p, wh: coveredMs === 0 ? null : p.wh }));
}
