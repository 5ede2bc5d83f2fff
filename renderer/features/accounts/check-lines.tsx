import { Plural, useLingui } from '@lingui/react/macro';
import { useFormat } from '../../ui/format.tsx';
import type { CheckLine } from '../../ui/marks.tsx';
import type { MonthView } from './month-page.tsx';

type Check = MonthView['checks'][number];

/** Every check as a sentence: what is in order, and what a person should look at first. */
export function useCheckLines(view: MonthView): CheckLine[] {
  const { t } = useLingui();
  const format = useFormat();
  const words = (c: Check): CheckLine['text'] => {
    const wh = c.wh === null ? '' : format.energy(c.wh);
    switch (c.code) {
      case 'month-over':
        return c.ok ? t`The month is over` : t`The month is not over yet`;
      case 'all-meters':
        return c.ok ? (
          t`All meters have readings`
        ) : (
          <Plural value={c.count} one="# meter has no readings" other="# meters have no readings" />
        );
      case 'gaps':
        return c.ok ? (
          t`No hour is missing`
        ) : (
          <Plural value={c.count} one="# hour was not heard" other="# hours were not heard" />
        );
      case 'held':
        return c.ok ? (
          t`Nothing is held`
        ) : (
          <Plural
            value={c.count}
            one={`# reading is held, ${wh}. It is in no bill.`}
            other={`# readings are held, ${wh}. They are in no bill.`}
          />
        );
      case 'pending-vouch':
        return c.ok ? (
          t`Nothing waits for a second person`
        ) : (
          <Plural value={c.count} one="# entry waits for a second person" other="# entries wait for a second person" />
        );
      case 'segments-missing':
        return c.ok ? (
          t`Every sealed page is here`
        ) : (
          <Plural value={c.count} one="# sealed page has not arrived" other="# sealed pages have not arrived" />
        );
      case 'not-readable':
        return c.ok ? (
          t`This console may read all of it`
        ) : (
          <Plural
            value={c.count}
            one="# day of a meter is not shared with this console. What is shown here counts without it."
            other="# days of meters are not shared with this console. What is shown here counts without them."
          />
        );
      case 'sum-zero':
        return c.ok ? t`Paid in and paid out are the same` : t`Paid in and paid out differ`;
      case 'unattributed':
        if (!c.ok) return t`The members measured more than the site. Look at the site meter.`;
        return wh ? t`${wh} of the site is nobody’s, and billed to nobody` : t`The site has no meter of its own`;
      case 'previous-closed':
        return c.ok ? t`Every month before is closed` : t`An earlier month is still open`;
    }
  };
  return view.checks.map((c) => ({ key: c.code, ok: c.ok, text: words(c) }));
}
