import type { ReactNode } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { Link } from 'wouter';
import s from './button.module.css';
import { classNames } from './class-names.ts';

type Look = 'ink' | 'line' | 'quiet' | 'bad';
interface Shared {
  readonly children: ReactNode;
  readonly look?: Look;
  readonly small?: boolean;
  readonly wide?: boolean;
}

const look = (p: Shared): string =>
  classNames(s['button'], p.look && p.look !== 'ink' && s[p.look], p.small && s['small'], p.wide && s['wide']);

export interface ButtonProps extends Shared {
  readonly onPress?: () => void;
  readonly disabled?: boolean;
  readonly submit?: boolean;
  readonly label?: string;
  /** While true the button keeps focus and says it is busy. */
  readonly busy?: boolean;
  readonly slot?: 'close';
}

export function Button(p: ButtonProps) {
  return (
    <AriaButton
      className={look(p)}
      type={p.submit ? 'submit' : 'button'}
      isDisabled={p.disabled ?? false}
      isPending={p.busy ?? false}
      {...(p.slot && { slot: p.slot })}
      {...(p.onPress && { onPress: p.onPress })}
      {...(p.label && { 'aria-label': p.label })}
    >
      {p.children}
    </AriaButton>
  );
}

/** Looks like a button, goes to a place. */
export function ButtonLink(p: Shared & { readonly to: string }) {
  return (
    <Link href={p.to} className={look(p)}>
      {p.children}
    </Link>
  );
}

export const Key = ({ children }: { readonly children: ReactNode }) => <kbd className={s['key']}>{children}</kbd>;

/** One of a few, all in sight. */
export function Choice<T extends string>(p: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [T, ReactNode])[];
  readonly onChange: (value: T) => void;
}) {
  return (
    <fieldset className={s['choice']} aria-label={p.label} style={{ margin: 0, padding: 0, minInlineSize: 0 }}>
      {p.options.map(([value, text]) => (
        <button key={value} type="button" aria-pressed={value === p.value} onClick={() => p.onChange(value)}>
          {text}
        </button>
      ))}
    </fieldset>
  );
}
