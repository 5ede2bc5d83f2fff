import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { Muted } from '../../ui/layout.tsx';
import { InlineError } from '../../ui/view.tsx';
import type { MemberCard } from './member-page.tsx';

/** Name, phone and note: what only members of the village read. */
export function EditDialog({ card, onClose }: { readonly card: MemberCard; readonly onClose: () => void }) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const [name, setName] = useState(card.name);
  const [phone, setPhone] = useState(card.phone ?? '');
  const [note, setNote] = useState(card.note ?? '');
  const save = useCommand(client.members.edit, onClose);
  const send = () => {
    if (name.trim() !== '') save.send({ village: village.id, member: card.id, name: name.trim(), phone, note });
  };
  return (
    <Dialog title={t`Name and phone of ${card.name}`} open onClose={onClose}>
      <Form onSend={send}>
        <Muted>
          <Trans>Only consoles of this village can read this.</Trans>
        </Muted>
        <Field label={t`Name`} value={name} onChange={setName} focus />
        <Field label={t`Phone`} value={phone} onChange={setPhone} />
        <Field label={t`Note`} value={note} onChange={setNote} long />
        <InlineError error={save.error} />
        <DialogFoot>
          <Button look="line" onPress={onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit disabled={name.trim() === ''} busy={save.busy}>
            <Trans>Save</Trans>
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}
