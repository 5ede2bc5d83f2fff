import { Trans, useLingui } from '@lingui/react/macro';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { readPaperWords } from '../../app/paper-text.ts';
import { useCommand } from '../../app/use-command.ts';
import type { Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { Form } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { Facts, Paper } from '../../ui/layout.tsx';
import { isPinReady, NO_PIN, PinFields } from '../../ui/pin-fields.tsx';
import { InlineError } from '../../ui/view.tsx';
import s from './first-run.module.css';

interface Props {
  readonly text: string;
  readonly pass: Out['villages']['readConsolePass'];
  readonly finish: () => void;
}

/** A second console of one person: their paper words let it in, a PIN of its own guards the key here. */
export function PassForm({ text, pass, finish }: Props) {
  const { t } = useLingui();
  const { client } = useConsole();
  const api = useApi();
  const queries = useQueryClient();
  const [typed, setTyped] = useState('');
  const [pin, setPin] = useState(NO_PIN);
  const end = async () => {
    // first the village, then the way out: without a village the gate would lead back here
    await queries.invalidateQueries({ queryKey: api.villages.key() });
    finish();
  };
  const add = useCommand(client.villages.addConsole, () => void end());
  const { words, count } = readPaperWords(typed);
  const ready = count === 12 && isPinReady(pin);
  return (
    <div className={s['two']}>
      <Paper title={pass.villageName}>
        <Facts rows={[[t`Another console of`, pass.name]]} />
      </Paper>
      <Form onSend={() => ready && add.send({ text: text.trim(), words, pin: pin.pin })}>
        <Field label={t`Paper words, in order`} value={typed} onChange={setTyped} long focus />
        <PinFields value={pin} onChange={setPin} />
        <InlineError error={add.error} />
        <div>
          <Button submit disabled={!ready} busy={add.busy}>
            <Trans>Open {pass.villageName} here</Trans>
          </Button>
        </div>
      </Form>
    </div>
  );
}
