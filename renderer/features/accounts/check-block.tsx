import { Trans, useLingui } from '@lingui/react/macro';
import { useFormat } from '../../ui/format.tsx';
import { Block, Sums } from '../../ui/layout.tsx';
import { Checks } from '../../ui/marks.tsx';
import { useCheckLines } from './check-lines.tsx';
import type { MonthView } from './month-page.tsx';

export function CheckBlock({ view }: { readonly view: MonthView }) {
  const lines = useCheckLines(view);
  if (lines.length === 0) return null;
  return (
    <Block title={view.state === 'open' ? <Trans>Before you close</Trans> : <Trans>When it was closed</Trans>}>
      <Checks lines={lines} />
    </Block>
  );
}

/** Where the month's energy went; what nobody's meter saw is nobody's. */
export function EnergyBlock({ view }: { readonly view: MonthView }) {
  const { t } = useLingui();
  const format = useFormat();
  if (view.energy === null) return null;
  const { measured, site, held, estimated, unattributed } = view.energy;
  const known = (wh: bigint | null) => (wh === null ? t`not metered` : format.energy(wh, 3));
  return (
    <Block title={<Trans>The energy of the month</Trans>}>
      <Sums
        rows={[
          { name: t`Whole site`, value: known(site) },
          { name: t`Measured at members`, value: known(measured) },
          { name: t`Held out of bills`, value: known(held) },
          { name: t`Estimated`, value: known(estimated) },
          { name: t`Nobody’s`, value: known(unattributed), total: true },
        ]}
      />
    </Block>
  );
}
