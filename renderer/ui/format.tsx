import { useLingui } from '@lingui/react/macro';
import { createContext, type ReactNode, useContext, useMemo } from 'react';
import type { Zone } from '#domain/time.ts';
import * as f from './figures.ts';
import s from './format.module.css';

interface Place {
  readonly currency: f.Currency;
  readonly zone: Zone;
}
const PlaceContext = createContext<Place>({ currency: { code: 'XXX', exponent: 0 }, zone: { offsetMin: 0 } });

/** Gives everything inside the currency and clock of one village. */
export function FormatProvider(
  p: Place & {
    readonly children: ReactNode;
  },
) {
  const { currency, zone } = p;
  const value = useMemo(() => ({ currency, zone }), [currency, zone]);
  return <PlaceContext value={value}>{p.children}</PlaceContext>;
}

export interface Format {
  readonly locale: string;
  readonly currency: f.Currency;
  readonly zone: Zone;
  readonly minor: (amountMinor: bigint, signed?: boolean) => string;
  /** With the currency's code, for sentences. */
  readonly money: (amountMinor: bigint) => string;
  readonly energy: (wh: bigint, decimals?: number) => string;
  readonly power: (w: number) => string;
  readonly count: (n: number | bigint) => string;
  readonly percent: (bp: number) => string;
  readonly month: (month: string) => string;
  /** Of a calendar day 'YYYY-MM-DD'. */
  readonly date: (day: string) => string;
  readonly day: (ms: number) => string;
  readonly dayShort: (ms: number) => string;
  readonly time: (ms: number) => string;
  readonly moment: (ms: number) => string;
  readonly age: (ageMs: number) => string;
}

/** English here is the English of the coordinators: day before month, 24 hours. */
const figureLocale = (language: string): string => (language === 'en' ? 'en-GB' : language);

export function useFormat(): Format {
  const { i18n, t } = useLingui();
  const { currency, zone } = useContext(PlaceContext);
  const locale = figureLocale(i18n.locale);
  return useMemo(() => {
    const date = (ms: number, o: Intl.DateTimeFormatOptions) => f.villageDate(ms, zone, locale, o);
    const minor = (v: bigint, signed = false) => f.formatMinor(v, currency, locale, signed);
    const quantity = (q: f.Quantity) => `${q.figure}\u00a0${q.unit}`;
    const age = (ageMs: number): string => {
      const { count, unit } = f.ageOf(ageMs);
      if (unit === 'second') return t`under a minute`;
      if (unit === 'minute') return t`${count} min`;
      if (unit === 'hour') return t`${count} h`;
      return t`${count} days`;
    };
    return {
      locale,
      currency,
      zone,
      minor,
      money: (v) => `${currency.code}\u00a0${minor(v)}`,
      energy: (wh, decimals) => quantity(f.energyOf(wh, locale, decimals)),
      power: (w) => quantity(f.powerOf(w, locale)),
      count: (n) => new Intl.NumberFormat(locale).format(n),
      percent: (bp) => f.basisPointsText(bp, locale),
      month: (m) => f.monthText(m, locale),
      date: (day) =>
        f.villageDate(Date.parse(`${day}T00:00:00Z`), { offsetMin: 0 }, locale, {
          day: 'numeric',
          month: 'short',
          year: 'numeric',
        }),
      day: (ms) => date(ms, { day: 'numeric', month: 'short', year: 'numeric' }),
      dayShort: (ms) => date(ms, { weekday: 'short', day: 'numeric', month: 'short' }),
      time: (ms) => date(ms, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
      moment: (ms) =>
        date(ms, {
          weekday: 'short',
          day: 'numeric',
          month: 'short',
          year: 'numeric',
          hour: '2-digit',
          minute: '2-digit',
          hourCycle: 'h23',
        }),
      age,
    };
  }, [currency, zone, locale, t]);
}

/** An amount with its currency: the code small, every digit shown. */
export function Money({ minor, signed }: { readonly minor: bigint; readonly signed?: boolean }) {
  const format = useFormat();
  return (
    <span className={s['money']}>
      <abbr className={s['code']}>{format.currency.code}</abbr> {format.minor(minor, signed)}
    </span>
  );
}
