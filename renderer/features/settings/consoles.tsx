import { Trans, useLingui } from '@lingui/react/macro';
import { Laptop } from 'lucide-react';
import { useState } from 'react';
import { useIsCoordinator, useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Block, Hidden, Muted, Stack } from '../../ui/layout.tsx';
import { Chip, Count } from '../../ui/marks.tsx';
import { RowName, Table } from '../../ui/table.tsx';
import { PassDialog } from './pass-dialog.tsx';
import { RevokeDialog } from './revoke-dialog.tsx';
import type { VillageSettings } from './settings.tsx';

export type Device = VillageSettings['devices'][number];
const TAIL = 6;

/** Every console that may write in the books; a lost one is taken out. */
export function Consoles({ devices }: { readonly devices: readonly Device[] }) {
  const { t } = useLingui();
  const format = useFormat();
  const me = useVillage().me;
  const isCoordinator = useIsCoordinator();
  const [revoking, setRevoking] = useState<Device | null>(null);
  const [adding, setAdding] = useState(false);
  const mayRevoke = (d: Device) => !d.here && !d.revoked && (isCoordinator || d.member === me?.id);
  const rows = [...devices].sort(
    (a, b) => Number(b.here) - Number(a.here) || Number(a.revoked) - Number(b.revoked) || a.grantedAtMs - b.grantedAtMs,
  );
  return (
    <Block
      title={<Trans>Consoles that may write</Trans>}
      extra={<Count>{devices.filter((d) => !d.revoked).length}</Count>}
    >
      <Table
        caption={t`Consoles that may write`}
        rowKey={(d) => d.id}
        groups={[{ key: 'all', rows }]}
        columns={[
          {
            key: 'who',
            head: t`Whose`,
            cell: (d) => (
              <RowName
                mark={<Laptop size={20} strokeWidth={1.75} aria-hidden />}
                name={d.memberName}
                second={`…${d.id.slice(-TAIL)}`}
              />
            ),
          },
          { key: 'since', head: t`Since`, wideOnly: true, cell: (d) => format.day(d.grantedAtMs) },
          { key: 'state', head: t`State`, cell: (d) => <DeviceState device={d} /> },
          {
            key: 'act',
            head: <Hidden>{t`Take out`}</Hidden>,
            end: true,
            cell: (d) =>
              mayRevoke(d) ? (
                <Button
                  look="bad"
                  small
                  label={t`Take out the console of ${d.memberName}`}
                  onPress={() => setRevoking(d)}
                >
                  <Trans>Take out</Trans>
                </Button>
              ) : null,
          },
        ]}
      />
      <Stack>
        <Muted>
          {devices.length < 2 ? (
            <Trans>Only this one. A second console keeps a second copy of the book.</Trans>
          ) : (
            <Trans>Take out one that was lost, stolen or sold.</Trans>
          )}
        </Muted>
        <div>
          <Button look="line" onPress={() => setAdding(true)}>
            <Laptop aria-hidden />
            <Trans>Another console for me</Trans>
          </Button>
        </div>
      </Stack>
      {adding && <PassDialog onClose={() => setAdding(false)} />}
      {revoking && <RevokeDialog device={revoking} onClose={() => setRevoking(null)} />}
    </Block>
  );
}

function DeviceState({ device }: { readonly device: Device }) {
  if (device.revoked)
    return (
      <Chip look="dashed">
        <Trans>taken out</Trans>
      </Chip>
    );
  if (device.here)
    return (
      <Chip look="ink">
        <Trans>this laptop</Trans>
      </Chip>
    );
  return (
    <Chip look="line">
      <Trans>may write</Trans>
    </Chip>
  );
}
