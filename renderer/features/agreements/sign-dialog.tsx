import { Trans, useLingui } from '@lingui/react/macro';
import { PenLine } from 'lucide-react';
import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { usePinHint } from '../../app/pin-hint.ts';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../../ui/dialog.tsx';
import { Field, Pick, Tick } from '../../ui/field.tsx';
import { Muted, Row } from '../../ui/layout.tsx';
import { SealWords } from '../../ui/marks.tsx';
import { InlineError } from '../../ui/view.tsx';
import type { AgreementCard } from './agreement-page.tsx';
import { ClauseList } from './clause-text.tsx';
import type { Clause } from './clauses.ts';

interface Hand {
  readonly key: string;
  readonly party: string;
  readonly signer: string;
  readonly text: string;
}

/** Everyone who can sign at this console: a party and whose key signs for it. */
export function handsHere(card: AgreementCard, join: (signer: string, party: string) => string): Hand[] {
  return card.parties
    .filter((p) => p.signedAtMs === null)
    .flatMap((p) =>
      p.signers
        .filter((x) => x.keyHere && !x.signed)
        .map((x) => ({
          key: `${p.part}-${p.member.id}-${x.id}`,
          party: p.member.id,
          signer: x.id,
          text: x.id === p.member.id ? x.name : join(x.name, p.member.name),
        })),
    );
}

/** Who signs, the sentences once more, the PIN: exactly the bytes whose hash was shown. */
export function SignDialog(p: {
  readonly card: AgreementCard;
  readonly clauses: readonly Clause[];
  readonly onClose: () => void;
}) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const hands = handsHere(p.card, (signer, party) => t`${signer}, for ${party}`);
  const [chosen, setChosen] = useState(hands[0]?.key ?? null);
  const [read, setRead] = useState(false);
  const [pin, setPin] = useState('');
  const pinHint = usePinHint();
  const sign = useCommand(client.agreements.sign, p.onClose);
  const hand = hands.find((h) => h.key === chosen);
  const count = p.clauses.length;
  const ready = hand !== undefined && read && pin.length >= 4;
  const send = () => {
    if (!ready) return;
    sign.send({
      village: village.id,
      agreement: p.card.id,
      party: hand.party,
      signer: hand.signer,
      pin,
      termsHash: p.card.termsHash,
    });
  };
  return (
    <Dialog title={t`Sign: ${p.card.title}`} open onClose={p.onClose} wide>
      <Form onSend={send}>
        <Pick
          label={t`Who signs?`}
          none={t`Choose`}
          value={chosen}
          onChange={setChosen}
          options={hands.map((h) => ({ id: h.key, text: h.text }))}
        />
        <ClauseList clauses={p.clauses} small />
        <Row>
          <Muted>{t`Seal words`}</Muted>
          <SealWords words={p.card.sealWords} />
        </Row>
        <Tick on={read} onChange={setRead}>
          <Trans>I have read all {count} sentences</Trans>
        </Tick>
        <Field
          label={t`PIN of the person who signs`}
          hint={pinHint}
          kind="pin"
          name="pin"
          value={pin}
          onChange={setPin}
        />
        <InlineError error={sign.error} />
        <DialogFoot>
          <Button look="line" onPress={p.onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit disabled={!ready} busy={sign.busy}>
            <PenLine aria-hidden />
            <Trans>Sign these words</Trans>
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}
