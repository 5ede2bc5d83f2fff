import { Trans, useLingui } from '@lingui/react/macro';
import { useVillage } from '../../app/village-context.tsx';
import { zoneText } from '../../ui/figures.ts';
import { Money, useFormat } from '../../ui/format.tsx';
import { Facts, Muted, Paper } from '../../ui/layout.tsx';
import { Simulated } from '../../ui/marks.tsx';
import type { VillageSettings } from './settings.tsx';

/** What the founding document says; it never changes. */
export function VillageFacts({ settings }: { readonly settings: VillageSettings }) {
  const { t } = useLingui();
  const format = useFormat();
  const { simulated } = useVillage();
  const { currency } = settings;
  const names = new Intl.DisplayNames(format.locale, { type: 'currency' });
  const zone = zoneText(settings.zoneOffsetMin);
  const reserve = format.percent(settings.reservePercent * 100);
  const debtMinor = settings.debtFloorMinor < 0n ? -settings.debtFloorMinor : settings.debtFloorMinor;
  return (
    <Paper title={<Trans>The village</Trans>} extra={<Simulated on={simulated} />}>
      <Facts
        rows={[
          [t`Name`, settings.name],
          [t`Founded`, format.day(settings.founded)],
          [t`Currency`, `${currency.code}, ${names.of(currency.code) ?? currency.code}`],
          [t`Clock`, zone],
          [t`Kept in the battery`, t`${reserve} as reserve`],
          [t`Most a member may owe`, <Money key="debt" minor={debtMinor} />],
        ]}
      />
      <Muted>
        <Trans>
          These stand in the founding document. Everyone holds the same one, so they cannot be changed here.
        </Trans>
      </Muted>
    </Paper>
  );
}
