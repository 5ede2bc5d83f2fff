import { Check, ChevronDown } from 'lucide-react';
import type { ReactNode } from 'react';
import {
  Button,
  Checkbox,
  CheckboxGroup,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select,
  SelectValue,
  Switch,
  Text,
  TextArea,
  TextField,
} from 'react-aria-components';
import { classNames } from './class-names.ts';
import s from './field.module.css';

interface Shared {
  readonly label: string;
  readonly hint?: ReactNode;
  /** Says what is wrong with what was typed; nothing when all is well. */
  readonly error?: string | null | undefined;
}

export interface FieldProps extends Shared {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly kind?: 'text' | 'pin' | 'whole' | 'decimal' | 'code' | 'search' | 'date' | 'time' | 'month';
  readonly long?: boolean;
  readonly focus?: boolean;
  readonly placeholder?: string;
  readonly name?: string;
}

const INPUT_TYPE: Readonly<Record<string, string>> = {
  pin: 'password',
  search: 'search',
  date: 'date',
  time: 'time',
  month: 'month',
};

/** A line (or, if long, a few lines) of typed text. */
export function Field(p: FieldProps) {
  const numeric = p.kind === 'whole' || p.kind === 'pin' ? 'numeric' : p.kind === 'decimal' ? 'decimal' : 'text';
  return (
    <TextField
      className={classNames(s['field'], p.kind === 'pin' && s['pin'], p.kind === 'code' && s['code'])}
      value={p.value}
      onChange={p.onChange}
      isInvalid={Boolean(p.error)}
      type={INPUT_TYPE[p.kind ?? 'text'] ?? 'text'}
      inputMode={numeric}
      autoComplete={p.kind === 'pin' ? 'new-password' : 'off'}
      {...(p.name && { name: p.name })}
      autoFocus={p.focus ?? false}
    >
      <Label className={classNames(s['label'])}>{p.label}</Label>
      {p.hint && (
        <Text slot="description" className={classNames(s['hint'])}>
          {p.hint}
        </Text>
      )}
      {p.long ? (
        <TextArea className={classNames(s['input'])} placeholder={p.placeholder ?? ''} />
      ) : (
        <Input className={classNames(s['input'])} placeholder={p.placeholder ?? ''} />
      )}
      <FieldError className={classNames(s['error'])}>{p.error}</FieldError>
    </TextField>
  );
}

export interface Option<T extends string> {
  readonly id: T;
  readonly text: string;
  readonly more?: string;
}

/** One of a list. */
export function Pick<T extends string>(
  p: Shared & {
    readonly options: readonly Option<T>[];
    readonly value: T | null;
    readonly onChange: (value: T) => void;
    readonly none: string;
  },
) {
  return (
    <Select
      className={classNames(s['field'])}
      selectedKey={p.value}
      onSelectionChange={(key) => {
        const found = p.options.find((o) => o.id === key);
        if (found) p.onChange(found.id);
      }}
      isInvalid={Boolean(p.error)}
      placeholder={p.none}
    >
      <Label className={classNames(s['label'])}>{p.label}</Label>
      {p.hint && (
        <Text slot="description" className={classNames(s['hint'])}>
          {p.hint}
        </Text>
      )}
      <Button className={classNames(s['input'], s['picked'])}>
        <SelectValue>{({ selectedText, defaultChildren }) => selectedText || defaultChildren}</SelectValue>
        <ChevronDown aria-hidden />
      </Button>
      <FieldError className={classNames(s['error'])}>{p.error}</FieldError>
      <Popover className={classNames(s['popover'])}>
        <ListBox className={classNames(s['list'])} items={p.options}>
          {(o) => (
            <ListBoxItem className={classNames(s['option'])} id={o.id} textValue={o.text}>
              <span>{o.text}</span>
              {o.more && <span className={s['hint']}>{o.more}</span>}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}

export function Tick(p: {
  readonly children: ReactNode;
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
}) {
  return (
    <Checkbox className={classNames(s['check'])} isSelected={p.on} onChange={p.onChange}>
      <span className={s['box']} aria-hidden>
        <Check size={18} strokeWidth={3} />
      </span>
      {p.children}
    </Checkbox>
  );
}

/** Several of a few. */
export function Ticks<T extends string>(
  p: Shared & {
    readonly options: readonly Option<T>[];
    readonly value: readonly T[];
    readonly onChange: (value: T[]) => void;
  },
) {
  return (
    <CheckboxGroup
      className={classNames(s['field'])}
      value={[...p.value]}
      onChange={(keys) => p.onChange(p.options.filter((o) => keys.includes(o.id)).map((o) => o.id))}
      isInvalid={Boolean(p.error)}
    >
      <Label className={classNames(s['label'])}>{p.label}</Label>
      {p.hint && (
        <Text slot="description" className={classNames(s['hint'])}>
          {p.hint}
        </Text>
      )}
      <div className={s['group']}>
        {p.options.map((o) => (
          <Checkbox key={o.id} value={o.id} className={classNames(s['check'])}>
            <span className={s['box']} aria-hidden>
              <Check size={18} strokeWidth={3} />
            </span>
            {o.text}
          </Checkbox>
        ))}
      </div>
      <FieldError className={classNames(s['error'])}>{p.error}</FieldError>
    </CheckboxGroup>
  );
}

export function Toggle(p: {
  readonly children: ReactNode;
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
  readonly busy?: boolean;
}) {
  return (
    <Switch className={classNames(s['check'])} isSelected={p.on} onChange={p.onChange} isDisabled={p.busy ?? false}>
      <span className={s['switchTrack']} aria-hidden />
      {p.children}
    </Switch>
  );
}
