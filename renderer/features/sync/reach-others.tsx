import { Trans } from '@lingui/react/macro';
import { Wifi } from 'lucide-react';
import { Fold } from '../../ui/fold.tsx';
import { Stack } from '../../ui/layout.tsx';
import { Addresses } from './addresses.tsx';
import { MeetingPoint } from './meeting-point.tsx';
import type { SyncStatus } from './sync.tsx';

/** Only for consoles that do not find each other by themselves. */
export function ReachOthers({ status }: { readonly status: SyncStatus }) {
  return (
    <Fold
      title={<Trans>Reach another console</Trans>}
      says={<Trans>On one network they find each other. Elsewhere, give one the address of the other.</Trans>}
      icon={<Wifi size={20} aria-hidden />}
      open={status.peers.length === 0}
    >
      <Stack>
        <Addresses addresses={status.addresses} online={status.online} />
        <MeetingPoint address={status.meetingPoint} />
      </Stack>
    </Fold>
  );
}
