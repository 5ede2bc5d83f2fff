import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { UserCog } from 'lucide-react';
import { useState } from 'react';
import { useApi } from '../../app/console-context.tsx';
import { useIsCoordinator, useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Block, Muted, Small, Stack } from '../../ui/layout.tsx';
import { Count, People } from '../../ui/marks.tsx';
import { CoordinatorsDialog } from './coordinators-dialog.tsx';
import type { VillageSettings } from './settings.tsx';

/** Who closes accounts, and how many of them must sign. */
export function Coordinators({ settings }: { readonly settings: VillageSettings }) {
  const { t } = useLingui();
  const village = useVillage();
  const mayChange = useIsCoordinator();
  const [open, setOpen] = useState(false);
  const members = useQuery(useApi().members.list.queryOptions({ input: { village: village.id } }));
  const { members: named, threshold } = settings.coordinators;
  const count = named.length;
  const isHere = (id: string) => members.data?.members.some((m) => m.id === id && m.keyHere) ?? false;
  return (
    <Block title={<Trans>Who closes accounts</Trans>} extra={<Count>{`${threshold} / ${count}`}</Count>}>
      <Stack>
        <Small>
          <Trans>
            A month counts when <b>{threshold}</b> of these {count} have signed it. The chain checks the same rule.
          </Trans>
        </Small>
        <People
          lines={named.map((m) => ({
            key: m.id,
            name: m.name,
            second: isHere(m.id) ? t`can sign on this laptop` : t`signs on their own console`,
            done: true,
            action: <span />,
          }))}
        />
        {mayChange && members.data ? (
          <div>
            <Button look="line" onPress={() => setOpen(true)}>
              <UserCog aria-hidden />
              <Trans>Change who closes</Trans>
            </Button>
          </div>
        ) : (
          <Muted>
            <Trans>Only a coordinator changes this.</Trans>
          </Muted>
        )}
      </Stack>
      {open && members.data && (
        <CoordinatorsDialog
          present={settings.coordinators}
          members={members.data.members}
          onClose={() => setOpen(false)}
        />
      )}
    </Block>
  );
}
