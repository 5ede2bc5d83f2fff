import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../../ui/dialog.tsx';
import { Field, Pick } from '../../ui/field.tsx';
import { Muted } from '../../ui/layout.tsx';
import { InlineError } from '../../ui/view.tsx';
import type { AgreementCard } from './agreement-page.tsx';
import { handsHere } from './sign-dialog.tsx';

/** A refusal with its reason: everyone named in the agreement reads it. */
export function DeclineDialog({ card, onClose }: { readonly card: AgreementCard; readonly onClose: () => void }) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const hands = handsHere(card, (signer, party) => t`${signer}, for ${party}`);
  const [chosen, setChosen] = useState(hands[0]?.key ?? null);
  const [reason, setReason] = useState('');
  const decline = useCommand(client.agreements.decline, onClose);
  const hand = hands.find((h) => h.key === chosen);
  const send = () => {
    if (hand && reason.trim().length >= 3)
      decline.send({ village: village.id, agreement: card.id, party: hand.party, reason: reason.trim() });
  };
  return (
    <Dialog title={t`Decline: ${card.title}`} open onClose={onClose}>
      <Form onSend={send}>
        <Muted>
          <Trans>The others are told why. A new version can be written after that.</Trans>
        </Muted>
        <Pick
          label={t`For whom?`}
          none={t`Choose`}
          value={chosen}
          onChange={setChosen}
          options={hands.map((h) => ({ id: h.key, text: h.text }))}
        />
        <Field label={t`Why?`} value={reason} onChange={setReason} long focus />
        <InlineError error={decline.error} />
        <DialogFoot>
          <Button look="line" onPress={onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit look="bad" disabled={!hand || reason.trim().length < 3} busy={decline.busy}>
            <Trans>Decline</Trans>
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}
