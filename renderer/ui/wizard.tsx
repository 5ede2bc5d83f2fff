import { Trans } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';
import s from './wizard.module.css';

/** One step of a few: where you are, one question, what comes next. */
export function Wizard(p: {
  readonly title: ReactNode;
  /** From 1. */
  readonly step: number;
  readonly of: number;
  readonly children: ReactNode;
  readonly foot: ReactNode;
  readonly brand?: ReactNode;
  /** Can be left and gone on with later. */
  readonly resumable?: boolean;
}) {
  const { step, of } = p;
  return (
    <div className={classNames(s['page'], !p.brand && s['inside'])}>
      <div className={s['head']}>
        {p.brand && <span className={s['brand']}>{p.brand}</span>}
        <ol className={s['dots']} aria-hidden="true">
          {Array.from({ length: of }, (_, i) => i + 1).map((i) => (
            <li key={i} className={i < step ? s['done'] : i === step ? s['now'] : undefined} />
          ))}
        </ol>
        <span className={s['where']}>
          {p.resumable ? (
            <Trans>
              Step {step} of {of}. You can stop and go on later.
            </Trans>
          ) : (
            <Trans>
              Step {step} of {of}
            </Trans>
          )}
        </span>
      </div>
      {p.brand ? <h1>{p.title}</h1> : <h2>{p.title}</h2>}
      {p.children}
      <div className={s['foot']}>{p.foot}</div>
    </div>
  );
}
