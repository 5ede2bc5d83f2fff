import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Columns, PageHead, Stack } from '../../ui/layout.tsx';
import { LinkLostContext, View } from '../../ui/view.tsx';
import { ChainFacts } from './chain-facts.tsx';
import { Consoles } from './consoles.tsx';
import { Coordinators } from './coordinators.tsx';
import { Diagnostics } from './diagnostics.tsx';
import { Keys } from './keys.tsx';
import { Look } from './look.tsx';
import { NetworkKey } from './network-key.tsx';
import { ThisConsole } from './this-console.tsx';
import { VillageFacts } from './village-facts.tsx';

export type VillageSettings = Out['villages']['settings'];

/** What the village agreed on, who may do what with which console, and how this window looks. */
export function Settings() {
  const { t } = useLingui();
  const village = useVillage();
  const settings = useQuery(useApi().villages.settings.queryOptions({ input: { village: village.id } }));
  return (
    <>
      <PageHead title={<Trans>Settings</Trans>} />
      <Columns>
        <Stack>
          <Look />
          <View of={settings} loading={t`Reading the settings`}>
            {(data) => (
              <>
                <VillageFacts settings={data} />
                <Coordinators settings={data} />
                <Consoles devices={data.devices} />
                <NetworkKey network={data.network} />
              </>
            )}
          </View>
        </Stack>
        <Stack>
          {/* the page says once that its core does not answer */}
          <LinkLostContext value={false}>
            <Keys />
          </LinkLostContext>
          <ThisConsole settings={settings.data} />
          {settings.data && <ChainFacts chain={settings.data.chain} />}
          <Diagnostics />
        </Stack>
      </Columns>
    </>
  );
}
