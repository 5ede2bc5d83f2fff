import { Plural, Trans } from '@lingui/react/macro';
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Out } from '../../app/wire.ts';
import { classNames } from '../../ui/class-names.ts';
import s from './accounts.module.css';
import { stepOf } from './period-step.ts';

type View = Out['accounts']['get'];

/** Preview, co-sign, queue, final: where the month is. */
export function Steps({ view }: { readonly view: View }) {
  const now = stepOf(view.state);
  const threshold = view.batch?.threshold ?? 0;
  const count = view.statements.length;
  const steps: readonly (readonly [ReactNode, ReactNode])[] = [
    [
      <Trans key="1">Preview</Trans>,
      <Plural key="1s" value={count} one="# statement, sum is zero" other="# statements, sum is zero" />,
    ],
    [
      <Trans key="2">Co-sign</Trans>,
      threshold > 0 ? (
        <Trans key="2s">
          {threshold} of {view.batch?.signers.length ?? 0} people
        </Trans>
      ) : (
        <Trans key="2s">the coordinators</Trans>
      ),
    ],
    [<Trans key="3">Queue</Trans>, <Trans key="3s">waits for the chain</Trans>],
    [<Trans key="4">Final</Trans>, <Trans key="4s">on the chain, receipts</Trans>],
  ];
  return (
    <ol className={s['steps']}>
      {steps.map(([name, second], i) => (
        <li
          key={i === 0 ? 'preview' : i === 1 ? 'sign' : i === 2 ? 'queue' : 'final'}
          className={classNames(i < now && s['done'], i === now && s['now'])}
          aria-current={i === now ? 'step' : undefined}
        >
          <i aria-hidden="true">{i < now ? <Check size={20} /> : i + 1}</i>
          <span>
            <b>{name}</b>
            <small>{second}</small>
          </span>
        </li>
      ))}
    </ol>
  );
}
