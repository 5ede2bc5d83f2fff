import { NO_POINT, type Point, wholeWh } from '#core/village/day-sums.ts';
import type { Readings } from '#core/village/readings.ts';
import type { Interval } from '#domain/metering/vee.ts';
import { DAY_MS, HOUR_MS } from '#domain/time.ts';

export interface HourPoint {
  readonly fromMs: number;
  readonly wh: bigint | null;
  readonly heldWh: bigint | null;
  readonly status: Interval['status'];
}

/** An hour with any unknown part is unknown: never a sum of the rest. */
const hourPoint = (fromMs: number, p: Point | undefined): HourPoint => ({
  fromMs,
  wh: wholeWh(p),
  heldWh: p?.heldWh ?? null,
  status: p?.status ?? 'none',
});

/** A day shows what is known of it, with the worst that was in it. */
const dayPoint = (fromMs: number, p: Point): HourPoint => ({
  fromMs,
  wh: p.heardMs + p.gapMs === 0 ? null : p.knownWh,
  heldWh: p.heldWh,
  status: p.status,
});

/** Hours of village time that start in [fromMs, toMs), by meter. */
export async function hoursOf(readings: Readings, meters: readonly string[], fromMs: number, toMs: number) {
  const days = await readings.hours(fromMs, toMs);
  const points = new Map<string, HourPoint[]>(meters.map((m) => [m, []]));
  for (const [start, hours] of days) {
    for (const [meter, list] of points) {
      for (let h = 0, at = start; at < start + DAY_MS; h++, at += HOUR_MS)
        if (at >= fromMs && at < toMs) list.push(hourPoint(at, hours.get(meter)?.hours[h]));
    }
  }
  return points;
}

/** Hours that start in [fromMs, toMs) of one meter, or days that touch it. */
export async function seriesOf(
  readings: Readings,
  meter: string,
  span: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number },
): Promise<HourPoint[]> {
  const days = await readings.ofMeter(meter, span.fromMs, span.toMs);
  if (span.stepMs === DAY_MS) return days.map((d) => dayPoint(d.fromMs, d.sums?.day ?? NO_POINT));
  return days.flatMap((d) =>
    Array.from({ length: DAY_MS / HOUR_MS }, (_, h) => hourPoint(d.fromMs + h * HOUR_MS, d.hours?.hours[h])).filter(
      (p) => p.fromMs >= span.fromMs && p.fromMs < span.toMs,
    ),
  );
}
