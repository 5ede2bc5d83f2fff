import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useIsCoordinator, useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Form } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { Block, Mono, Muted, Stack } from '../../ui/layout.tsx';
import { InlineError } from '../../ui/view.tsx';

/** A console on the internet over which consoles in different places meet when they have internet. */
export function MeetingPoint({ address }: { readonly address: string | null }) {
  const mayChange = useIsCoordinator();
  const [editing, setEditing] = useState(false);
  if (address === null && !mayChange) return null;
  return (
    <Block title={<Trans>Meeting point on the internet</Trans>}>
      <Stack>
        <Muted>
          <Trans>
            A console of yours with an address on the internet. Consoles in different places meet there when they have
            internet. Nothing waits for it.
          </Trans>
        </Muted>
        {address !== null && <Mono>{address}</Mono>}
        {mayChange &&
          (editing ? (
            <Edit address={address} onDone={() => setEditing(false)} />
          ) : (
            <div>
              <Button look="line" onPress={() => setEditing(true)}>
                {address === null ? <Trans>Set a meeting point</Trans> : <Trans>Change the meeting point</Trans>}
              </Button>
            </div>
          ))}
      </Stack>
    </Block>
  );
}

function Edit({ address, onDone }: { readonly address: string | null; readonly onDone: () => void }) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const [text, setText] = useState(address ?? '');
  const save = useCommand(client.sync.setMeetingPoint, onDone);
  const wanted = text.trim();
  const ready = wanted.length >= 4 || (wanted === '' && address !== null);
  const send = () => {
    if (ready) save.send({ village: village.id, address: wanted === '' ? null : wanted });
  };
  return (
    <Form onSend={send}>
      <Field
        label={t`Its address`}
        hint={t`Empty: no meeting point.`}
        kind="code"
        name="meeting-point"
        placeholder="/dns4/meet.example.org/tcp/4101/p2p/12D3…"
        value={text}
        onChange={(next) => {
          setText(next);
          save.reset();
        }}
      />
      <InlineError error={save.error} />
      <div>
        <Button submit disabled={!ready} busy={save.busy}>
          <Trans>Keep this</Trans>
        </Button>
      </div>
    </Form>
  );
}
