import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { PageHead, Stack } from '../../ui/layout.tsx';
import { Simulated } from '../../ui/marks.tsx';
import { View } from '../../ui/view.tsx';
import { ChainQueue } from './chain-queue.tsx';
import { DiskNotice } from './disk-notice.tsx';
import { FaceToFace } from './face-to-face.tsx';
import { NeedsYou } from './needs-you.tsx';
import { OlderMonths } from './older-months.tsx';
import { PeerList } from './peer-list.tsx';
import { ReachOthers } from './reach-others.tsx';
import { Refused } from './refused.tsx';
import { SameBooks } from './same-books.tsx';
import { STICK, Stick } from './stick.tsx';
import s from './sync.module.css';

export type SyncStatus = Out['sync']['status'];

/** What needs a person, who has what, how it travels, and what does not count. */
export function Sync() {
  const { t } = useLingui();
  const village = useVillage();
  const [reader, setReader] = useState<string | null>(null);
  const onStick = (to: string) => {
    setReader(to);
    document.getElementById(STICK)?.focus();
  };
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
          <div className={s['screen']}>
            <Stack>
              <DiskNotice disk={data.disk} />
              <NeedsYou status={data} onStick={onStick} />
              <PeerList status={data} onStick={onStick} />
            </Stack>
            <div className={s['beside']}>
              <Stack>
                <Stick reader={reader} onReader={setReader} />
                <FaceToFace />
                <SameBooks status={data} />
                <ChainQueue />
              </Stack>
            </div>
            <Stack>
              <ReachOthers status={data} />
              <OlderMonths />
              <Refused refused={data.refused} peers={data.peers} />
            </Stack>
          </div>
        )}
      </View>
    </>
  );
}
