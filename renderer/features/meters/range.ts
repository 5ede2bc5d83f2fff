import { civil, DAY_MS, dayOf, dayStart, HOUR_MS, monthOf, monthSpan, type Zone } from '#domain/time.ts';

export type RangeKind = 'day' | 'week' | 'month' | 'year';
export interface Range {
  readonly kind: RangeKind;
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: typeof HOUR_MS | typeof DAY_MS;
}

const DAYS_FROM_MONDAY = 6;

/** The village day, week from Monday, month or year that holds an instant. Day and week go by the hour, the others by the day. */
export function rangeOf(kind: RangeKind, atMs: number, zone: Zone): Range {
  if (kind === 'year') {
    const { year } = civil(atMs, zone);
    const start = (y: number): number => dayStart(`${String(y).padStart(4, '0')}-01-01`, zone);
    return { kind, fromMs: start(year), toMs: start(year + 1), stepMs: DAY_MS };
  }
  if (kind === 'month') {
    const span = monthSpan(monthOf(atMs, zone), zone);
    return { kind, fromMs: span.from, toMs: span.to, stepMs: DAY_MS };
  }
  const day = dayStart(dayOf(atMs, zone), zone);
  if (kind === 'day') return { kind, fromMs: day, toMs: day + DAY_MS, stepMs: HOUR_MS };
  const monday = day - ((civil(day, zone).weekday + DAYS_FROM_MONDAY) % 7) * DAY_MS;
  return { kind, fromMs: monday, toMs: monday + 7 * DAY_MS, stepMs: HOUR_MS };
}

/** The range before or after, of the same kind. */
export const moveRange = (range: Range, by: -1 | 1, zone: Zone): Range =>
  rangeOf(range.kind, by < 0 ? range.fromMs - 1 : range.toMs, zone);
