import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import { ButtonLink } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Block, Muted } from '../../ui/layout.tsx';
import { SourceMark } from '../../ui/marks.tsx';
import { RowName, Table } from '../../ui/table.tsx';
import { View } from '../../ui/view.tsx';

/** What makes and stores energy, whose it is, and which meter measures it. */
export function AssetList() {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const assets = useQuery(useApi().assets.list.queryOptions({ input: { village: village.id } }));
  return (
    <Block
      title={<Trans>Assets</Trans>}
      extra={
        <ButtonLink to="/meters/add-asset" look="quiet">
          <Plus aria-hidden />
          <Trans>Add an asset</Trans>
        </ButtonLink>
      }
    >
      <View
        of={assets}
        loading={t`Reading the assets`}
        empty={{
          when: (x) => x.assets.length === 0,
          show: (
            <Muted>
              <Trans>No asset yet. An asset is what makes or stores energy: panels, a turbine, a battery.</Trans>
            </Muted>
          ),
        }}
      >
        {(data) => (
          <Table
            caption={t`Assets`}
            rowKey={(a) => a.id}
            groups={[{ key: 'all', rows: data.assets }]}
            columns={[
              {
                key: 'asset',
                head: t`Asset`,
                cell: (a) => (
                  <RowName
                    mark={<SourceMark source={a.source} />}
                    to={`/meters/asset/${a.id}`}
                    name={a.name}
                    second={[
                      a.serial,
                      format.power(a.capacityW),
                      a.storageWh === null ? null : format.energy(a.storageWh),
                      a.district,
                      a.place,
                    ]
                      .filter((x) => x !== null)
                      .join(', ')}
                  />
                ),
              },
              { key: 'owner', head: t`Owner`, cell: (a) => a.owner?.name ?? '–' },
              { key: 'host', head: t`Host`, wideOnly: true, cell: (a) => a.host?.name ?? '–' },
              {
                key: 'today',
                head: t`Today`,
                end: true,
                cell: (a) => (a.meter === null ? t`no meter` : a.todayWh === null ? '–' : format.energy(a.todayWh)),
              },
            ]}
          />
        )}
      </View>
    </Block>
  );
}
