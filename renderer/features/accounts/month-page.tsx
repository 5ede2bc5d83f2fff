import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { FileDown } from 'lucide-react';
import { useState } from 'react';
import { useApi } from '../../app/console-context.tsx';
import { InFile } from '../../app/in-file.tsx';
import { JobProgress } from '../../app/job-progress.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { saveText } from '../../ui/files.ts';
import { useFormat } from '../../ui/format.tsx';
import { Block, Columns, PageHead, Paper, Stack } from '../../ui/layout.tsx';
import { Trust } from '../../ui/marks.tsx';
import { RowName, Table } from '../../ui/table.tsx';
import { Empty, View } from '../../ui/view.tsx';
import { Beam } from './beam.tsx';
import { ChainBlock } from './chain-block.tsx';
import { CheckBlock, EnergyBlock } from './check-block.tsx';
import { MonthAction } from './month-action.tsx';
import { NeededMonths } from './needed-months.tsx';
import { PrintAll } from './print-all.tsx';
import { SignatureBlock } from './signature-block.tsx';
import { statementsCsv } from './statements-csv.ts';
import { Steps } from './steps.tsx';

export type MonthView = Out['accounts']['get'];

export function MonthPage({ month }: { readonly month: string }) {
  const { t } = useLingui();
  const village = useVillage();
  const view = useQuery(useApi().accounts.get.queryOptions({ input: { village: village.id, month } }));
  return (
    <View page of={view} loading={t`Adding up the month`}>
      {(data) => <Month view={data} />}
    </View>
  );
}

function Month({ view }: { readonly view: MonthView }) {
  const format = useFormat();
  const village = useVillage();
  const [job, setJob] = useState<string | null>(null);
  const month = format.month(view.month);
  const csv = () => saveText(`${village.name} ${view.month}.csv`, statementsCsv(view, village), 'text/csv');
  return (
    <>
      <PageHead
        crumb={{ to: '/accounts', text: <Trans>Accounts</Trans> }}
        title={view.state === 'final' || view.state === 'settled' ? month : <Trans>Close {month}</Trans>}
        actions={
          <>
            <Button look="line" onPress={csv} disabled={view.statements.length === 0}>
              <FileDown aria-hidden />
              CSV
            </Button>
            <PrintAll view={view} />
            <MonthAction view={view} onJob={setJob} />
          </>
        }
      />
      {view.needed.length === 0 ? <InFile of={view.inFile} /> : <NeededMonths view={view} />}
      <Steps view={view} />
      <Columns>
        <Stack>
          {job && (
            <Paper title={<Trans>Under way</Trans>}>
              <JobProgress job={job} onEnd={(end) => end.state === 'done' && setJob(null)} />
            </Paper>
          )}
          {view.statements.length === 0 ? <NoStatements /> : <Beam view={view} />}
          {view.statements.length > 0 && <Statements view={view} />}
        </Stack>
        <Stack>
          <SignatureBlock view={view} />
          <ChainBlock view={view} />
          <CheckBlock view={view} />
          <EnergyBlock view={view} />
        </Stack>
      </Columns>
    </>
  );
}

function NoStatements() {
  return (
    <Empty
      title={<Trans>Nobody owes anybody</Trans>}
      action={
        <ButtonLink to="/agreements" look="line">
          <Trans>Look at the agreements</Trans>
        </ButtonLink>
      }
    >
      <Trans>No agreement was in force in this month, or nothing was measured under one.</Trans>
    </Empty>
  );
}

/** Who gets most stands first, who pays most last. */
const byResult = (a: MonthView['statements'][number], b: MonthView['statements'][number]): number =>
  a.netMinor === b.netMinor ? 0 : a.netMinor > b.netMinor ? -1 : 1;

function Statements({ view }: { readonly view: MonthView }) {
  const { t } = useLingui();
  const format = useFormat();
  const sum = view.statements.reduce((a, x) => a + x.netMinor, 0n);
  return (
    <Block title={<Trans>Statements</Trans>}>
      <Table
        caption={t`Statements`}
        linked
        rowKey={(x) => x.member.id}
        groups={[{ key: 'all', rows: view.statements.toSorted(byResult) }]}
        columns={[
          {
            key: 'member',
            head: t`${view.statements.length} statements`,
            cell: (x) => <RowName to={`/accounts/${view.month}/${x.member.id}`} name={x.member.name} />,
            foot: t`Sum`,
          },
          {
            key: 'for',
            head: t`For`,
            wideOnly: true,
            cell: (x) => <WhatFor statement={x} />,
            foot: '',
          },
          {
            key: 'pays',
            head: t`Pays`,
            end: true,
            wideOnly: true,
            cell: (x) => format.minor(x.paysMinor),
            foot: format.minor(view.owedMinor),
          },
          {
            key: 'gets',
            head: t`Gets`,
            end: true,
            wideOnly: true,
            cell: (x) => format.minor(x.receivesMinor),
            foot: format.minor(view.paidOutMinor),
          },
          {
            key: 'net',
            head: t`Result, ${format.currency.code}`,
            end: true,
            cell: (x) => <b>{format.minor(x.netMinor, true)}</b>,
            foot: format.minor(sum),
          },
          {
            key: 'trust',
            head: t`Trust`,
            wideOnly: true,
            cell: (x) => (x.trust === null ? '' : <Trust level={x.trust} />),
            foot: '',
          },
        ]}
      />
    </Block>
  );
}

function WhatFor({ statement }: { readonly statement: MonthView['statements'][number] }) {
  const { t } = useLingui();
  const format = useFormat();
  const byMeter = new Map(
    statement.lines.flatMap((l) =>
      l.wh !== null && l.meter ? [[l.meter, { wh: l.wh, name: l.meterName }] as const] : [],
    ),
  );
  const meters = [...byMeter.values()];
  if (meters.length > 2) {
    const energy = format.energy(meters.reduce((sum, m) => sum + m.wh, 0n));
    return (
      <Trans>
        {energy} over {meters.length} meters
      </Trans>
    );
  }
  if (meters.length > 0) return <>{meters.map((m) => `${format.energy(m.wh)}, ${m.name ?? ''}`).join('; ')}</>;
  return <>{statement.netMinor >= 0n ? t`shares and rent` : t`shares`}</>;
}
