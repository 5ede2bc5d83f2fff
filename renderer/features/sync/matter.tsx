import { ChevronDown, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { Small } from '../../ui/layout.tsx';
import s from './needs.module.css';

/** One thing that waits for a person: its name in a line, and inside what it means and what can be done. */
export function Matter(p: { readonly title: string; readonly open: boolean; readonly children: ReactNode }) {
  return (
    <details className={s['matter']} open={p.open}>
      <summary>
        <TriangleAlert size={20} color="var(--alert)" aria-hidden />
        <h3>{p.title}</h3>
        <ChevronDown className={s['turn']} size={20} aria-hidden />
      </summary>
      <div className={s['inside']}>{p.children}</div>
    </details>
  );
}

export const Sides = ({ children }: { readonly children: ReactNode }) => <div className={s['sides']}>{children}</div>;

/** One of two that cannot both count: solid counts, dashed waits. */
export function Side(p: {
  readonly name: ReactNode;
  readonly chip?: ReactNode;
  readonly held: boolean;
  readonly children: ReactNode;
}) {
  return (
    <div className={p.held ? s['sideHeld'] : s['side']}>
      <p>
        <b>{p.name}</b>
        {p.chip}
      </p>
      {p.children}
    </div>
  );
}

export interface WayOut {
  readonly key: string;
  /** When this is the one to take. */
  readonly when: string;
  /** What then happens, and what does not. */
  readonly means: string;
  readonly go?: ReactNode;
}

/** What can be done, each with its consequence. */
export function WaysOut({ ways }: { readonly ways: readonly WayOut[] }) {
  return (
    <ul className={s['ways']}>
      {ways.map((way) => (
        <li key={way.key}>
          <b>{way.when}</b>
          <Small>{way.means}</Small>
          {way.go && <div>{way.go}</div>}
        </li>
      ))}
    </ul>
  );
}

/** What stays true whatever is chosen, and how to put it away. */
export const Assurance = ({ children, action }: { readonly children: ReactNode; readonly action?: ReactNode }) => (
  <div className={s['assurance']}>
    <p>{children}</p>
    {action}
  </div>
);
