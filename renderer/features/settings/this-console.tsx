import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Lock, LockOpen } from 'lucide-react';
import { useApi } from '../../app/console-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Block, Facts, Mono, Note, Stack } from '../../ui/layout.tsx';
import s from './settings.module.css';
import type { VillageSettings } from './settings.tsx';

type ConsoleState = Out['villages']['state'];

/** The program, its folder, where it listens, and how its data is closed. */
export function ThisConsole({ settings }: { readonly settings: VillageSettings | undefined }) {
  const { t } = useLingui();
  const state = useQuery(useApi().villages.state.queryOptions());
  if (!state.data) return null;
  const { version, host, dataKey } = state.data;
  const hosts: Record<ConsoleState['host'], string> = {
    electron: t`its own window`,
    gateway: t`in the browser`,
    'command-line': t`the command line`,
  };
  return (
    <Block title={<Trans>This console</Trans>}>
      <Stack>
        <Facts
          rows={[
            [t`Gridpact`, version],
            [t`Runs in`, hosts[host]],
            ...(settings
              ? [
                  [t`Data folder`, <Mono key="dir">{settings.dataDirectory}</Mono>] as const,
                  [t`Listens on`, <Listening key="on" addresses={settings.listen} />] as const,
                ]
              : []),
          ]}
        />
        <DataKeyNote holder={dataKey} />
      </Stack>
    </Block>
  );
}

function Listening({ addresses }: { readonly addresses: readonly string[] }) {
  if (addresses.length === 0) return <Trans>nothing: the link is cut</Trans>;
  return (
    <ul className={s['listen']}>
      {addresses.map((address) => (
        <li key={address}>
          <Mono>{address.replace(/\/p2p\/.*$/, '')}</Mono>
        </li>
      ))}
    </ul>
  );
}

/** How well the data folder is closed, said as it is. */
function DataKeyNote({ holder }: { readonly holder: ConsoleState['dataKey'] }) {
  if (holder === 'none')
    return (
      <Note icon={<LockOpen size={20} aria-hidden />}>
        <b>
          <Trans>The data folder is not locked.</Trans>
        </b>{' '}
        <Trans>
          Who can read this laptop’s disk can read the readings and names. Nobody signs without a PIN. A passphrase or a
          security chip (TPM) locks a folder from its first start on.
        </Trans>
      </Note>
    );
  return (
    <Note icon={<Lock size={20} aria-hidden />}>
      <b>
        <Trans>The data folder is locked.</Trans>
      </b>{' '}
      <HowItOpens holder={holder} />
    </Note>
  );
}

function HowItOpens({ holder }: { readonly holder: Exclude<ConsoleState['dataKey'], 'none'> }) {
  switch (holder) {
    case 'passphrase':
      return (
        <Trans>The passphrase opens it at each start. Without it, nobody can read the private part, you neither.</Trans>
      );
    case 'tpm':
      return (
        <Trans>
          The security chip (TPM) of this computer opens it at each start and asks nobody. Copied to another computer,
          it stays closed; who takes the whole computer can start it.
        </Trans>
      );
    case 'safe-storage':
      return (
        <Trans>
          The key chain of this computer opens it when you sign in. Copied to another disk, it stays closed.
        </Trans>
      );
  }
}
