import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { Small } from '../ui/layout.tsx';
import { InlineError } from '../ui/view.tsx';
import { useConsole } from './console-context.tsx';
import { useCommand } from './use-command.ts';
import { useVillage } from './village-context.tsx';

/** Asks for the PIN that grants this console a device key of its own. */
export function NewDeviceDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLingui();
  const { id, me } = useVillage();
  const [pin, setPin] = useState('');
  const { client } = useConsole();
  const renew = useCommand(client.villages.becomeNewDevice, onClose);
  const name = me?.name ?? '';
  const send = () => {
    if (pin.length >= 4) renew.send({ village: id, pin });
  };
  return (
    <Dialog title={t`A new device of ${name}`} open onClose={onClose}>
      <Form onSend={send}>
        <Small>
          <Trans>
            The laptop this copy came from may have written more since. Two laptops that write as one would be frozen by
            the village. So this one gets a key of its own, signed with your PIN.
          </Trans>
        </Small>
        <Small>
          <Trans>Is the old laptop lost? Then take it out after this, under Settings, “Consoles that may write”.</Trans>
        </Small>
        <Field label={t`PIN of ${name}`} kind="pin" name="pin" value={pin} onChange={setPin} focus />
        <InlineError error={renew.error} />
        <DialogFoot>
          <Button look="line" onPress={onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit disabled={pin.length < 4} busy={renew.busy}>
            <Trans>Make it a new device</Trans>
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}
