import { Plural, Trans } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { classNames } from '../../ui/class-names.ts';
import { Money, useFormat } from '../../ui/format.tsx';
import { Paper } from '../../ui/layout.tsx';
import { Simulated } from '../../ui/marks.tsx';
import s from './accounts.module.css';
import { type BeamPart, beamParts, partOf } from './beam-parts.ts';

type View = Out['accounts']['get'];
const MOST_PARTS = 5;
/** Under this many thousandths a name does not fit; it stands in the table below. */
const LEAST_NAMED = 60;

/** Two beams of the same length: what members owe, and what the village pays out. */
export function Beam({ view }: { readonly view: View }) {
  const village = useVillage();
  const format = useFormat();
  const named = (amount: (x: View['statements'][number]) => bigint) =>
    beamParts(
      view.statements.map((x) => ({ key: x.member.id, name: x.member.name, amountMinor: amount(x) })),
      MOST_PARTS,
    );
  const hands = format.money(view.changesHandsMinor);
  const difference = format.minor(view.differenceMinor);
  return (
    <Paper title={<Trans>What comes in is what goes out</Trans>} extra={<Simulated on={village.simulated} />}>
      <div className={s['beam']}>
        <BeamName name={<Trans>Members owe</Trans>} amountMinor={view.owedMinor} />
        <Bar parts={named((x) => x.paysMinor)} whole={view.owedMinor} owes />
        <Bar parts={named((x) => x.receivesMinor)} whole={view.paidOutMinor} />
        <BeamName name={<Trans>Village pays out</Trans>} amountMinor={view.paidOutMinor} />
      </div>
      <p className={s['under']}>
        <Trans>
          After each person’s own debts and credits are joined, <b>{hands}</b> changes hands. Difference:{' '}
          <b>{difference}</b>.
        </Trans>
      </p>
    </Paper>
  );
}

const BeamName = ({ name, amountMinor }: { readonly name: ReactNode; readonly amountMinor: bigint }) => (
  <p className={s['beamName']}>
    <span>{name}</span>
    <Money minor={amountMinor} />
  </p>
);

function Bar(p: { readonly parts: readonly BeamPart[]; readonly whole: bigint; readonly owes?: boolean }) {
  const format = useFormat();
  return (
    <div className={classNames(s['bar'], p.owes && s['owes'])}>
      {p.parts.map((part) => {
        const name = part.name || null;
        return (
          <div
            key={part.key}
            className={partOf(part.amountMinor, p.whole) < LEAST_NAMED ? s['slim'] : undefined}
            style={{ flexGrow: Math.max(1, partOf(part.amountMinor, p.whole)) }}
            title={`${name ?? ''} ${format.money(part.amountMinor)}`.trim()}
          >
            <b>{name ?? <Plural value={part.members} one="# other" other="# others" />}</b>
            <span>{format.minor(part.amountMinor)}</span>
          </div>
        );
      })}
    </div>
  );
}
