import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../../ui/dialog.tsx';
import { Field, Tick } from '../../ui/field.tsx';
import { Small } from '../../ui/layout.tsx';
import { InlineError } from '../../ui/view.tsx';
import type { Device } from './consoles.tsx';

const LEAST_REASON = 3;

/** Takes a console out of the village for good: what it wrote so far stays, what it writes later does not count. */
export function RevokeDialog({ device, onClose }: { readonly device: Device; readonly onClose: () => void }) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const [reason, setReason] = useState('');
  const [sure, setSure] = useState(false);
  const [wasTheirs, setWasTheirs] = useState(true);
  const revoke = useCommand(client.villages.revokeDevice, onClose);
  const owner = device.memberName;
  const ready = sure && reason.trim().length >= LEAST_REASON;
  const send = () => {
    const counts = wasTheirs ? ('so-far' as const) : ('nothing' as const);
    if (ready) revoke.send({ village: village.id, device: device.id, reason: reason.trim(), counts });
  };
  return (
    <Dialog title={t`Take out the console of ${owner}`} open onClose={onClose}>
      <Form onSend={send}>
        <Small>
          <Trans>
            Everything it wrote until now stays in the book. What it writes from now on does not count anywhere. {owner}{' '}
            stays a member and can join again with another laptop.
          </Trans>
        </Small>
        <Field
          label={t`Why?`}
          hint={t`Everyone in the village can read this.`}
          name="reason"
          value={reason}
          onChange={setReason}
          long
          focus
        />
        <Tick on={!wasTheirs} onChange={(never) => setWasTheirs(!never)}>
          <Trans>It was never theirs: what it wrote since the last closed month does not count either</Trans>
        </Tick>
        <Tick on={sure} onChange={setSure}>
          <Trans>I know that this cannot be undone</Trans>
        </Tick>
        <InlineError error={revoke.error} />
        <DialogFoot>
          <Button look="line" onPress={onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit look="bad" disabled={!ready} busy={revoke.busy}>
            <Trans>Take it out</Trans>
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}
