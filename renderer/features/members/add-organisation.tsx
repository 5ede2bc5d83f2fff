import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Form } from '../../ui/dialog.tsx';
import { Field, Ticks } from '../../ui/field.tsx';
import { PageHead } from '../../ui/layout.tsx';
import { InlineError } from '../../ui/view.tsx';
import type { Role } from '../../ui/words.ts';
import s from './members.module.css';
import { RoleTicks } from './role-ticks.tsx';

/** An organisation has no key of its own: some of its people sign for it. */
export function AddOrganisation() {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const [, go] = useLocation();
  const members = useQuery(useApi().members.list.queryOptions({ input: { village: village.id } }));
  const people = (members.data?.members ?? []).filter((m) => m.kind === 'person');
  const [name, setName] = useState('');
  const [roles, setRoles] = useState<readonly Role[]>(['owner']);
  const [signatories, setSignatories] = useState<readonly string[]>([]);
  const [threshold, setThreshold] = useState('1');
  const add = useCommand(client.members.addOrganisation, (done) => go(`/members/${done.member}`));
  const needed = /^\d$/.test(threshold) ? Number(threshold) : 0;
  const rightNumber = needed >= 1 && needed <= Math.max(1, signatories.length);
  const ready = name.trim() !== '' && roles.length > 0 && signatories.length > 0 && rightNumber;
  const send = () => {
    if (ready)
      add.send({
        village: village.id,
        name: name.trim(),
        roles: [...roles],
        signatories: [...signatories],
        threshold: needed,
      });
  };
  return (
    <>
      <PageHead crumb={{ to: '/members', text: <Trans>Members</Trans> }} title={<Trans>Add an organisation</Trans>} />
      <div className={s['form']}>
        <Form onSend={send}>
          <Field label={t`Name`} value={name} onChange={setName} focus />
          <RoleTicks value={roles} onChange={setRoles} />
          <Ticks
            label={t`Who signs for it?`}
            hint={t`At most nine people`}
            value={signatories}
            onChange={(x) => setSignatories(x.slice(0, 9))}
            options={people.map((m) => ({ id: m.id, text: m.name }))}
          />
          <Field
            label={t`How many of them must sign?`}
            kind="whole"
            value={threshold}
            onChange={setThreshold}
            error={rightNumber ? null : t`From 1 to ${Math.max(1, signatories.length)}.`}
          />
          <InlineError error={add.error} />
          <div>
            <Button submit disabled={!ready} busy={add.busy}>
              <Trans>Add the organisation</Trans>
            </Button>
          </div>
        </Form>
      </div>
    </>
  );
}
