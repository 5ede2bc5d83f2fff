import { Trans, useLingui } from '@lingui/react/macro';
import { Check, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';
import s from './marks.module.css';
import colours from './source-colours.module.css';
import type { Source, TrustLevel } from './words.ts';

export function Chip(p: { readonly children: ReactNode; readonly look?: 'line' | 'dashed' | 'ink' | 'bad' }) {
  return <span className={classNames(s['chip'], p.look && s[p.look])}>{p.children}</span>;
}

/** On every figure group, print and QR code of a practice village. Cannot be dismissed. */
export function Simulated({ on }: { readonly on: boolean }) {
  return on ? (
    <span className={s['simulated']}>
      <Trans>simulated</Trans>
    </span>
  ) : null;
}

export const Count = ({ children }: { readonly children: ReactNode }) => <span className={s['count']}>{children}</span>;

const SHAPES: Record<Source, ReactNode> = {
  solar: <circle cx="8" cy="8" r="6" />,
  hydro: <path d="M8 1.5C11 5.5 13 8 13 10.2A5 5 0 0 1 3 10.2C3 8 5 5.5 8 1.5z" />,
  wind: <path d="M8 2l6.5 11.5h-13z" />,
  biomass: <path d="M2.5 13.5C2 6 7 2 14 2c0 7-4 12-11.5 11.5z" />,
  diesel: <rect x="2.5" y="2.5" width="11" height="11" />,
  battery: <path d="M3.5 4.5h3v-2h3v2h3v9h-9z" />,
  grid: <path d="M8 1.5L14.5 8 8 14.5 1.5 8z" />,
};

/** Colour, shape: the word always stands beside it. */
export function SourceMark({ source }: { readonly source: Source }) {
  return (
    <svg className={classNames(s['mark'], s['source'], colours[source])} viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[source]}
    </svg>
  );
}

/** How far a figure can be believed: bar height and ink, never hue. */
export function Trust({ level }: { readonly level: TrustLevel }) {
  const { t } = useLingui();
  return (
    <span className={s['trust']} title={t`Trust level ${level} of 4`}>
      <svg viewBox="0 0 22 14" aria-hidden="true">
        {[0, 1, 2, 3].map((i) => (
          <rect
            key={i}
            className={level > i ? s['barOn'] : s['barOff']}
            x={i * 5.5 + 0.5}
            y={10 - i * 3}
            width={4}
            height={3.5 + i * 3}
          />
        ))}
      </svg>
      <b>T{level}</b>
    </span>
  );
}

export function Avatar({ name, waiting }: { readonly name: string; readonly waiting?: boolean }) {
  const parts = name.split(/\s+/).filter(Boolean);
  const initials = ((parts[0]?.[0] ?? '') + (parts.length > 1 ? (parts.at(-1)?.[0] ?? '') : '')).toLocaleUpperCase();
  return (
    <span className={classNames(s['avatar'], waiting && s['waiting'])} aria-hidden="true">
      {initials}
    </span>
  );
}

/** Words that change when one signed byte changes; read aloud to compare. */
export const SealWords = ({ words }: { readonly words: readonly string[] }) => (
  <p className={s['words']}>{words.join(' ')}</p>
);

export function Progress(p: { readonly label: string; readonly done: number; readonly of: number }) {
  const percent = p.of > 0 ? Math.min(100, Math.round((p.done * 100) / p.of)) : 0;
  return (
    <div
      className={s['progress']}
      role="progressbar"
      aria-label={p.label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <span style={{ inlineSize: `${percent}%` }} />
    </div>
  );
}

export interface PersonLine {
  readonly key: string;
  readonly name: string;
  readonly second: ReactNode;
  /** Solid when signed, dashed while waiting. */
  readonly done: boolean;
  readonly action?: ReactNode;
}

export function People({ lines }: { readonly lines: readonly PersonLine[] }) {
  const { t } = useLingui();
  return (
    <ul className={s['people']}>
      {lines.map((line) => (
        <li key={line.key}>
          <Avatar name={line.name} waiting={!line.done} />
          <span>
            <b>{line.name}</b>
            <span className={s['second']}>{line.second}</span>
          </span>
          {line.action ?? (line.done ? <Check size={18} aria-label={t`signed`} /> : null)}
        </li>
      ))}
    </ul>
  );
}

export interface CheckLine {
  readonly key: string;
  readonly ok: boolean;
  readonly text: ReactNode;
}

export function Checks({ lines }: { readonly lines: readonly CheckLine[] }) {
  const { t } = useLingui();
  return (
    <ul className={s['checks']}>
      {lines.map((line) => (
        <li key={line.key} className={line.ok ? undefined : s['look']}>
          {line.ok ? <Check aria-label={t`in order`} /> : <TriangleAlert aria-label={t`look here`} />}
          <span>{line.text}</span>
        </li>
      ))}
    </ul>
  );
}
