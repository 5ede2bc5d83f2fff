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
import s from './peers.module.css';
import { shortPeer } from './peers.ts';
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
  const rest = restOf(fetching);
  if (devices.length + months.length + rest === 0) return null;
  const shown = all ? months : months.filter((m, at) => !m.isFetched || at < FIRST);
  const waiting = format.count(rest);
  return (
    <details className={s['fold']}>
      <summary>
        {rest > 0 ? <Trans>Why {waiting} days wait, by console and month</Trans> : <Trans>By console and month</Trans>}
      </summary>
      <Reasons fetching={fetching} />
      <ul className={s['parts']}>
        {devices.map((d) => {
          const id = shortPeer(d.device);
          const name = d.name === null ? t`A console not known yet, …${id}` : t`From ${d.name}, …${id}`;
          return <PartRow key={d.device} name={name} part={d} what={{ kind: 'device', device: d.device }} />;
        })}
        {shown.map((m) => (
          <PartRow key={m.month} name={format.month(m.month)} part={m} what={{ kind: 'month', month: m.month }} />
        ))}
      </ul>
      <Muted>
        <Trans>
          What you leave out, this laptop asks nobody for until you fetch it again. What is here stays, and a stick may
          still bring the rest. A month that lacks days cannot be closed here.
        </Trans>
      </Muted>
      {shown.length < months.length && (
        <Button look="line" small onPress={() => setAll(true)}>
          <Trans>Show all {months.length} months</Trans>
        </Button>
      )}
    </details>
  );
}

/** Days that are not on their way by themselves. */
const restOf = ({ absent, cancelled, present, verified }: Fetching): number =>
  absent.segments + cancelled.segments + present.segments - verified.segments;

function Reasons({ fetching }: { readonly fetching: Fetching }) {
  const format = useFormat();
  const { present, verified, absent, cancelled, bad } = fetching;
  const checking = present.segments - verified.segments - bad;
  return (
    <ul className={s['rest']}>
      {absent.segments > 0 && (
        <li>
          <Trans>
            <b>{format.count(absent.segments)}</b>: nobody in reach has them. They come when a console that has them is
            near, or on a stick.
          </Trans>
        </li>
      )}
      {cancelled.segments > 0 && (
        <li>
          <Trans>
            <b>{format.count(cancelled.segments)}</b>: you left them out, below.
          </Trans>
        </li>
      )}
      {checking > 0 && (
        <li>
          <Trans>
            <b>{format.count(checking)}</b>: here, and being checked.
          </Trans>
        </li>
      )}
      {bad > 0 && (
        <li>
          <Trans>
            <b>{format.count(bad)}</b>: did not pass the check, and count for nothing.
          </Trans>
        </li>
      )}
    </ul>
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
      <Small>
        <b>{name}</b>:{' '}
        <Trans>
          {have} of {all} days are here and checked.
        </Trans>{' '}
        {!isFetched ? (
          <b>
            <Trans>You left the others out.</Trans>
          </b>
        ) : (
          part.absent > 0 && <Trans>Nobody in reach has {format.count(part.absent)} of them.</Trans>
        )}
      </Small>
      <div>
        {isFetched ? (
          <Button
            look="line"
            small
            label={t`Leave out: ${name}`}
            busy={cancel.busy}
            onPress={() => cancel.send({ village: village.id, what })}
          >
            <Trans>Leave out</Trans>
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
