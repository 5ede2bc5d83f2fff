import { Trans, useLingui } from '@lingui/react/macro';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Muted } from '../../ui/layout.tsx';
import { InlineError } from '../../ui/view.tsx';
import s from './peers.module.css';
import { type ConsoleRow, shortPeer } from './peers.ts';

/** For a console that will not come back; one that does is on the list again. */
export function ForgetPeers({ peers }: { readonly peers: readonly ConsoleRow[] }) {
  if (peers.length === 0) return null;
  return (
    <details className={s['fold']}>
      <summary>
        <Trans>A console that will not come back</Trans>
      </summary>
      <Muted>
        <Trans>
          Forgetting only takes it off this list. To stop a lost laptop from writing, take it out under Settings.
        </Trans>
      </Muted>
      <ul className={s['forget']}>
        {peers.map((peer) => (
          <Forget key={peer.peer} peer={peer} />
        ))}
      </ul>
    </details>
  );
}

function Forget({ peer }: { readonly peer: ConsoleRow }) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const forget = useCommand(client.sync.forgetPeer);
  const id = shortPeer(peer.peer);
  const name = peer.name ?? t`A console not known yet`;
  return (
    <li>
      <span>
        {name} <span className={s['second']}>…{id}</span>
      </span>
      <Button
        look="line"
        small
        label={t`Forget the console …${id} of ${name}`}
        busy={forget.busy}
        onPress={() => forget.send({ village: village.id, peer: peer.peer })}
      >
        <Trans>Forget</Trans>
      </Button>
      <InlineError error={forget.error} />
    </li>
  );
}
