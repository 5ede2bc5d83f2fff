import { Trans, useLingui } from '@lingui/react/macro';
import { Save, ScanQrCode } from 'lucide-react';
import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { QrShow } from '../../app/qr-show.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Form } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { saveText } from '../../ui/files.ts';
import { useFormat } from '../../ui/format.tsx';
import { Muted, PageHead, Paper, Row, Stack } from '../../ui/layout.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import { InlineError } from '../../ui/view.tsx';
import type { Role } from '../../ui/words.ts';
import s from './members.module.css';
import { RoleTicks } from './role-ticks.tsx';

/** An invitation for someone with a console of their own: as text, as a code, as a file. */
export function Invite() {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const [name, setName] = useState('');
  const [roles, setRoles] = useState<readonly Role[]>(['consumer']);
  const [days, setDays] = useState('7');
  const [pin, setPin] = useState('');
  const invite = useCommand(client.villages.invite);
  const daysRight = /^([1-9]|[1-5]\d|60)$/.test(days);
  const ready = name.trim() !== '' && roles.length > 0 && daysRight && pin.length >= 4;
  const send = () => {
    if (ready) invite.send({ village: village.id, name: name.trim(), roles: [...roles], days: Number(days), pin });
  };
  return (
    <>
      <PageHead
        crumb={{ to: '/members', text: <Trans>Members</Trans> }}
        title={<Trans>Invite someone</Trans>}
        lead={<Trans>For a person with a console of their own. They make their own key and PIN there.</Trans>}
      />
      <div className={s['form']}>
        {invite.done ? (
          <Ready invitation={invite.done} name={name} again={invite.reset} />
        ) : (
          <Form onSend={send}>
            <Field label={t`Name`} value={name} onChange={setName} focus />
            <RoleTicks value={roles} onChange={setRoles} />
            <Field
              label={t`Good for how many days?`}
              kind="whole"
              value={days}
              onChange={setDays}
              error={daysRight ? null : t`From 1 to 60.`}
            />
            <Field
              label={t`Your PIN`}
              hint={t`You sign the invitation.`}
              kind="pin"
              name="pin"
              value={pin}
              onChange={setPin}
            />
            <InlineError error={invite.error} />
            <div>
              <Button submit disabled={!ready} busy={invite.busy}>
                <Trans>Make the invitation</Trans>
              </Button>
            </div>
          </Form>
        )}
      </div>
    </>
  );
}

function Ready(p: {
  readonly invitation: Out['villages']['invite'];
  readonly name: string;
  readonly again: () => void;
}) {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const [moving, setMoving] = useState(false);
  const { text, expiresAtMs } = p.invitation;
  const until = format.moment(expiresAtMs);
  return (
    <Paper title={<Trans>Invitation for {p.name}</Trans>}>
      <Stack>
        <Muted>
          <Trans>
            Good until {until}. Give it only to {p.name}: whoever has it can join in that name.
          </Trans>
        </Muted>
        {moving ? (
          <QrShow payload={{ kind: 'invitation', bytes: new TextEncoder().encode(text) }} />
        ) : (
          <div className={s['code']}>
            <QrCode text={text} label={t`Invitation as a code`} sizePx={320} />
            <p className={s['text']} data-testid="invitation">
              {text}
            </p>
          </div>
        )}
        <Row>
          <Button look="line" onPress={() => setMoving(!moving)}>
            <ScanQrCode aria-hidden />
            {moving ? <Trans>One large code</Trans> : <Trans>Several smaller codes</Trans>}
          </Button>
          <CopyButton text={text} />
          <Button look="line" onPress={() => saveText(`${village.name} ${p.name}.gridpact`, text)}>
            <Save aria-hidden />
            <Trans>Save as a file</Trans>
          </Button>
          <Button look="quiet" onPress={p.again}>
            <Trans>Invite someone else</Trans>
          </Button>
        </Row>
      </Stack>
    </Paper>
  );
}
