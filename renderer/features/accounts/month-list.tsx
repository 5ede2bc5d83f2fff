import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { ReceiptText } from 'lucide-react';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { ButtonLink } from '../../ui/button.tsx';
import { Money, useFormat } from '../../ui/format.tsx';
import { PageHead } from '../../ui/layout.tsx';
import { Chip, Simulated } from '../../ui/marks.tsx';
import { RowName, Table } from '../../ui/table.tsx';
import { Empty, View } from '../../ui/view.tsx';
import { PERIOD_WORDS } from '../../ui/words.ts';

type Period = Out['accounts']['periods']['periods'][number];

/** Every month of the village and how far it has come. */
export function MonthList() {
  const { t } = useLingui();
  const village = useVillage();
  const periods = useQuery(useApi().accounts.periods.queryOptions({ input: { village: village.id } }));
  return (
    <>
      <PageHead
        title={<Trans>Accounts</Trans>}
        lead={<Trans>A month is closed once, signed by enough coordinators, and goes out to the chain once.</Trans>}
        actions={<Simulated on={village.simulated} />}
      />
      <View
        of={periods}
        loading={t`Reading the months`}
        empty={{
          when: (x) => x.periods.length === 0,
          show: (
            <Empty
              title={<Trans>No month yet</Trans>}
              action={
                <ButtonLink to="/meters" look="line">
                  <Trans>Look at the meters</Trans>
                </ButtonLink>
              }
            >
              <Trans>The first month begins with the first reading.</Trans>
            </Empty>
          ),
        }}
      >
        {(data) => <Months periods={data.periods} />}
      </View>
    </>
  );
}

function Months({ periods }: { readonly periods: readonly Period[] }) {
  const { t } = useLingui();
  const format = useFormat();
  const newest = [...periods].sort((a, b) => (a.month < b.month ? 1 : -1));
  return (
    <Table
      caption={t`Months`}
      linked
      rowKey={(p) => p.month}
      groups={[{ key: 'all', rows: newest }]}
      columns={[
        {
          key: 'month',
          head: t`Month`,
          cell: (p) => (
            <RowName
              mark={<ReceiptText size={18} aria-hidden />}
              to={`/accounts/${p.month}`}
              name={format.month(p.month)}
              second={p.over ? undefined : t`not over yet`}
            />
          ),
        },
        {
          key: 'state',
          head: t`State`,
          cell: (p) => (
            <Chip look={p.state === 'final' ? 'ink' : p.state === 'open' ? 'dashed' : 'line'}>
              {t(PERIOD_WORDS[p.state])}
            </Chip>
          ),
        },
        {
          key: 'money',
          head: t`Changes hands`,
          end: true,
          cell: (p) => (p.changesHandsMinor === null ? '–' : <Money minor={p.changesHandsMinor} />),
        },
      ]}
    />
  );
}
