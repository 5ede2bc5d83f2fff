import { civil, type Zone } from '#domain/time.ts';

export interface Currency {
  readonly code: string;
  readonly exponent: number;
}

/** Exact decimal text of a whole number of small units; never passes through a float. */
export function decimalText(units: bigint, exponent: number): string {
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  const rest = exponent > 0 ? `.${digits.slice(digits.length - exponent)}` : '';
  return `${negative ? '-' : ''}${whole}${rest}`;
}

/** Amount in locale digits with every decimal of the currency, without the currency's code. */
export function formatMinor(amountMinor: bigint, currency: Currency, locale: string, signed = false): string {
  const format = new Intl.NumberFormat(locale, {
    minimumFractionDigits: currency.exponent,
    maximumFractionDigits: currency.exponent,
    signDisplay: signed ? 'exceptZero' : 'auto',
  });
  return format.format(decimalText(amountMinor, currency.exponent) as Intl.StringNumericLiteral).replace('-', '−');
}

export interface Quantity {
  readonly figure: string;
  readonly unit: 'Wh' | 'kWh' | 'MWh' | 'W' | 'kW' | 'MW';
}

/** Wh under 1 kWh, otherwise kWh with `decimals` places (3 is exact), otherwise MWh from 100,000 kWh. */
export function energyOf(wh: bigint, locale: string, decimals = 1): Quantity {
  const size = wh < 0n ? -wh : wh;
  const show = (text: string, places: number): string =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: places }).format(text as Intl.StringNumericLiteral);
  if (size < 1000n) return { figure: show(wh.toString(), 0), unit: 'Wh' };
  if (size < 100_000_000n || decimals === 3) return { figure: show(decimalText(wh, 3), decimals), unit: 'kWh' };
  return { figure: show(decimalText(wh, 6), decimals), unit: 'MWh' };
}

/** W under 1 kW, otherwise kW with one place. */
export function powerOf(w: number, locale: string): Quantity {
  const show = (value: number, places: number): string =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: places }).format(value);
  if (Math.abs(w) < 999.5) return { figure: show(w, 0), unit: 'W' };
  if (Math.abs(w) < 999_500) return { figure: show(w / 1000, 1), unit: 'kW' };
  return { figure: show(w / 1_000_000, 1), unit: 'MW' };
}

/** Reads a typed amount into minor units; null when it is not one, or has more decimals than the currency. */
export function parseMinor(text: string, currency: Currency): bigint | null {
  return parseDecimal(text, currency.exponent);
}

/** Reads typed kWh into Wh. */
export const parseKwh = (text: string): bigint | null => parseDecimal(text, 3);

function parseDecimal(text: string, exponent: number): bigint | null {
  const plain = text.replace(/[\s\u00a0\u202f,_]/g, '').replace('−', '-');
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(plain);
  if (!match || (match[3] ?? '').length > exponent) return null;
  const units = BigInt(`${match[2]}${(match[3] ?? '').padEnd(exponent, '0')}`);
  return match[1] ? -units : units;
}

/** Reads typed percent (up to two decimals) into basis points. */
export function parseBasisPoints(text: string): number | null {
  const units = parseDecimal(text, 2);
  return units === null || units < 0n || units > 10_000n ? null : Number(units);
}

export const basisPointsText = (bp: number, locale: string): string =>
  new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 }).format(bp / 10_000);

type AgeUnit = 'second' | 'minute' | 'hour' | 'day';

/** Age in the largest unit that is not zero. */
export function ageOf(ageMs: number): { readonly count: number; readonly unit: AgeUnit } {
  const s = Math.max(0, Math.floor(ageMs / 1000));
  if (s < 60) return { count: s, unit: 'second' };
  if (s < 3600) return { count: Math.floor(s / 60), unit: 'minute' };
  if (s < 172_800) return { count: Math.floor(s / 3600), unit: 'hour' };
  return { count: Math.floor(s / 86_400), unit: 'day' };
}

/** A date formatter that reads instants as village time, whatever the laptop's own zone is. */
export function villageDate(ms: number, zone: Zone, locale: string, options: Intl.DateTimeFormatOptions): string {
  const shifted = new Date(ms + zone.offsetMin * 60_000);
  return new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' }).format(shifted);
}

export function monthText(month: string, locale: string): string {
  const date = new Date(`${month}-01T00:00:00Z`);
  return new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(date);
}

export const hourText = (ms: number, zone: Zone): string => String(civil(ms, zone).hour).padStart(2, '0');

/** 'UTC+03:00' of an offset in minutes. */
export function zoneText(offsetMin: number): string {
  const size = Math.abs(offsetMin);
  const pad = (n: number): string => String(n).padStart(2, '0');
  return `UTC${offsetMin < 0 ? '−' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}
