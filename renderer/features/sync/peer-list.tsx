import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Check, CircleDashed, Laptop, Usb } from 'lucide-react';
import { AmountText } from '../../app/amounts.tsx';
import { useApi } from '../../app/console-context.tsx';
import { useNowMs, useVillage } from '../../app/village-context.tsx';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Paper } from '../../ui/layout.tsx';
import { tellApart } from '../../ui/tell-apart.ts';
import { DaysOfReadings } from './days-of-readings.tsx';
import { ForgetPeers } from './forget-peers.tsx';
import { LinkSwitch } from './link-switch.tsx';
import s from './peers.module.css';
import { type ConsoleRow, consoleRows, orderPeers, type PeerStanding, standingOf } from './peers.ts';
import type { SyncStatus } from './sync.tsx';

/** Every console this one knows: when it was heard, what each lacks, and the days of readings on their way here. */
export function PeerList(p: { readonly status: SyncStatus; readonly onStick: (to: string) => void }) {
  const { peers, online, fetching } = p.status;
  const village = useVillage();
  const news = useQuery(useApi().bundles.state.queryOptions({ input: { village: village.id } }));
  const rows = orderPeers(consoleRows(peers, news.data?.consoles ?? []));
  return (
    <Paper title={<Trans>Who has what</Trans>}>
      {rows.length === 0 ? <Nobody /> : <Peers rows={rows} onStick={p.onStick} />}
      <DaysOfReadings fetching={fetching} />
      <LinkSwitch online={online} />
      <ForgetPeers peers={rows.filter((row) => !row.connected && !row.isByStick)} />
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
          This laptop holds the only copy of the book: if it breaks, the book is gone. Invite a second coordinator, and
          keep a copy on a stick.
        </Trans>
      </p>
      <ButtonLink to="/members/invite">
        <Trans>Invite someone</Trans>
      </ButtonLink>
    </div>
  );
}

function Peers(p: { readonly rows: readonly ConsoleRow[]; readonly onStick: (to: string) => void }) {
  const { t } = useLingui();
  const nameOf = (row: ConsoleRow) => ({ id: row.peer, name: row.name ?? t`A console not known yet` });
  const shown = tellApart(p.rows.map(nameOf));
  return (
    <ul className={s['peers']} aria-label={t`Other consoles`}>
      {p.rows.map((row) => (
        <PeerRow key={row.peer} row={row} name={shown(nameOf(row))} onStick={p.onStick} />
      ))}
    </ul>
  );
}

function PeerRow(p: { readonly row: ConsoleRow; readonly name: string; readonly onStick: (to: string) => void }) {
  const { row } = p;
  const { device } = row;
  const standing = standingOf(row);
  const isAway = !row.connected && row.toSend + row.toSendDays > 0;
  return (
    <li>
      <Laptop size={20} strokeWidth={1.75} aria-hidden />
      <b className={s['name']}>{p.name}</b>
      <span className={s['heard']}>
        <HeardFrom row={row} />
      </span>
      <span className={s['state']}>
        {standing.startsWith('same') ? <Check size={18} aria-hidden /> : <CircleDashed size={18} aria-hidden />}
        <span>
          <Lacks row={row} />
          <span className={s['second']}>
            <StandingWords standing={standing} />
          </span>
        </span>
      </span>
      {isAway && device !== null && (
        <span className={s['act']}>
          <StickButton name={p.name} onPress={() => p.onStick(device)} />
        </span>
      )}
    </li>
  );
}

function StickButton({ name, onPress }: { readonly name: string; readonly onPress: () => void }) {
  const { t } = useLingui();
  return (
    <Button look="line" small label={t`USB stick for ${name}`} onPress={onPress}>
      <Usb aria-hidden />
      <Trans>USB</Trans>
    </Button>
  );
}

function HeardFrom({ row }: { readonly row: ConsoleRow }) {
  const format = useFormat();
  const nowMs = useNowMs();
  if (row.connected) return <b>{row.relayed ? <Trans>now, over the meeting point</Trans> : <Trans>now</Trans>}</b>;
  if (row.heardAtMs === null) return <Trans>not yet</Trans>;
  const age = format.age(nowMs - row.heardAtMs);
  return row.isByStick ? <Trans>by stick, {age} ago</Trans> : <Trans>{age} ago</Trans>;
}

/** What is still to go over, and to which side. */
function Lacks({ row }: { readonly row: ConsoleRow }) {
  const { toSend, toSendDays, toFetch } = row;
  const lack = toSend + toSendDays > 0 && (
    <span className={s['line']}>
      <Trans>
        <b>Lacks</b> <AmountText entries={toSend} days={toSendDays} />
      </Trans>
    </span>
  );
  const gives = toFetch > 0 && (
    <span className={s['line']}>
      <Trans>
        <b>Brings us</b> <AmountText entries={toFetch} days={0} />
      </Trans>
    </span>
  );
  return (
    <>
      {lack}
      {gives}
    </>
  );
}

function StandingWords({ standing }: { readonly standing: PeerStanding }) {
  switch (standing) {
    case 'same-now':
      return <Trans>Has everything, as here</Trans>;
    case 'same-then':
      return <Trans>Had everything when last heard</Trans>;
    case 'differs':
      return <Trans>Its book differs: compare the words under “Same on both?”</Trans>;
    case 'copying':
      return <Trans>on the way now</Trans>;
    case 'comparing':
      return <Trans>The two are comparing their books</Trans>;
    case 'waits':
      return <Trans>goes on by itself when it is near, or by stick</Trans>;
    case 'by-stick':
      return <Trans>waits for a stick</Trans>;
    case 'unheard':
      return <Trans>Starts when it answers</Trans>;
    case 'refused':
      return <Trans>has another network key: see “Needs you”</Trans>;
  }
}
