import { Trans, useLingui } from '@lingui/react/macro';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ScanQrCode } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import type { Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog, Form } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { FilePick } from '../../ui/file-pick.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Facts, Paper } from '../../ui/layout.tsx';
import { PaperWords } from '../../ui/paper-words.tsx';
import { isPinReady, NO_PIN, PinFields } from '../../ui/pin-fields.tsx';
import { InlineError } from '../../ui/view.tsx';
import { Wizard } from '../../ui/wizard.tsx';
import { ROLE_WORDS } from '../../ui/words.ts';
import { Brand } from './brand.tsx';
import s from './first-run.module.css';
import type { StepProps } from './first-run.tsx';
import { PassForm } from './pass-form.tsx';

const QrScan = lazy(async () => ({ default: (await import('../../app/qr-scan.tsx')).QrScan }));

type Invitation = Out['villages']['readInvitation'];
type Pass = Out['villages']['readConsolePass'];
/** What a person brings: an invitation, or the way in for a second console of theirs. */
type Brought = { readonly invitation: Invitation } | { readonly pass: Pass };
const PASS = 'gridpact-console:';

/** An invitation is read, shown, and only then used. */
export function JoinStep({ go, finish }: StepProps) {
  const { client } = useConsole();
  const [text, setText] = useState('');
  const [joined, setJoined] = useState(false);
  const read = useMutation<Brought, unknown, string>({
    mutationFn: async (x) =>
      x.startsWith(PASS)
        ? { pass: await client.villages.readConsolePass({ text: x }) }
        : { invitation: await client.villages.readInvitation({ text: x }) },
  });
  return (
    <main>
      <Wizard
        brand={<Brand />}
        title={<Trans>Join a village</Trans>}
        step={joined ? 4 : read.data ? 3 : 2}
        of={4}
        foot={
          // no way back once the words are on the screen: they are shown this once
          joined ? (
            <span />
          ) : (
            <Button look="quiet" onPress={() => (read.data ? read.reset() : go({ step: 'start' }))}>
              <Trans>Back</Trans>
            </Button>
          )
        }
      >
        {read.data && 'pass' in read.data ? (
          <PassForm text={text} pass={read.data.pass} finish={finish} />
        ) : read.data ? (
          <JoinForm text={text} invitation={read.data.invitation} onJoined={() => setJoined(true)} finish={finish} />
        ) : (
          <InvitationForm
            text={text}
            onText={setText}
            onRead={() => read.mutate(text.trim())}
            busy={read.isPending}
            error={read.error}
          />
        )}
      </Wizard>
    </main>
  );
}

/** Off the other screen: one large code, or several that follow one another. */
function ScanInvitation({ onText }: { readonly onText: (text: string) => void }) {
  const { t } = useLingui();
  const [open, setOpen] = useState(false);
  const done = (text: string) => {
    onText(text);
    setOpen(false);
  };
  return (
    <div>
      <Button look="line" onPress={() => setOpen(true)}>
        <ScanQrCode aria-hidden />
        <Trans>Scan it off a screen</Trans>
      </Button>
      {open && (
        <Dialog title={t`Scan the invitation`} open onClose={() => setOpen(false)} wide>
          <Suspense fallback={null}>
            <QrScan
              onText={done}
              onPayload={({ kind, bytes }) => kind === 'invitation' && done(new TextDecoder().decode(bytes))}
            />
          </Suspense>
        </Dialog>
      )}
    </div>
  );
}

function InvitationForm(p: {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly onRead: () => void;
  readonly busy: boolean;
  readonly error: unknown;
}) {
  const { t } = useLingui();
  return (
    <Form onSend={p.onRead}>
      <Field
        label={t`Invitation`}
        hint={t`Paste all of it, or open the file.`}
        value={p.text}
        onChange={p.onText}
        kind="code"
        long
        focus
      />
      <FilePick
        label={t`Open an invitation file`}
        accept=".txt,.gridpact,text/plain"
        onText={(x) => p.onText(x.trim())}
      />
      <ScanInvitation onText={p.onText} />
      <InlineError error={p.error} />
      <div>
        <Button submit disabled={!p.text.trim()} busy={p.busy}>
          <Trans>Read it</Trans>
        </Button>
      </div>
    </Form>
  );
}

function JoinForm(p: {
  readonly text: string;
  readonly invitation: Invitation;
  readonly onJoined: () => void;
  readonly finish: () => void;
}) {
  const { t } = useLingui();
  const format = useFormat();
  const { client } = useConsole();
  const api = useApi();
  const queries = useQueryClient();
  const [name, setName] = useState(p.invitation.name);
  const [pin, setPin] = useState(NO_PIN);
  const [kept, setKept] = useState(false);
  const join = useCommand(client.villages.join, p.onJoined);
  const ready = name.trim() !== '' && isPinReady(pin);
  const end = async () => {
    // first the village, then the way out: without a village the gate would lead back here
    await queries.invalidateQueries({ queryKey: api.villages.key() });
    p.finish();
  };
  return (
    <div className={s['two']}>
      <Paper title={p.invitation.villageName}>
        <Facts
          rows={[
            [t`Invited by`, p.invitation.invitedBy],
            [t`For`, p.invitation.name],
            [t`As`, p.invitation.roles.map((r) => t(ROLE_WORDS[r])).join(', ')],
            [t`Good until`, format.moment(p.invitation.expiresAtMs)],
          ]}
        />
      </Paper>
      {join.done ? (
        <div className={s['form']}>
          <PaperWords words={join.done.words} owner={name} onKept={setKept} />
          <div>
            <Button disabled={!kept} onPress={() => void end()}>
              <Trans>Open the village</Trans>
            </Button>
          </div>
        </div>
      ) : (
        <Form onSend={() => ready && join.send({ text: p.text.trim(), name: name.trim(), pin: pin.pin })}>
          <Field label={t`Your name`} value={name} onChange={setName} />
          <PinFields value={pin} onChange={setPin} />
          <InlineError error={join.error} />
          <div>
            <Button submit disabled={!ready} busy={join.busy}>
              <Trans>Join {p.invitation.villageName}</Trans>
            </Button>
          </div>
        </Form>
      )}
    </div>
  );
}
