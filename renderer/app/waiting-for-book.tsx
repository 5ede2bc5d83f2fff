import { Trans } from '@lingui/react/macro';
import { ButtonLink } from '../ui/button.tsx';
import { Empty } from '../ui/view.tsx';
import { useVillage } from './village-context.tsx';

/** After joining: the invitation is accepted, the village's book has not been copied here yet. */
export function WaitingForBook() {
  const { name } = useVillage();
  return (
    <Empty
      title={<Trans>The book of {name} has not arrived yet</Trans>}
      action={
        <ButtonLink to="/sync">
          <Trans>Connect to a console that has it</Trans>
        </ButtonLink>
      }
    >
      <Trans>
        You have joined. The book comes by itself when the console that invited you is in reach. Without a network, it
        comes on a USB stick: copy it there under Sync, and read it here.
      </Trans>
    </Empty>
  );
}
