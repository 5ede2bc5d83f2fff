import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { classNames } from './class-names.ts';
import s from './layout.module.css';

interface Children {
  readonly children: ReactNode;
}

/** Top of a screen: where you are, its name, what you can do. */
export function PageHead(props: {
  readonly title: ReactNode;
  readonly lead?: ReactNode;
  readonly crumb?: { readonly to: string; readonly text: ReactNode };
  readonly actions?: ReactNode;
}) {
  return (
    <div className={s['head']}>
      {props.crumb && (
        <p className={s['crumb']}>
          <Link href={props.crumb.to}>{props.crumb.text}</Link>
        </p>
      )}
      <h1>{props.title}</h1>
      {props.actions && <div className={s['actions']}>{props.actions}</div>}
      {props.lead && <p className={s['lead']}>{props.lead}</p>}
    </div>
  );
}

export function Columns({ children, shape }: Children & { readonly shape?: 'flipped' | 'even' }) {
  return <div className={classNames(s['columns'], shape && s[shape])}>{children}</div>;
}

export function Stack({ children, loose }: Children & { readonly loose?: boolean }) {
  return <div className={classNames(s['stack'], loose && s['loose'])}>{children}</div>;
}

export function Row({ children, between }: Children & { readonly between?: boolean }) {
  return <div className={classNames(s['row'], between && s['between'])}>{children}</div>;
}

interface SectionProps extends Children {
  readonly title: ReactNode;
  /** Stands at the end of the heading line. */
  readonly extra?: ReactNode;
  readonly icon?: ReactNode;
  readonly alert?: boolean;
}

/** A section on the canvas: a 2 px ink rule, not a box. */
export function Block({ title, extra, icon, alert, children }: SectionProps) {
  return (
    <section className={classNames(s['block'], alert && s['alert'])}>
      <BlockHead title={title} extra={extra} icon={icon} />
      {children}
    </section>
  );
}

/** White paper: only for what is read closely. */
export function Paper({ title, extra, icon, alert, children }: SectionProps) {
  return (
    <section className={classNames(s['paper'], alert && s['alert'])}>
      <BlockHead title={title} extra={extra} icon={icon} />
      {children}
    </section>
  );
}

function BlockHead({ title, extra, icon }: Pick<SectionProps, 'title' | 'extra' | 'icon'>) {
  return (
    <div className={s['blockHead']}>
      {icon}
      <h2>{title}</h2>
      {extra}
    </div>
  );
}

export function Facts({ rows }: { readonly rows: readonly (readonly [ReactNode, ReactNode])[] }) {
  return (
    <dl className={s['facts']}>
      {rows.map(([name, value], i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows of one list never move
        <FactRow key={i} name={name} value={value} />
      ))}
    </dl>
  );
}

function FactRow({ name, value }: { readonly name: ReactNode; readonly value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

export interface SumRow {
  readonly name: ReactNode;
  readonly value: ReactNode;
  readonly total?: boolean;
}

/** A sum a person can follow: every term, then the total. */
export function Sums({ rows }: { readonly rows: readonly SumRow[] }) {
  return (
    <dl className={s['sums']}>
      {rows.map((row, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows of one sum never move
        <div key={i} className={row.total ? s['total'] : undefined}>
          <dt>{row.name}</dt>
          <dd>{row.value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Note({ icon, bad, children }: Children & { readonly icon?: ReactNode; readonly bad?: boolean }) {
  return (
    <div className={classNames(s['note'], bad && s['noteBad'])}>
      {icon}
      <div>{children}</div>
    </div>
  );
}

export const Muted = ({ children }: Children) => <p className={classNames(s['muted'], s['small'])}>{children}</p>;
export const Small = ({ children }: Children) => <p className={s['small']}>{children}</p>;
export const Tiny = ({ children }: Children) => <span className={classNames(s['tiny'], s['muted'])}>{children}</span>;
export const Mono = ({ children }: Children) => <span className={s['mono']}>{children}</span>;
export const Big = ({ children }: Children) => <p className={s['big']}>{children}</p>;
/** Read aloud, not shown. */
export const Hidden = ({ children }: Children) => <span className={s['hidden']}>{children}</span>;
