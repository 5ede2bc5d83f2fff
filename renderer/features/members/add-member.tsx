import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Form } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { Note, PageHead } from '../../ui/layout.tsx';
import { PaperWords } from '../../ui/paper-words.tsx';
import { isPinReady, NO_PIN, PinFields } from '../../ui/pin-fields.tsx';
import { InlineError } from '../../ui/view.tsx';
import type { Role } from '../../ui/words.ts';
import s from './members.module.css';
import { RoleTicks } from './role-ticks.tsx';

/** A member without a laptop: their key lives here, under a PIN only they know. */
export function AddMember() {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const [, go] = useLocation();
  const [name, setName] = useState('');
  const [phone, setPhone] = useState('');
  const [roles, setRoles] = useState<readonly Role[]>(['consumer']);
  const [pin, setPin] = useState(NO_PIN);
  const [kept, setKept] = useState(false);
  const add = useCommand(client.members.add);
  const ready = name.trim() !== '' && roles.length > 0 && isPinReady(pin);
  const send = () => {
    if (ready) add.send({ village: village.id, name: name.trim(), phone, roles: [...roles], pin: pin.pin });
  };
  const done = add.done;
  return (
    <>
      <PageHead crumb={{ to: '/members', text: <Trans>Members</Trans> }} title={<Trans>Add a member</Trans>} />
      <div className={s['form']}>
        {done ? (
          <>
            <PaperWords words={done.words} owner={name} onKept={setKept} />
            <div>
              <Button disabled={!kept} onPress={() => go(`/members/${done.member}`)}>
                <Trans>The words are on paper</Trans>
              </Button>
            </div>
          </>
        ) : (
          <Form onSend={send}>
            <Field label={t`Name`} value={name} onChange={setName} focus />
            <Field
              label={t`Phone`}
              hint={t`May stay empty. Only consoles of this village can read it.`}
              value={phone}
              onChange={setPhone}
            />
            <RoleTicks value={roles} onChange={setRoles} />
            <Note>
              <Trans>Now hand them the keyboard. Only they should know the PIN.</Trans>
            </Note>
            <PinFields value={pin} onChange={setPin} />
            <InlineError error={add.error} />
            <div>
              <Button submit disabled={!ready} busy={add.busy}>
                <Trans>Add the member</Trans>
              </Button>
            </div>
          </Form>
        )}
      </div>
    </>
  );
}
