import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Columns, PageHead, Stack } from '../../ui/layout.tsx';
import { Simulated } from '../../ui/marks.tsx';
import { View } from '../../ui/view.tsx';
import { Addresses } from './addresses.tsx';
import { ChainBreaks } from './chain-breaks.tsx';
import { ChainQueue } from './chain-queue.tsx';
import { Conflicts } from './conflicts.tsx';
import { DiskNotice } from './disk-notice.tsx';
import { FaceToFace } from './face-to-face.tsx';
import { MeetingPoint } from './meeting-point.tsx';
import { OlderMonths } from './older-months.tsx';
import { PeerTable } from './peer-table.tsx';
import { Refused } from './refused.tsx';
import { SameBooks } from './same-books.tsx';
import { SealedDays } from './sealed-days.tsx';
import { Stick } from './stick.tsx';

export type SyncStatus = Out['sync']['status'];

/** Who has what, how it travels, and what does not count. */
export function Sync() {
  const { t } = useLingui();
  const village = useVillage();
  const status = useQuery(useApi().sync.status.queryOptions({ input: { village: village.id } }));
  return (
    <>
      <PageHead
        title={<Trans>Sync</Trans>}
        lead={
          <>
            <Trans>Everything here is safe on this laptop. Nothing is lost while others are away.</Trans>{' '}
            <Simulated on={village.simulated} />
          </>
        }
      />
      <View of={status} loading={t`Asking who is in reach`}>
        {(data) => (
          <Columns>
            <Stack>
              <DiskNotice disk={data.disk} />
              <PeerTable peers={data.peers} online={data.online} />
              <Conflicts conflicts={data.conflicts} />
              <ChainBreaks chains={data.chains} />
              <Addresses addresses={data.addresses} online={data.online} />
              <MeetingPoint address={data.meetingPoint} />
              <Refused refused={data.refused} peers={data.peers} />
            </Stack>
            <Stack>
              <Stick />
              <FaceToFace />
              <SameBooks status={data} />
              <ChainQueue />
              <SealedDays fetching={data.fetching} />
              <OlderMonths />
            </Stack>
          </Columns>
        )}
      </View>
    </>
  );
}
