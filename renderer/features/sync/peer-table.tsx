import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Check, CircleDashed, Laptop } from 'lucide-react';
import { AmountText } from '../../app/amounts.tsx';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useNowMs, useVillage } from '../../app/village-context.tsx';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Hidden, Paper } from '../../ui/layout.tsx';
import { RowName, Table } from '../../ui/table.tsx';
import { InlineError } from '../../ui/view.tsx';
import { LinkSwitch } from './link-switch.tsx';
import {
  type ConsoleRow,
  consoleRows,
  orderPeers,
  type Peer,
  type PeerStanding,
  shortPeer,
  standingOf,
} from './peers.ts';
import s from './sync.module.css';

/** Every console this one knows: when it was heard and what is still on the way. */
export function PeerTable({ peers, online }: { readonly peers: readonly Peer[]; readonly online: boolean }) {
  const village = useVillage();
  const news = useQuery(useApi().bundles.state.queryOptions({ input: { village: village.id } }));
  const rows = consoleRows(peers, news.data?.consoles ?? []);
  return (
    <Paper title={<Trans>Who has what</Trans>}>
      <LinkSwitch online={online} />
      {rows.length === 0 ? <Nobody /> : <Peers peers={orderPeers(rows)} />}
    </Paper>
  );
}

function Nobody() {
  return (
    <div className={s['nobody']}>
      <h3>
        <Trans>No other console yet</Trans>
      </h3>
      <p>
        <Trans>
          This laptop holds the only copy of the book. Invite a second coordinator, or give another console the address
          below.
        </Trans>
      </p>
      <ButtonLink to="/members/invite">
        <Trans>Invite someone</Trans>
      </ButtonLink>
    </div>
  );
}

function Peers({ peers }: { readonly peers: readonly ConsoleRow[] }) {
  const { t } = useLingui();
  return (
    <Table
      caption={t`Other consoles`}
      rowKey={(peer) => peer.peer}
      groups={[{ key: 'all', rows: peers }]}
      columns={[
        {
          key: 'who',
          head: t`Who`,
          cell: (peer) => (
            <RowName
              mark={<Laptop size={20} strokeWidth={1.75} aria-hidden />}
              name={peer.name ?? t`Console not known yet`}
              second={
                <>
                  <ConsoleId peer={peer} />
                  <span className={s['phoneOnly']}>
                    <BookState peer={peer} />
                  </span>
                </>
              }
            />
          ),
        },
        { key: 'heard', head: t`Heard`, cell: (peer) => <HeardFrom peer={peer} /> },
        {
          key: 'out',
          head: t`To them`,
          wideOnly: true,
          cell: (peer) => <ToCome entries={peer.toSend} days={peer.toSendDays} />,
        },
        {
          key: 'in',
          head: t`To us`,
          wideOnly: true,
          cell: (peer) => <ToCome entries={peer.toFetch} days={0} />,
        },
        { key: 'book', head: t`Book`, wideOnly: true, cell: (peer) => <BookState peer={peer} /> },
        {
          key: 'act',
          head: <Hidden>{t`Forget`}</Hidden>,
          end: true,
          cell: (peer) => (peer.connected || peer.isByStick ? null : <Forget peer={peer} />),
        },
      ]}
    />
  );
}

/** For a console that will not come back; one that does is on the list again. */
function Forget({ peer }: { readonly peer: Peer }) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const forget = useCommand(client.sync.forgetPeer);
  const id = shortPeer(peer.peer);
  return (
    <>
      <Button
        look="quiet"
        small
        label={t`Forget console …${id}`}
        busy={forget.busy}
        onPress={() => forget.send({ village: village.id, peer: peer.peer })}
      >
        <Trans>Forget</Trans>
      </Button>
      <InlineError error={forget.error} />
    </>
  );
}

function ConsoleId({ peer }: { readonly peer: Peer }) {
  const id = shortPeer(peer.peer);
  return (
    <span className={s['id']}>
      <Trans>console …{id}</Trans>
    </span>
  );
}

function HeardFrom({ peer }: { readonly peer: ConsoleRow }) {
  const format = useFormat();
  const nowMs = useNowMs();
  if (peer.connected) return <b>{peer.relayed ? <Trans>now, over the meeting point</Trans> : <Trans>now</Trans>}</b>;
  if (peer.heardAtMs === null) return <Trans>not yet</Trans>;
  const age = format.age(nowMs - peer.heardAtMs);
  return peer.isByStick ? <Trans>by stick, {age} ago</Trans> : <Trans>{age} ago</Trans>;
}

function ToCome({ entries, days }: { readonly entries: number; readonly days: number }) {
  const amount = <AmountText entries={entries} days={days} />;
  return entries + days === 0 ? amount : <b>{amount}</b>;
}

function BookState({ peer }: { readonly peer: ConsoleRow }) {
  const { toSend, toFetch } = peer;
  const standing = standingOf(peer);
  return (
    <span className={s['state']}>
      {standing.startsWith('same') ? <Check size={18} aria-hidden /> : <CircleDashed size={18} aria-hidden />}
      <span>
        <StandingWords standing={standing} />
        {toSend + toFetch > 0 && (
          <span className={s['phoneOnly']}>
            <OnTheWay toSend={toSend} toFetch={toFetch} />
          </span>
        )}
      </span>
    </span>
  );
}

function OnTheWay({ toSend, toFetch }: Pick<Peer, 'toSend' | 'toFetch'>) {
  if (toFetch === 0) return <Trans>{toSend} to them</Trans>;
  if (toSend === 0) return <Trans>{toFetch} to us</Trans>;
  return (
    <Trans>
      {toSend} to them, {toFetch} to us
    </Trans>
  );
}

function StandingWords({ standing }: { readonly standing: PeerStanding }) {
  switch (standing) {
    case 'same-now':
      return <Trans>same as here</Trans>;
    case 'same-then':
      return <Trans>same when last heard</Trans>;
    case 'differs':
      return <Trans>differs: compare the words</Trans>;
    case 'copying':
      return <Trans>being copied</Trans>;
    case 'comparing':
      return <Trans>comparing</Trans>;
    case 'waits':
      return <Trans>goes on when it is back</Trans>;
    case 'by-stick':
      return <Trans>waits for a stick</Trans>;
    case 'unheard':
      return <Trans>starts when it answers</Trans>;
    case 'refused':
      return (
        <Trans>
          does not know our network key: it was changed while one of the two was away. Bring a copy on a USB stick, or
          ask for a new invitation
        </Trans>
      );
  }
}
