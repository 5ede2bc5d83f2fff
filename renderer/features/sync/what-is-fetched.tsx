import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import type { In } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Muted, Small } from '../../ui/layout.tsx';
import { InlineError } from '../../ui/view.tsx';
import { shortPeer } from './peers.ts';
import s from './sync.module.css';
import type { SyncStatus } from './sync.tsx';

type Fetching = SyncStatus['fetching'];
type Part = Omit<Fetching['devices'][number], 'device' | 'name'>;
type What = In['sync']['cancelFetch']['what'];

/** Years of months are a long list. */
const FIRST = 6;

/** What is still to come, by console and by month; each can be left out, and taken up again. */
export function WhatIsFetched({ fetching }: { readonly fetching: Fetching }) {
  const { t } = useLingui();
  const format = useFormat();
  const [all, setAll] = useState(false);
  const devices = fetching.devices.filter((d) => !d.isFetched || d.present < d.announced);
  const { months } = fetching;
  if (devices.length + months.length === 0) return null;
  const shown = all ? months : months.filter((m, at) => !m.isFetched || at < FIRST);
  return (
    <details className={s['parts']}>
      <summary>
        <Trans>What is fetched, by console and month</Trans>
      </summary>
      <Muted>
        <Trans>
          What you leave out, this laptop asks nobody for until you fetch it again. What is here stays, and a stick may
          still bring the rest. A month that lacks days cannot be closed here.
        </Trans>
      </Muted>
      <ul className={s['months']}>
        {devices.map((d) => {
          const id = shortPeer(d.device);
          const name = d.name === null ? t`Console …${id}` : t`${d.name}, console …${id}`;
          return <PartRow key={d.device} name={name} part={d} what={{ kind: 'device', device: d.device }} />;
        })}
        {shown.map((m) => (
          <PartRow key={m.month} name={format.month(m.month)} part={m} what={{ kind: 'month', month: m.month }} />
        ))}
      </ul>
      {shown.length < months.length && (
        <Button look="line" small onPress={() => setAll(true)}>
          <Trans>Show all {months.length} months</Trans>
        </Button>
      )}
    </details>
  );
}

function PartRow({ name, part, what }: { readonly name: string; readonly part: Part; readonly what: What }) {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const { client } = useConsole();
  const cancel = useCommand(client.sync.cancelFetch);
  const again = useCommand(client.sync.fetchAgain);
  const { isFetched } = part;
  const have = format.count(part.verified);
  const all = format.count(part.announced);
  return (
    <li>
      <h3>{name}</h3>
      <Small>
        <Trans>
          {have} of {all} days are here and checked.
        </Trans>{' '}
        {!isFetched ? (
          <b>
            <Trans>The others are not fetched: stopped on this laptop.</Trans>
          </b>
        ) : (
          part.absent > 0 && <Trans>Announced, and nobody in reach has them: {format.count(part.absent)}.</Trans>
        )}
      </Small>
      <div>
        {isFetched ? (
          <Button
            look="line"
            small
            label={t`Stop fetching: ${name}`}
            busy={cancel.busy}
            onPress={() => cancel.send({ village: village.id, what })}
          >
            <Trans>Stop fetching</Trans>
          </Button>
        ) : (
          <Button
            look="line"
            small
            label={t`Fetch again: ${name}`}
            busy={again.busy}
            onPress={() => again.send({ village: village.id, what })}
          >
            <Trans>Fetch again</Trans>
          </Button>
        )}
      </div>
      <InlineError error={cancel.error ?? again.error} />
    </li>
  );
}
