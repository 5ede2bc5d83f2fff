import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { PenLine } from 'lucide-react';
import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Button, Choice } from '../../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../../ui/dialog.tsx';
import { Field, Pick, Ticks } from '../../ui/field.tsx';
import { Muted, Note, Small } from '../../ui/layout.tsx';
import { tellApart } from '../../ui/tell-apart.ts';
import { InlineError } from '../../ui/view.tsx';
import s from './settings.module.css';
import type { VillageSettings } from './settings.tsx';

type Member = Out['members']['list']['members'][number];
export type PendingChange = VillageSettings['pendingCoordinators'][number];
interface DialogProps {
  readonly present: VillageSettings['coordinators'];
  readonly members: readonly Member[];
  /** A change others have signed already: the same one is offered. */
  readonly pending?: PendingChange;
  readonly onClose: () => void;
}

/** A new rule for closing: it counts once enough of the present coordinators have signed the same one. */
export function CoordinatorsDialog(p: DialogProps) {
  const { t } = useLingui();
  const { members, onClose } = p;
  // the rule that has to agree: once it does, the one outside is already the new one
  const [present] = useState(p.present);
  const village = useVillage();
  const { client } = useConsole();
  const able = members.filter((m) => m.kind === 'person' && m.roles.includes('coordinator'));
  const nameOf = tellApart(members);
  const already = p.pending?.signedBy.map((m) => m.id) ?? [];
  const hands = present.members.filter(
    (p) => !already.includes(p.id) && members.some((m) => m.id === p.id && m.keyHere),
  );
  const [named, setNamed] = useState<string[]>(
    (p.pending ?? present).members.filter((x) => able.some((m) => m.id === x.id)).map((x) => x.id),
  );
  const [wanted, setWanted] = useState((p.pending ?? present).threshold);
  const [signer, setSigner] = useState(hands[0]?.id ?? null);
  const [pin, setPin] = useState('');
  const [signed, setSigned] = useState<readonly string[]>([]);
  const set = useCommand(client.villages.setCoordinators, () => signer !== null && setSigned([...signed, signer]));
  const threshold = Math.min(wanted, Math.max(1, named.length));
  const ready = named.length > 0 && signer !== null && pin.length >= 4;
  const send = () => {
    if (ready) set.send({ village: village.id, members: named, threshold, signer, pin });
  };
  const next = hands.find((h) => !signed.includes(h.id) && h.id !== signer);
  const signNext = () => {
    if (!next) return;
    setSigner(next.id);
    setPin('');
    set.reset();
  };
  if (set.done)
    return (
      <Sent
        more={Math.max(0, present.threshold - already.length - signed.length)}
        next={next ? nameOf(next) : null}
        onNext={signNext}
        onClose={onClose}
      />
    );
  return (
    <Dialog title={t`Who closes accounts`} open onClose={onClose}>
      <Form onSend={send}>
        <Ticks
          label={t`These close and sign`}
          hint={t`Only members with the role of coordinator stand here. Give the role under Members.`}
          options={able.map((m) => ({ id: m.id, text: nameOf(m) }))}
          value={named}
          onChange={setNamed}
          error={named.length === 0 ? t`Choose one or more.` : null}
        />
        <HowMany of={Math.max(1, named.length)} value={threshold} onChange={setWanted} />
        {hands.length === 0 ? (
          <Note>
            <Trans>No present coordinator has their key on this laptop. They do this on their own console.</Trans>
          </Note>
        ) : (
          <>
            <Pick
              label={t`Who signs the change?`}
              none={t`Choose`}
              options={hands.map((m) => ({ id: m.id, text: nameOf(m) }))}
              value={signer}
              onChange={setSigner}
            />
            <Field label={t`PIN of the person who signs`} kind="pin" name="pin" value={pin} onChange={setPin} />
          </>
        )}
        <InlineError error={set.error} />
        <DialogFoot>
          <Button look="line" onPress={onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit disabled={!ready} busy={set.busy}>
            <PenLine aria-hidden />
            <Trans>Sign the change</Trans>
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}

function HowMany(p: { readonly of: number; readonly value: number; readonly onChange: (n: number) => void }) {
  const { t } = useLingui();
  const numbers = Array.from({ length: p.of }, (_, i) => i + 1);
  return (
    <div className={s['choice']}>
      <h3>
        <Trans>How many of them must sign a month?</Trans>
      </h3>
      <Choice
        label={t`How many of them must sign a month?`}
        value={String(p.value)}
        onChange={(n) => p.onChange(Number(n))}
        options={numbers.map((n) => [String(n), String(n)])}
      />
      {p.value === 1 && (
        <Muted>
          <Trans>With one signature, one person alone can close. Two see more than one.</Trans>
        </Muted>
      )}
    </div>
  );
}

function Sent(p: {
  readonly more: number;
  /** Another present coordinator whose key is here. */
  readonly next: string | null;
  readonly onNext: () => void;
  readonly onClose: () => void;
}) {
  const { t } = useLingui();
  const { more, next } = p;
  return (
    <Dialog title={t`The change is signed`} open onClose={p.onClose}>
      <Small>
        {more === 0 ? (
          <Trans>It counts from now on. The chain learns it with the next month.</Trans>
        ) : (
          <Plural
            value={more}
            one="It counts when # more of the present coordinators has signed the same change. Until then the old rule stands."
            other="It counts when # more of the present coordinators have signed the same change. Until then the old rule stands."
          />
        )}
      </Small>
      <DialogFoot>
        {more > 0 && next !== null ? (
          <>
            <Button look="line" onPress={p.onClose}>
              <Trans>Later</Trans>
            </Button>
            <Button onPress={p.onNext}>
              <PenLine aria-hidden />
              <Trans>{next} signs now</Trans>
            </Button>
          </>
        ) : (
          <Button onPress={p.onClose}>
            <Trans>Good</Trans>
          </Button>
        )}
      </DialogFoot>
    </Dialog>
  );
}
