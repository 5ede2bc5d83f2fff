import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useApi } from '../../app/console-context.tsx';
import { NotFound } from '../../app/not-found.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { useFormat } from '../../ui/format.tsx';
import { Block, Columns, Facts, PageHead, Row, Stack } from '../../ui/layout.tsx';
import { Simulated, SourceMark } from '../../ui/marks.tsx';
import { View } from '../../ui/view.tsx';
import { SOURCE_WORDS } from '../../ui/words.ts';
import { ReadersBlock } from './readers-block.tsx';

type Asset = Out['assets']['list']['assets'][number];

/** One asset as far as this console may read it, and who may read more. */
export function AssetPage({ asset }: { readonly asset: string }) {
  const { t } = useLingui();
  const village = useVillage();
  const assets = useQuery(useApi().assets.list.queryOptions({ input: { village: village.id } }));
  return (
    <View page of={assets} loading={t`Reading the assets`}>
      {(data) => {
        const found = data.assets.find((a) => a.id === asset);
        return found ? <AssetCard asset={found} /> : <NotFound />;
      }}
    </View>
  );
}

function AssetCard({ asset }: { readonly asset: Asset }) {
  return (
    <>
      <PageHead
        crumb={{ to: '/meters', text: <Trans>Meters and assets</Trans> }}
        title={
          <Row>
            <SourceMark source={asset.source} />
            {asset.name}
          </Row>
        }
      />
      <Columns shape="even">
        <Stack loose>
          <AssetFacts asset={asset} />
        </Stack>
        <Stack>
          <ReadersBlock thing={{ kind: 'asset', id: asset.id, name: asset.name, owner: asset.owner?.id ?? null }} />
        </Stack>
      </Columns>
    </>
  );
}

function AssetFacts({ asset }: { readonly asset: Asset }) {
  const { t } = useLingui();
  const format = useFormat();
  const { meter, storageWh, todayWh } = asset;
  const readings = meter ? <Link href={`/meters/${meter}`}>{t`its readings`}</Link> : t`no meter`;
  const sealed = asset.serial === null ? t`not shared with you` : t`none, or not shared with you`;
  return (
    <Block title={<Trans>The asset</Trans>} extra={<Simulated on={asset.simulated} />}>
      <Facts
        rows={[
          [t`Source`, t(SOURCE_WORDS[asset.source])],
          [t`Most it can give`, format.power(asset.capacityW)],
          [t`It holds`, storageWh === null ? '–' : format.energy(storageWh)],
          [t`Owner`, personLink(asset.owner)],
          [t`Host`, personLink(asset.host)],
          [t`Meter`, readings],
          [t`Today`, todayWh === null ? '–' : format.energy(todayWh)],
          [t`District`, asset.district ?? '–'],
          [t`Serial number`, asset.serial ?? t`not shared with you`],
          [t`Exact place`, asset.place ?? sealed],
          [t`Contract`, asset.contract ?? sealed],
        ]}
      />
    </Block>
  );
}

const personLink = (person: Asset['owner']): ReactNode =>
  person ? <Link href={`/members/${person.id}`}>{person.name}</Link> : '–';
