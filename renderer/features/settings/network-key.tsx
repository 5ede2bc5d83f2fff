import { Trans, useLingui } from '@lingui/react/macro';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useIsCoordinator, useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogFoot } from '../../ui/dialog.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Block, Muted, Note, Small, Stack } from '../../ui/layout.tsx';
import { Count } from '../../ui/marks.tsx';
import { InlineError } from '../../ui/view.tsx';
import type { VillageSettings } from './settings.tsx';

type Network = VillageSettings['network'];

/** The key that opens the village's network: who has the newest, and a new one after a console was lost. */
export function NetworkKey({ network }: { readonly network: Network }) {
  const mayChange = useIsCoordinator();
  const [open, setOpen] = useState(false);
  return (
    <Block
      title={<Trans>Key of the village network</Trans>}
      extra={<Count>{`${network.have} / ${network.consoles}`}</Count>}
    >
      <Stack>
        <Small>
          <Trans>Only consoles with this key can talk to the others. It opens no names, readings or accounts.</Trans>
        </Small>
        {network.exposed && (
          <Note>
            <Trans>A console that was taken out still knows this key. Change it now.</Trans>
          </Note>
        )}
        <KeyState network={network} />
        {mayChange ? (
          <div>
            <Button {...(network.exposed ? {} : { look: 'line' as const })} onPress={() => setOpen(true)}>
              <KeyRound aria-hidden />
              <Trans>Change the network key</Trans>
            </Button>
          </div>
        ) : (
          <Muted>
            <Trans>Only a coordinator changes this.</Trans>
          </Muted>
        )}
      </Stack>
      {open && <ChangeDialog onClose={() => setOpen(false)} />}
    </Block>
  );
}

function KeyState({ network }: { readonly network: Network }) {
  const format = useFormat();
  const { have, consoles } = network;
  if (network.changedAtMs === null)
    return (
      <Muted>
        <Trans>It is the one the village started with.</Trans>
      </Muted>
    );
  const changed = format.day(network.changedAtMs);
  if (network.oldUntilMs === null)
    return (
      <Muted>
        <Trans>Changed on {changed}. The old key opens nothing any more.</Trans>
      </Muted>
    );
  const until = format.day(network.oldUntilMs);
  return (
    <Muted>
      <Trans>
        Changed on {changed}. {have} of {consoles} consoles have the new key. The old one works until the others have it
        too, at the latest until {until}.
      </Trans>
    </Muted>
  );
}

function ChangeDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const change = useCommand(client.villages.changeNetworkKey, onClose);
  return (
    <Dialog title={t`Change the network key`} open onClose={onClose}>
      <Small>
        <Trans>
          Every console that may write gets the new key by itself, from anyone it meets in the next 30 days. One that
          stays away longer needs a copy on a USB stick or a new invitation. Consoles that were taken out get nothing.
        </Trans>
      </Small>
      <Small>
        <Trans>Invitations that were not used yet carry the old key: send them again.</Trans>
      </Small>
      <InlineError error={change.error} />
      <DialogFoot>
        <Button look="line" onPress={onClose}>
          <Trans>Not now</Trans>
        </Button>
        <Button busy={change.busy} onPress={() => change.send({ village: village.id })}>
          <Trans>Change it now</Trans>
        </Button>
      </DialogFoot>
    </Dialog>
  );
}
