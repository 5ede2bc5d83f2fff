import { useLingui } from '@lingui/react/macro';
import { Field } from './field.tsx';
import s from './pin-fields.module.css';

export const LEAST_PIN = 6;

/** A new PIN typed twice; `value` is what stands in both fields. */
export interface PinTwice {
  readonly pin: string;
  readonly again: string;
}
export const NO_PIN: PinTwice = { pin: '', again: '' };
export const isPinReady = (v: PinTwice): boolean => v.pin.length >= LEAST_PIN && v.pin === v.again;

export function PinFields(p: { readonly value: PinTwice; readonly onChange: (value: PinTwice) => void }) {
  const { t } = useLingui();
  const { pin, again } = p.value;
  const short = pin.length > 0 && again.length > 0 && pin.length < LEAST_PIN;
  const different = again.length >= pin.length && again.length > 0 && pin !== again;
  return (
    <div className={s['two']}>
      <Field
        label={t`Choose a PIN, ${LEAST_PIN} signs or more`}
        kind="pin"
        name="new-pin"
        value={pin}
        onChange={(x) => p.onChange({ pin: x, again })}
        error={short ? t`Too short. Use ${LEAST_PIN} signs or more.` : null}
      />
      <Field
        label={t`Once more`}
        kind="pin"
        name="new-pin-again"
        value={again}
        onChange={(x) => p.onChange({ pin, again: x })}
        error={different ? t`The two are not the same.` : null}
      />
    </div>
  );
}
