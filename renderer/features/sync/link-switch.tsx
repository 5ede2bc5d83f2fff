import { Trans } from '@lingui/react/macro';
import { Cable, Unplug } from 'lucide-react';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Toggle } from '../../ui/field.tsx';
import { Block, Muted } from '../../ui/layout.tsx';
import { InlineError } from '../../ui/view.tsx';

/** Cuts or restores every line to the other consoles; work goes on either way. */
export function LinkSwitch({ online }: { readonly online: boolean }) {
  const village = useVillage();
  const { client } = useConsole();
  const set = useCommand(client.sync.setOnline);
  return (
    <Block
      title={<Trans>Link to the others</Trans>}
      icon={online ? <Cable size={20} aria-hidden /> : <Unplug size={20} aria-hidden />}
    >
      <Toggle on={online} busy={set.busy} onChange={(on) => set.send({ village: village.id, online: on })}>
        <b>{online ? <Trans>Linked</Trans> : <Trans>Cut</Trans>}</b>
      </Toggle>
      <Muted>
        {online ? (
          <Trans>Records go out and come in by themselves when another console is in reach.</Trans>
        ) : (
          <Trans>
            Nothing goes out or comes in. Meters are still read and you can still sign: it waits safely here until you
            link again.
          </Trans>
        )}
      </Muted>
      <InlineError error={set.error} />
    </Block>
  );
}
