import { Plural, Trans } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { ButtonLink } from '../ui/button.tsx';
import { Empty } from '../ui/view.tsx';
import { useApi } from './console-context.tsx';
import { useVillage } from './village-context.tsx';

/** After joining: the invitation is accepted, the village's book has not been copied here yet. */
export function WaitingForBook() {
  const { name } = useVillage();
  return (
    <Empty
      title={<Trans>The book of {name} has not arrived yet</Trans>}
      action={
        <>
          <HowFar />
          <ButtonLink to="/sync">
            <Trans>Connect to a console that has it</Trans>
          </ButtonLink>
        </>
      }
    >
      <Trans>
        You have joined. The book comes by itself when the console that invited you is in reach. Without a network, it
        comes on a USB stick: copy it there under Sync, and read it here.
      </Trans>
    </Empty>
  );
}

/** Whether anything is happening, and how much is on its way. */
function HowFar() {
  const village = useVillage();
  const status = useQuery(useApi().sync.status.queryOptions({ input: { village: village.id } }));
  const inReach = status.data?.peers.filter((p) => p.connected) ?? [];
  const coming = Math.max(0, ...inReach.map((p) => p.toFetch));
  return (
    <p role="status">
      <b>
        {inReach.length === 0 ? (
          <Trans>No console is in reach yet.</Trans>
        ) : coming > 0 ? (
          <Plural
            value={coming}
            one="A console is in reach: # record is on its way."
            other="A console is in reach: # records are on their way."
          />
        ) : (
          <Trans>A console is in reach. The two are comparing their books.</Trans>
        )}
      </b>
    </p>
  );
}
