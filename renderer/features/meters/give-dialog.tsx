import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { DAY_MS, dayOf, dayStart, monthOf, monthSpan } from '#domain/time.ts';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useNowMs, useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../../ui/dialog.tsx';
import { Field, Pick } from '../../ui/field.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Note } from '../../ui/layout.tsx';
import { InlineError } from '../../ui/view.tsx';
import type { Readers, ReadThing } from './readers-block.tsx';

interface GiveProps {
  readonly thing: ReadThing;
  readonly signers: Readers['signers'];
  readonly onClose: () => void;
}

/** The owner of a meter or an asset lets a member read it until a day, and signs with their PIN. */
export function GiveDialog({ thing, signers, onClose }: GiveProps) {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const nowMs = useNowMs();
  const { client } = useConsole();
  const members = useQuery(useApi().members.list.queryOptions({ input: { village: village.id } }));
  const [to, setTo] = useState<string | null>(null);
  const [from, setFrom] = useState<'month' | 'all'>('month');
  const [level, setLevel] = useState<'shared' | 'private'>('private');
  const [until, setUntil] = useState(() => dayOf(nowMs + 90 * DAY_MS, format.zone));
  const [purpose, setPurpose] = useState('');
  const [signer, setSigner] = useState<string | null>(signers.length === 1 ? (signers[0]?.id ?? null) : null);
  const [pin, setPin] = useState('');
  const give = useCommand(client.grants.give, onClose);
  const untilMs = endOf(until, format.zone);
  const isPast = untilMs !== null && untilMs <= nowMs;
  const ready =
    to !== null && signer !== null && untilMs !== null && !isPast && purpose.trim().length >= 3 && pin.length >= 4;
  const send = () => {
    if (!ready || to === null || signer === null || untilMs === null) return;
    const fromMs = from === 'all' ? 0 : monthSpan(monthOf(nowMs, format.zone), format.zone).from;
    const what = thing.kind === 'meter' ? { meters: [thing.id] } : { meters: [], assets: [thing.id], level };
    give.send({ village: village.id, ...what, to, fromMs, untilMs, purpose: purpose.trim(), signer, pin });
  };
  return (
    <Dialog title={t`Let someone read ${thing.name}`} open onClose={onClose}>
      <Form onSend={send}>
        <Pick
          label={t`Who may read?`}
          none={t`Choose`}
          value={to}
          onChange={setTo}
          options={(members.data?.members ?? [])
            .filter((m) => m.id !== thing.owner)
            .map((m) => ({ id: m.id, text: m.name }))}
        />
        {thing.kind === 'meter' ? (
          <Pick
            label={t`Which readings?`}
            none={t`Choose`}
            value={from}
            onChange={setFrom}
            options={[
              { id: 'month', text: t`From this month on` },
              { id: 'all', text: t`All months, also those past` },
            ]}
          />
        ) : (
          <Pick
            label={t`What of it?`}
            hint={t`Exact place and contract are for its owner, its host and coordinators unless you let others.`}
            none={t`Choose`}
            value={level}
            onChange={setLevel}
            options={[
              { id: 'private', text: t`Serial number, exact place and contract` },
              { id: 'shared', text: t`The serial number only` },
            ]}
          />
        )}
        <Field
          label={t`Last day`}
          kind="date"
          value={until}
          onChange={setUntil}
          error={untilMs === null ? t`A day, like 2026-12-31.` : isPast ? t`That day is over.` : null}
        />
        <Field label={t`What for?`} value={purpose} onChange={setPurpose} long />
        <Pick
          label={t`Who signs?`}
          none={t`Choose`}
          value={signer}
          onChange={setSigner}
          options={signers.map((m) => ({ id: m.id, text: m.name }))}
        />
        <Field label={t`Their PIN`} kind="pin" value={pin} onChange={setPin} />
        <Note>
          <Trans>You can take it back at any time. What they read until then stays with them.</Trans>
        </Note>
        <InlineError error={give.error} />
        <DialogFoot>
          <Button look="line" onPress={onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit disabled={!ready} busy={give.busy}>
            <Trans>Sign and let them read</Trans>
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}

/** The end of a day as it is written, or null. */
function endOf(day: string, zone: { readonly offsetMin: number }): number | null {
  try {
    return dayStart(day, zone) + DAY_MS;
  } catch {
    return null;
  }
}
