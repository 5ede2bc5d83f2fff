import { Trans, useLingui } from '@lingui/react/macro';
import { useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { Button } from '../../ui/button.tsx';
import { CURRENCIES } from '../../ui/currencies.ts';
import { Form } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { Muted, Note } from '../../ui/layout.tsx';
import { PaperWords } from '../../ui/paper-words.tsx';
import { isPinReady, NO_PIN, PinFields } from '../../ui/pin-fields.tsx';
import { InlineError } from '../../ui/view.tsx';
import { Wizard } from '../../ui/wizard.tsx';
import { Brand } from './brand.tsx';
import s from './first-run.module.css';
import type { StepProps } from './first-run.tsx';

/** Your name and PIN; then the village is founded and your words are shown, once. */
export function YouStep({ progress, go }: StepProps) {
  const { t } = useLingui();
  const { client } = useConsole();
  const [name, setName] = useState(progress.yourName);
  const [pin, setPin] = useState(NO_PIN);
  const [kept, setKept] = useState(false);
  const api = useApi();
  const queries = useQueryClient();
  const found = useCommand(client.villages.found);
  const ready = name.trim() !== '' && isPinReady(pin);
  const send = () => {
    if (!ready || found.busy || found.done) return;
    found.send({
      name: progress.villageName,
      currency: { code: progress.currency, exponent: CURRENCIES.get(progress.currency) ?? 2 },
      zoneOffsetMin: progress.zoneOffsetMin,
      you: { name: name.trim(), roles: ['coordinator', 'consumer'] },
      pin: pin.pin,
    });
  };
  const next = async () => {
    if (!found.done) return;
    go({ step: 'meter', yourName: '', village: found.done.village });
    await queries.invalidateQueries({ queryKey: api.villages.key() });
  };
  return (
    <main>
      <Wizard
        brand={<Brand />}
        title={<Trans>You, and the words that bring you back</Trans>}
        step={found.done ? 4 : 3}
        of={6}
        resumable
        foot={
          found.done ? (
            <>
              <Muted>
                <Trans>Go on when the words are on paper.</Trans>
              </Muted>
              <Button disabled={!kept} onPress={() => void next()}>
                <Trans>Go on</Trans>
              </Button>
            </>
          ) : (
            <Button look="quiet" onPress={() => go({ step: 'village', yourName: name })}>
              <Trans>Back</Trans>
            </Button>
          )
        }
      >
        <div className={s['two']}>
          <Form onSend={send}>
            <Field label={t`Your name`} value={name} onChange={setName} focus />
            <PinFields value={pin} onChange={setPin} />
            <Note icon={<KeyRound size={20} aria-hidden />}>
              <b>
                <Trans>The PIN opens this laptop. The words are you.</Trans>
              </b>
              <br />
              <Trans>With the words on paper you can move to a new laptop. Nobody can send them to you again.</Trans>
            </Note>
            <InlineError error={found.error} />
            {!found.done && (
              <div>
                <Button submit disabled={!ready} busy={found.busy}>
                  <Trans>Found {progress.villageName}</Trans>
                </Button>
              </div>
            )}
          </Form>
          {found.done && <PaperWords words={found.done.words} owner={name} onKept={setKept} />}
        </div>
      </Wizard>
    </main>
  );
}
