import { Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { classNames } from '../../ui/class-names.ts';
import { parseBasisPoints, parseMinor } from '../../ui/figures.ts';
import { useFormat } from '../../ui/format.tsx';
import s from './agreements.module.css';
import { useBlankNames } from './blank-names.ts';
import type { Blank, Draft } from './draft.ts';
import type { Known } from './use-names.ts';

interface Props {
  readonly draft: Draft;
  readonly known: Known;
  readonly chosen: Blank;
  readonly onChoose: (blank: Blank) => void;
}

/** The whole agreement as sentences; every blank is a button that opens its editor. */
export function Sentence(p: Props) {
  const texts = useBlankTexts(p.draft, p.known);
  const blank = (of: Blank): ReactNode => (
    <BlankButton blank={of} text={texts[of]} chosen={p.chosen === of} onChoose={p.onChoose} />
  );
  return (
    <div className={s['sentence']}>
      <p>
        <Trans>
          {blank('owner')} leases {blank('asset')} to {blank('host')}, who hosts it.
        </Trans>
      </p>
      <p>
        <Trans>
          The host pays {blank('hostPrice')} for each kWh measured by {blank('hostMeter')} and gets {blank('rent')} of
          that back as rent.
        </Trans>
      </p>
      <p>
        <Trans>
          {blank('neighbours')} pay {blank('neighbourPrice')} for each kWh. Of that, {blank('grid')} gets{' '}
          {blank('wheelingPrice')} for carrying it; of what remains, the owner gets {blank('ownerShare')} and the host
          the rest.
        </Trans>
      </p>
      <p>
        <Trans>
          It starts in {blank('from')} and lasts {blank('months')}. Then the plant {blank('after')}.
        </Trans>
      </p>
    </div>
  );
}

function BlankButton(p: {
  readonly blank: Blank;
  readonly text: string | null;
  readonly chosen: boolean;
  readonly onChoose: (blank: Blank) => void;
}) {
  const names = useBlankNames();
  return (
    <button
      type="button"
      className={classNames(s['blank'], p.text === null && s['empty'], p.chosen && s['chosen'])}
      aria-pressed={p.chosen}
      aria-label={p.text === null ? undefined : `${names[p.blank]}: ${p.text}`}
      onClick={() => p.onChoose(p.blank)}
    >
      {p.text ?? names[p.blank].toLocaleLowerCase()}
    </button>
  );
}

/** What stands in each blank; null while it is empty or cannot be read. */
function useBlankTexts(draft: Draft, known: Known): Record<Blank, string | null> {
  const { t } = useLingui();
  const format = useFormat();
  const { names } = known;
  const member = (id: string | null) => (id === null ? null : names.member(id));
  const price = (text: string) => {
    const amount = parseMinor(text, format.currency);
    return amount === null || text === '' ? null : format.money(amount);
  };
  const share = (text: string) => {
    const bp = parseBasisPoints(text);
    return bp === null || text === '' ? null : format.percent(bp);
  };
  const count = draft.neighbours.length;
  const only = draft.neighbours[0];
  return {
    owner: member(draft.owner),
    host: member(draft.host),
    grid: member(draft.grid),
    asset: draft.asset === null ? t`its plant` : names.asset(draft.asset),
    hostMeter: draft.hostMeter === null ? null : names.meter(draft.hostMeter),
    hostPrice: price(draft.hostPrice),
    rent: share(draft.rent),
    neighbours: count === 0 ? t`No neighbours` : count === 1 && only ? names.meter(only) : t`${count} neighbours`,
    neighbourPrice: price(draft.neighbourPrice),
    wheelingPrice: price(draft.wheelingPrice),
    ownerShare: share(draft.ownerShare),
    from: /^\d{4}-\d{2}$/.test(draft.from) ? format.month(draft.from) : null,
    months: /^[1-9]\d*$/.test(draft.months) ? t`${draft.months} months` : null,
    after: draft.after === 'passes-to-host' ? t`belongs to the host` : t`goes back to the owner`,
  };
}
