import { Trans, useLingui } from '@lingui/react/macro';
import { PenLine } from 'lucide-react';
import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { usePinHint } from '../../app/pin-hint.ts';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../../ui/dialog.tsx';
import { Field, Pick } from '../../ui/field.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Muted, Sums } from '../../ui/layout.tsx';
import { SealWords } from '../../ui/marks.tsx';
import { InlineError } from '../../ui/view.tsx';
import type { MonthView } from './month-page.tsx';

/** Signs exactly the batch whose sums and words are shown. */
export function SignMonthDialog({ view, onClose }: { readonly view: MonthView; readonly onClose: () => void }) {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const { client } = useConsole();
  const signers = (view.batch?.signers ?? []).filter((x) => x.keyHere && x.signedAtMs === null);
  const [signer, setSigner] = useState(signers[0]?.member.id ?? null);
  const [pin, setPin] = useState('');
  const pinHint = usePinHint();
  const sign = useCommand(client.accounts.sign, onClose);
  const month = format.month(view.month);
  const digest = view.batch?.digest;
  const ready = signer !== null && digest !== undefined && pin.length >= 4;
  const send = () => {
    if (ready) sign.send({ village: village.id, month: view.month, signer, pin, digest });
  };
  return (
    <Dialog title={t`Sign ${month}`} open onClose={onClose}>
      <Form onSend={send}>
        <Sums
          rows={[
            { name: t`Statements`, value: format.count(view.statements.length) },
            { name: t`Members owe`, value: format.money(view.owedMinor) },
            { name: t`Village pays out`, value: format.money(view.paidOutMinor) },
            { name: t`Difference`, value: format.minor(view.differenceMinor), total: true },
          ]}
        />
        <div>
          <Muted>
            <Trans>Compare these words with the other coordinators.</Trans>
          </Muted>
          <SealWords words={view.batch?.words ?? []} />
        </div>
        <Pick
          label={t`Who signs?`}
          none={t`Choose`}
          value={signer}
          onChange={setSigner}
          options={signers.map((x) => ({ id: x.member.id, text: x.member.name }))}
        />
        <Field
          label={t`PIN of the person who signs`}
          hint={pinHint}
          kind="pin"
          name="pin"
          value={pin}
          onChange={setPin}
          focus
        />
        <InlineError error={sign.error} />
        <DialogFoot>
          <Button look="line" onPress={onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit disabled={!ready} busy={sign.busy}>
            <PenLine aria-hidden />
            <Trans>Sign these sums</Trans>
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}
