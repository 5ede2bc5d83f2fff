import { Trans, useLingui } from '@lingui/react/macro';
import type { Out } from '../../app/wire.ts';
import { useFormat } from '../../ui/format.tsx';
import { Block, Muted, Sums } from '../../ui/layout.tsx';

type Example = Out['agreements']['get']['example'];

/** One month of the agreement in figures: who pays, who gets, and that both are the same. */
export function ExampleBlock(p: {
  readonly example: Example;
  readonly owner: string;
  readonly host: string;
  readonly grid: string;
}) {
  const { t } = useLingui();
  const format = useFormat();
  const { example: x, owner, host, grid } = p;
  const hostEnergy = format.energy(x.hostWh);
  const othersEnergy = format.energy(x.neighboursWh);
  const month = x.month === null ? '' : format.month(x.month);
  const paid = x.hostCharge + x.neighboursPay;
  const got = x.hostCharge - x.rent + x.ownerShare + x.rent + x.hostShare + x.grid;
  return (
    <Block title={<Trans>Who gets what, each month</Trans>}>
      <Muted>
        {x.basis === 'last-month' ? (
          <Trans>
            With the energy of {month}: {hostEnergy} at the host, {othersEnergy} at the neighbours.
          </Trans>
        ) : (
          <Trans>
            With round figures: {hostEnergy} at the host, {othersEnergy} at the neighbours.
          </Trans>
        )}
      </Muted>
      <Sums
        rows={[
          { name: t`${host} pays for energy`, value: format.minor(x.hostCharge) },
          { name: t`The neighbours pay`, value: format.minor(x.neighboursPay) },
          { name: t`Paid in, ${format.currency.code}`, value: format.minor(paid), total: true },
          { name: t`${owner}, energy less rent`, value: format.minor(x.hostCharge - x.rent) },
          { name: t`${owner}, share`, value: format.minor(x.ownerShare) },
          { name: t`${host}, rent`, value: format.minor(x.rent) },
          { name: t`${host}, share`, value: format.minor(x.hostShare) },
          { name: t`${grid}, carrying`, value: format.minor(x.grid) },
          { name: t`Paid out, ${format.currency.code}`, value: format.minor(got), total: true },
          { name: t`Difference`, value: format.minor(paid - got) },
        ]}
      />
    </Block>
  );
}
