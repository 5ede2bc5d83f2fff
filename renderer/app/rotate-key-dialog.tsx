import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { Note, Small } from '../ui/layout.tsx';
import { PaperWords } from '../ui/paper-words.tsx';
import { isPinReady, NO_PIN, PinFields } from '../ui/pin-fields.tsx';
import { InlineError } from '../ui/view.tsx';
import { useConsole } from './console-context.tsx';
import { useCommand } from './use-command.ts';
import { useVillage } from './village-context.tsx';
import type { Out } from './wire.ts';

type Holder = Pick<Out['members']['list']['members'][number], 'id' | 'name' | 'roles'>;

/** A new key signed by the old one. Its words are shown this once and asked for before the dialog closes. */
export function RotateKeyDialog({ card, onClose }: { readonly card: Holder; readonly onClose: () => void }) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const [oldPin, setOldPin] = useState('');
  const [newPin, setNewPin] = useState(NO_PIN);
  const rotate = useCommand(client.members.rotateKey);
  const { name } = card;
  const ready = oldPin.length >= 4 && isPinReady(newPin);
  const send = () => {
    if (ready) rotate.send({ village: village.id, member: card.id, pin: oldPin, newPin: newPin.pin });
  };
  if (rotate.done) return <NewWords name={name} words={rotate.done.words} onClose={onClose} />;
  return (
    <Dialog title={t`New key for ${name}`} open onClose={onClose}>
      <Form onSend={send}>
        <Small>
          <Trans>
            Do this when someone saw the paper words or the PIN. The old words stop working. What was signed so far
            stays signed.
          </Trans>
        </Small>
        {card.roles.includes('coordinator') && (
          <Note>
            <Trans>
              {name} is a coordinator. After this, sign “Change who closes” once more, so that the chain knows the new
              key.
            </Trans>
          </Note>
        )}
        <Field label={t`PIN until now`} kind="pin" name="pin" value={oldPin} onChange={setOldPin} focus />
        <PinFields value={newPin} onChange={setNewPin} />
        <InlineError error={rotate.error} />
        <DialogFoot>
          <Button look="line" onPress={onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit disabled={!ready} busy={rotate.busy}>
            <Trans>Make the new key</Trans>
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}

function NewWords(p: { readonly name: string; readonly words: readonly string[]; readonly onClose: () => void }) {
  const { t } = useLingui();
  const [kept, setKept] = useState(false);
  return (
    <Dialog title={t`New paper words of ${p.name}`} open held onClose={p.onClose} wide>
      <Note>
        <Trans>Shown this once. Tear up the old paper.</Trans>
      </Note>
      <PaperWords words={p.words} owner={p.name} onKept={setKept} />
      <DialogFoot>
        <Button disabled={!kept} onPress={p.onClose}>
          <Trans>The words are on paper</Trans>
        </Button>
      </DialogFoot>
    </Dialog>
  );
}
