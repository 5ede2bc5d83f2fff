import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { Muted } from '../../ui/layout.tsx';
import { PaperWords } from '../../ui/paper-words.tsx';
import { isPinReady, NO_PIN, PinFields } from '../../ui/pin-fields.tsx';
import { InlineError } from '../../ui/view.tsx';
import type { MemberCard } from './member-page.tsx';

interface Props {
  readonly card: MemberCard;
  readonly onClose: () => void;
}

/** A new key for the same member: old signatures stay good, the old words stop working. */
export function RotateKeyDialog({ card, onClose }: Props) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const [pin, setPin] = useState('');
  const [newPin, setNewPin] = useState(NO_PIN);
  const [kept, setKept] = useState(false);
  const rotate = useCommand(client.members.rotateKey);
  const ready = pin.length >= 4 && isPinReady(newPin);
  const send = () => {
    if (ready) rotate.send({ village: village.id, member: card.id, pin, newPin: newPin.pin });
  };
  return (
    <Dialog title={t`A new key for ${card.name}`} open onClose={onClose} wide held={Boolean(rotate.done)}>
      {rotate.done ? (
        <>
          <PaperWords words={rotate.done.words} owner={card.name} onKept={setKept} />
          <DialogFoot>
            <Button disabled={!kept} onPress={onClose}>
              <Trans>The words are on paper</Trans>
            </Button>
          </DialogFoot>
        </>
      ) : (
        <Form onSend={send}>
          <Muted>
            <Trans>
              For when the PIN or the paper words may be known to others. What was signed before stays signed.
            </Trans>
          </Muted>
          <Field label={t`PIN until now`} kind="pin" name="pin" value={pin} onChange={setPin} focus />
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
      )}
    </Dialog>
  );
}

/** The paper words bring a key to this laptop, under a new PIN. */
export function RecoverKeyDialog({ card, onClose }: Props) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const [words, setWords] = useState('');
  const [pin, setPin] = useState(NO_PIN);
  const recover = useCommand(client.members.recoverKey, onClose);
  const ready = words.trim().split(/\s+/).length >= 12 && isPinReady(pin);
  const send = () => {
    if (ready)
      recover.send({
        village: village.id,
        member: card.id,
        words: words.trim().toLowerCase().split(/\s+/).join(' '),
        newPin: pin.pin,
      });
  };
  return (
    <Dialog title={t`Bring the key of ${card.name} here`} open onClose={onClose}>
      <Form onSend={send}>
        <Field label={t`Paper words, in order`} value={words} onChange={setWords} long focus />
        <PinFields value={pin} onChange={setPin} />
        <InlineError error={recover.error} />
        <DialogFoot>
          <Button look="line" onPress={onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit disabled={!ready} busy={recover.busy}>
            <Trans>Bring it here</Trans>
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}
