import { Trans } from '@lingui/react/macro';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { InlineError } from '../../ui/view.tsx';

/** Puts it away on this console; the records stay, and other consoles go on showing it. */
export function MarkSeen({ conflict }: { readonly conflict: string }) {
  const village = useVillage();
  const { client } = useConsole();
  const mark = useCommand(client.sync.markSeen);
  return (
    <>
      <Button look="line" small busy={mark.busy} onPress={() => mark.send({ village: village.id, conflict })}>
        <Trans>I have seen it</Trans>
      </Button>
      <InlineError error={mark.error} />
    </>
  );
}
