import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../ui/dialog.tsx';
import { Field, Pick } from '../ui/field.tsx';
import { Small } from '../ui/layout.tsx';
import { isPinReady, NO_PIN, PinFields } from '../ui/pin-fields.tsx';
import { tellApart } from '../ui/tell-apart.ts';
import { InlineError } from '../ui/view.tsx';
import { useConsole } from './console-context.tsx';
import { readPaperWords } from './paper-text.ts';
import { useCommand } from './use-command.ts';
import { useVillage } from './village-context.tsx';
import type { Out } from './wire.ts';

type Holder = Pick<Out['members']['list']['members'][number], 'id' | 'name' | 'keyHere'>;

/** Brings a person's key to this laptop from the words on their paper, under a PIN chosen now. */
export function RecoverKeyDialog({
  people,
  onClose,
}: {
  readonly people: readonly Holder[];
  readonly onClose: () => void;
}) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const [member, setMember] = useState(people.find((m) => !m.keyHere)?.id ?? null);
  const nameOf = tellApart(people);
  const [typed, setTyped] = useState('');
  const [pin, setPin] = useState(NO_PIN);
  const recover = useCommand(client.members.recoverKey, onClose);
  const { words, count } = readPaperWords(typed);
  const ready = member !== null && count >= 12 && isPinReady(pin);
  const send = () => {
    if (ready) recover.send({ village: village.id, member, words, newPin: pin.pin });
  };
  return (
    <Dialog title={t`Bring a key back from paper`} open onClose={onClose}>
      <Form onSend={send}>
        <Small>
          <Trans>For a new laptop, or a forgotten PIN. The words are checked here and sent nowhere.</Trans>
        </Small>
        <Pick
          label={t`Whose paper is it?`}
          none={t`Choose`}
          options={people.map((m) => ({
            id: m.id,
            text: nameOf(m),
            more: m.keyHere ? t`the key is here already` : '',
          }))}
          value={member}
          onChange={setMember}
        />
        <Field
          label={t`The words in their order`}
          hint={count === 0 ? t`With a space between. Numbers do not matter.` : t`${count} words so far`}
          name="words"
          value={typed}
          onChange={setTyped}
          long
        />
        <PinFields value={pin} onChange={setPin} />
        <InlineError error={recover.error} />
        <DialogFoot>
          <Button look="line" onPress={onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit disabled={!ready} busy={recover.busy}>
            <Trans>Bring it back</Trans>
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}
