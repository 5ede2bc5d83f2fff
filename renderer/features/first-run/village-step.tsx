import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { CURRENCIES } from '../../ui/currencies.ts';
import { Form } from '../../ui/dialog.tsx';
import { Field, Pick } from '../../ui/field.tsx';
import { formatMinor, zoneText } from '../../ui/figures.ts';
import { Muted, Note } from '../../ui/layout.tsx';
import { Wizard } from '../../ui/wizard.tsx';
import { Brand } from './brand.tsx';
import s from './first-run.module.css';
import type { StepProps } from './first-run.tsx';

const OFFSETS = Array.from({ length: 27 * 4 }, (_, i) => -720 + i * 15).filter(
  (m) => m % 30 === 0 || m === 345 || m === 525,
);

/** Name, currency and clock: facts of the founding record. */
export function VillageStep({ progress, go }: StepProps) {
  const { t, i18n } = useLingui();
  const [name, setName] = useState(progress.villageName);
  const [currency, setCurrency] = useState(progress.currency);
  const [offset, setOffset] = useState(progress.zoneOffsetMin);
  const names = new Intl.DisplayNames(i18n.locale, { type: 'currency' });
  const exponent = CURRENCIES.get(currency) ?? 2;
  const sample = formatMinor(1234n * 10n ** BigInt(exponent), { code: currency, exponent }, i18n.locale);
  const next = () => {
    if (name.trim()) go({ villageName: name.trim(), currency, zoneOffsetMin: offset, step: 'you' });
  };
  return (
    <main>
      <Form onSend={next}>
        <Wizard
          brand={<Brand />}
          title={<Trans>Your village</Trans>}
          step={2}
          of={6}
          resumable
          foot={
            <>
              <Button look="quiet" onPress={() => go({ step: 'start', villageName: name })}>
                <Trans>Back</Trans>
              </Button>
              <Button submit disabled={!name.trim()}>
                <Trans>Go on</Trans>
              </Button>
            </>
          }
        >
          <div className={s['two']}>
            <div className={s['form']}>
              <Field label={t`Name of the village`} value={name} onChange={setName} focus />
              <Pick
                label={t`Currency`}
                none={t`Choose`}
                value={currency}
                onChange={setCurrency}
                hint={t`Every amount is kept to its last unit. 1,234 is written ${sample}.`}
                options={[...CURRENCIES.keys()]
                  .sort()
                  .map((code) => ({ id: code, text: `${code} ${names.of(code) ?? ''}` }))}
              />
              <Pick
                label={t`Clock of the village`}
                none={t`Choose`}
                value={String(offset)}
                onChange={(x) => setOffset(Number(x))}
                hint={t`Days and months begin by this clock on every console.`}
                options={OFFSETS.map((m) => ({ id: String(m), text: zoneText(m) }))}
              />
            </div>
            <Note>
              <b>
                <Trans>These three stand in the founding record.</Trans>
              </b>
              <Muted>
                <Trans>Everyone who joins later signs on top of them. They do not change.</Trans>
              </Muted>
            </Note>
          </div>
        </Wizard>
      </Form>
    </main>
  );
}
