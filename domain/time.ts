export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** A village's clock: fixed offset from UTC in minutes, entered by dated record. */
export interface Zone {
  readonly offsetMin: number;
}
/** Month of village time, 'YYYY-MM'. */
export type Month = string;

const pad = (n: number, w = 2): string => String(n).padStart(w, '0');

/** Days since 1970-01-01 of a civil date (proleptic Gregorian). Source: H. Hinnant, days_from_civil. */
export function daysFromCivil(y: number, m: number, d: number): number {
  const yy = m <= 2 ? y - 1 : y;
  const era = Math.floor(yy / 400);
  const yoe = yy - era * 400;
  const doy = Math.floor((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d - 1;
  return era * 146_097 + yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy - 719_468;
}

export interface Civil {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  /** 0 Sunday .. 6 Saturday. */
  readonly weekday: number;
}

/** Village-time calendar fields of an instant. Source: H. Hinnant, civil_from_days. */
export function civil(ms: number, zone: Zone): Civil {
  const local = ms + zone.offsetMin * 60_000;
  const days = Math.floor(local / DAY_MS);
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const doe = z - era * 146_097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  const inDay = local - days * DAY_MS;
  return {
    year: yoe + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: doy - Math.floor((153 * mp + 2) / 5) + 1,
    hour: Math.floor(inDay / HOUR_MS),
    minute: Math.floor((inDay % HOUR_MS) / 60_000),
    weekday: (((days + 4) % 7) + 7) % 7,
  };
}

export const UTC: Zone = { offsetMin: 0 };

export function monthOf(ms: number, zone: Zone): Month {
  const c = civil(ms, zone);
  return `${pad(c.year, 4)}-${pad(c.month)}`;
}

/** 'YYYY-MM-DD' of an instant in a zone. */
export function dayOf(ms: number, zone: Zone): string {
  const c = civil(ms, zone);
  return `${pad(c.year, 4)}-${pad(c.month)}-${pad(c.day)}`;
}

/** Start of a village-time day 'YYYY-MM-DD' as UTC milliseconds; throws on a date that does not exist. */
export function dayStart(day: string, zone: Zone): number {
  const m = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  const at = m
    ? daysFromCivil(Number(m[1]), Number(m[2]), Number(m[3])) * DAY_MS - zone.offsetMin * 60_000
    : Number.NaN;
  if (!m || dayOf(at, zone) !== day) throw new RangeError(`${day} is not a date (YYYY-MM-DD)`);
  return at;
}

/** Half-open span [from, to) of a month in village time, as UTC milliseconds. */
export function monthSpan(month: Month, zone: Zone): { readonly from: number; readonly to: number } {
  const from = dayStart(`${month}-01`, zone);
  return { from, to: dayStart(`${nextMonth(month)}-01`, zone) };
}

export function nextMonth(month: Month): Month {
  const next = monthIndex(month) + 1;
  return `${pad(Math.floor(next / 12), 4)}-${pad((next % 12) + 1)}`;
}

/** Whole months since 0000-01: a small dense number for a month, used as the on-chain period. */
export function monthIndex(month: Month): number {
  const m = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month);
  if (!m) throw new RangeError(`${month} is not a month (YYYY-MM)`);
  return Number(m[1]) * 12 + Number(m[2]) - 1;
}
