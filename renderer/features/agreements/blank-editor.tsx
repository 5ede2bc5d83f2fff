import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Choice, Key } from '../../ui/button.tsx';
import { Form } from '../../ui/dialog.tsx';
import { Field, type Option, Pick, Ticks } from '../../ui/field.tsx';
import { parseBasisPoints, parseMinor } from '../../ui/figures.ts';
import { useFormat } from '../../ui/format.tsx';
import { Row } from '../../ui/layout.tsx';
import s from './agreements.module.css';
import { useBlankNames } from './blank-names.ts';
import type { Blank, Draft } from './draft.ts';
import type { Known } from './use-names.ts';

const ORDER: readonly Blank[] = [
  'owner',
  'asset',
  'host',
  'hostPrice',
  'hostMeter',
  'rent',
  'neighbours',
  'neighbourPrice',
  'grid',
  'wheelingPrice',
  'ownerShare',
  'from',
  'months',
  'after',
];
const NONE = 'none';

interface Props {
  readonly blank: Blank;
  readonly draft: Draft;
  readonly known: Known;
  readonly onChange: (part: Partial<Draft>) => void;
  readonly onNext: (blank: Blank) => void;
}

/** The one blank that is open. Enter goes to the next. */
export function BlankEditor(p: Props) {
  const names = useBlankNames();
  const next = ORDER[(ORDER.indexOf(p.blank) + 1) % ORDER.length] ?? 'owner';
  return (
    <section className={s['editor']} aria-label={names[p.blank]}>
      <Form onSend={() => p.onNext(next)}>
        <BlankField {...p} />
        <Row between>
          <Button submit look="line" small>
            <Trans>Next blank</Trans> <Key>Enter</Key>
          </Button>
        </Row>
      </Form>
    </section>
  );
}

function BlankField({ blank, draft, known, onChange }: Props) {
  const { t } = useLingui();
  const names = useBlankNames();
  const format = useFormat();
  const label = names[blank];
  switch (blank) {
    case 'owner':
    case 'host':
    case 'grid':
      return (
        <Pick
          label={label}
          none={t`Choose`}
          value={draft[blank]}
          onChange={(id) => onChange({ [blank]: id })}
          options={known.members.map((m) => ({ id: m.id, text: m.name }))}
        />
      );
    case 'asset':
      return (
        <Pick
          label={label}
          none={t`Choose`}
          value={draft.asset ?? NONE}
          onChange={(id) => onChange({ asset: id === NONE ? null : id })}
          options={[{ id: NONE, text: t`No single asset` }, ...known.assets.map((a) => ({ id: a.id, text: a.name }))]}
        />
      );
    case 'hostMeter':
      return (
        <Pick
          label={label}
          none={t`Choose`}
          value={draft.hostMeter}
          onChange={(hostMeter) =>
            onChange({ hostMeter, neighbours: draft.neighbours.filter((meter) => meter !== hostMeter) })
          }
          options={placesUsing(known)}
        />
      );
    case 'neighbours':
      return (
        <Ticks
          label={label}
          hint={t`Each pays for what its own meter measures.`}
          value={draft.neighbours}
          onChange={(neighbours) => onChange({ neighbours })}
          options={known.meters
            .filter((m) => m.kind === 'use' && m.member !== null && m.id !== draft.hostMeter)
            .map((m) => ({ id: m.id, text: `${m.name}, ${m.member?.name ?? ''}` }))}
        />
      );
    case 'hostPrice':
    case 'neighbourPrice':
    case 'wheelingPrice':
      return (
        <Field
          label={t`${label}, ${format.currency.code} for each kWh`}
          kind="decimal"
          focus
          value={draft[blank]}
          onChange={(text) => onChange({ [blank]: text })}
          error={
            draft[blank] !== '' && parseMinor(draft[blank], format.currency) === null
              ? t`An amount with at most ${format.currency.exponent} decimals.`
              : null
          }
        />
      );
    case 'rent':
    case 'ownerShare':
      return (
        <Field
          label={t`${label}, %`}
          kind="decimal"
          focus
          value={draft[blank]}
          onChange={(text) => onChange({ [blank]: text })}
          error={parseBasisPoints(draft[blank]) === null ? t`From 0 to 100, with at most two decimals.` : null}
        />
      );
    case 'from':
      return <Field label={label} kind="month" focus value={draft.from} onChange={(from) => onChange({ from })} />;
    case 'months':
      return (
        <Field
          label={t`How many months?`}
          kind="whole"
          focus
          value={draft.months}
          onChange={(months) => onChange({ months })}
          error={/^([1-9]\d?|[12]\d\d|3[0-5]\d|360)$/.test(draft.months) ? null : t`From 1 to 360.`}
        />
      );
    case 'after':
      return (
        <Choice
          label={label}
          value={draft.after}
          onChange={(after) => onChange({ after })}
          options={[
            ['passes-to-host', t`It belongs to the host`],
            ['returns-to-owner', t`It goes back to the owner`],
          ]}
        />
      );
  }
}

const placesUsing = (known: Known): Option<string>[] =>
  known.meters.filter((m) => m.kind === 'use').map((m) => ({ id: m.id, text: m.name, more: m.member?.name ?? '' }));
