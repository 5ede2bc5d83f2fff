import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../../ui/dialog.tsx';
import { InlineError } from '../../ui/view.tsx';
import type { Role } from '../../ui/words.ts';
import type { MemberCard } from './member-page.tsx';
import { RoleTicks } from './role-ticks.tsx';

export function RolesDialog({ card, onClose }: { readonly card: MemberCard; readonly onClose: () => void }) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const [roles, setRoles] = useState<readonly Role[]>(card.roles);
  const save = useCommand(client.members.setRoles, onClose);
  const send = () => save.send({ village: village.id, member: card.id, roles: [...roles] });
  return (
    <Dialog title={t`Roles of ${card.name}`} open onClose={onClose}>
      <Form onSend={send}>
        <RoleTicks value={roles} onChange={setRoles} />
        <InlineError error={save.error} />
        <DialogFoot>
          <Button look="line" onPress={onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit disabled={roles.length === 0} busy={save.busy}>
            <Trans>Save the roles</Trans>
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}
