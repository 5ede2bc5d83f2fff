import { Trans } from '@lingui/react/macro';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Toggle } from '../../ui/field.tsx';
import { InlineError } from '../../ui/view.tsx';
import s from './sync.module.css';

/** Cuts or restores every line to the other consoles; work goes on either way. */
export function LinkSwitch({ online }: { readonly online: boolean }) {
  const village = useVillage();
  const { client } = useConsole();
  const set = useCommand(client.sync.setOnline);
  return (
    <div className={online ? s['link'] : s['linkCut']}>
      <Toggle on={online} busy={set.busy} onChange={(on) => set.send({ village: village.id, online: on })}>
        <b>
          <Trans>Linked to the others</Trans>
        </b>
      </Toggle>
      <p role="status">
        {online ? (
          <Trans>Records go out and come in by themselves when another console is in reach.</Trans>
        ) : (
          <Trans>
            The link is cut. Meters are still read and you can still sign: everything waits safely here until you link
            again.
          </Trans>
        )}
      </p>
      <InlineError error={set.error} />
    </div>
  );
}
