import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { UserCog } from 'lucide-react';
import { useState } from 'react';
import { useApi } from '../../app/console-context.tsx';
import { useIsCoordinator, useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Block, Muted, Note, Small, Stack } from '../../ui/layout.tsx';
import { Count, People } from '../../ui/marks.tsx';
import { CoordinatorsDialog, type PendingChange } from './coordinators-dialog.tsx';
import type { VillageSettings } from './settings.tsx';

/** Who closes accounts, and how many of them must sign. */
export function Coordinators({ settings }: { readonly settings: VillageSettings }) {
  const { t } = useLingui();
  const village = useVillage();
  const mayChange = useIsCoordinator();
  const [open, setOpen] = useState<'new' | PendingChange | null>(null);
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
        {settings.pendingCoordinators.map((change) => (
          <Waiting
            key={[...change.members.map((m) => m.id), change.threshold].join()}
            change={change}
            onSign={mayChange && members.data ? () => setOpen(change) : null}
          />
        ))}
        {mayChange && members.data ? (
          <div>
            <Button look="line" onPress={() => setOpen('new')}>
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
          {...(open === 'new' ? {} : { pending: open })}
          onClose={() => setOpen(null)}
        />
      )}
    </Block>
  );
}

/** A change that present coordinators still have to sign, on whichever console they are. */
function Waiting({ change, onSign }: { readonly change: PendingChange; readonly onSign: (() => void) | null }) {
  const names = change.members.map((m) => m.name).join(', ');
  const signed = change.signedBy.map((m) => m.name).join(', ');
  return (
    <Note>
      <Stack>
        <span>
          <Trans>
            A change waits: {names} would close, {change.threshold} of {change.members.length} signing each month.
          </Trans>
        </span>
        <Small>
          <Trans>
            Signed by {signed}; {change.signedBy.length} of {change.needed}.
          </Trans>
        </Small>
        {onSign && (
          <div>
            <Button look="line" onPress={onSign}>
              <Trans>Look at it and sign</Trans>
            </Button>
          </div>
        )}
      </Stack>
    </Note>
  );
}
