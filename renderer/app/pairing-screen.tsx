import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Form } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { useConsole } from './console-context.tsx';
import s from './gate.module.css';
import { Logo } from './logo.tsx';
import { pair } from './pairing.ts';

/** Shown when the gateway does not know this browser. */
export function PairingScreen() {
  const { t } = useLingui();
  const { link } = useConsole();
  const [code, setCode] = useState('');
  const [state, setState] = useState<'asking' | 'sending' | 'refused' | 'away'>('asking');
  const send = async () => {
    setState('sending');
    const answer = await pair(code);
    if (answer !== 'paired') return setState(answer);
    link.retryNow();
  };
  const error =
    state === 'refused'
      ? t`This code is not right, or was used before. Start the console again for a new one.`
      : state === 'away'
        ? t`The console does not answer. Is it still running?`
        : null;
  return (
    <main className={s['page']}>
      <p className={s['brand']}>
        <Logo /> Gridpact
      </p>
      <h1>
        <Trans>Pair this window</Trans>
      </h1>
      <p>
        <Trans>The console printed a code when it started. It works once.</Trans>
      </p>
      <Form onSend={() => void send()}>
        <Field label={t`Pairing code`} value={code} onChange={setCode} kind="code" error={error} focus />
        <div>
          <Button submit disabled={code.trim() === ''} busy={state === 'sending'}>
            <Trans>Pair</Trans>
          </Button>
        </div>
      </Form>
      <p className={s['quiet']}>
        <Trans>No internet is needed. Nothing leaves this laptop.</Trans>
      </p>
    </main>
  );
}
