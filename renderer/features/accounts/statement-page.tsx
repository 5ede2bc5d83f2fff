import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Printer } from 'lucide-react';
import { useState } from 'react';
import { flushSync } from 'react-dom';
import { Link } from 'wouter';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { PrintSheet } from '../../print/print-sheet.tsx';
import { Button } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Block, Columns, Facts, Muted, PageHead, Paper, Small, Stack } from '../../ui/layout.tsx';
import { Chip, Simulated, Trust } from '../../ui/marks.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import { RowName, Table } from '../../ui/table.tsx';
import { View } from '../../ui/view.tsx';
import { PERIOD_WORDS } from '../../ui/words.ts';
import s from './accounts.module.css';
import { type Line, useLineWords } from './statement-lines.tsx';
import { StatementPrint } from './statement-print.tsx';

export type StatementCard = Out['accounts']['statement'];

export function StatementPage({ month, member }: { readonly month: string; readonly member: string }) {
  const { t } = useLingui();
  const village = useVillage();
  const card = useQuery(useApi().accounts.statement.queryOptions({ input: { village: village.id, month, member } }));
  return (
    <View page of={card} loading={t`Reading the statement`}>
      {(data) => <Statement card={data} />}
    </View>
  );
}

function Statement({ card }: { readonly card: StatementCard }) {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const [size, setSize] = useState<'a5' | 'roll'>('a5');
  const print = (paper: 'a5' | 'roll') => {
    flushSync(() => setSize(paper));
    window.print();
  };
  const month = format.month(card.month);
  return (
    <>
      <PageHead
        crumb={{ to: `/accounts/${card.month}`, text: t`Accounts, ${month}` }}
        title={card.statement.member.name}
        actions={
          <>
            <Button look="line" onPress={() => print('a5')}>
              <Printer aria-hidden />
              <Trans>Print on A5</Trans>
            </Button>
            <Button look="line" onPress={() => print('roll')}>
              <Printer aria-hidden />
              <Trans>Print on an 80 mm roll</Trans>
            </Button>
          </>
        }
      />
      <Columns>
        <Stack>
          <Paper title={<Trans>Statement of {month}</Trans>} extra={<Simulated on={village.simulated} />}>
            <Lines card={card} />
          </Paper>
          <Origins lines={card.statement.lines} />
        </Stack>
        <Stack>
          <Standing card={card} />
          <Block title={<Trans>Check it without us</Trans>}>
            <div className={s['check']}>
              <QrCode text={card.qr} label={t`Code of this statement`} />
              <p>
                <Trans>Any phone with Gridpact can check this paper with no network. Receipt {card.receipt}.</Trans>
              </p>
            </div>
          </Block>
        </Stack>
      </Columns>
      <PrintSheet size={size}>
        <StatementPrint card={card} simulated={village.simulated} />
      </PrintSheet>
    </>
  );
}

function Lines({ card }: { readonly card: StatementCard }) {
  const { t } = useLingui();
  const format = useFormat();
  const words = useLineWords();
  const { statement } = card;
  const name = statement.member.name;
  const rows = statement.lines.map((line, i) => ({
    line,
    key: `${line.kind}-${line.other?.id ?? ''}-${line.meter ?? ''}-${i}`,
  }));
  return (
    <Table
      caption={t`Lines of the statement`}
      rowKey={(r) => r.key}
      groups={[{ key: 'all', rows }]}
      columns={[
        {
          key: 'because',
          head: t`Because`,
          cell: ({ line }) => (
            <RowName
              name={words(line)}
              second={
                line.agreement && (
                  <Link href={`/agreements/${line.agreement}`}>
                    <Trans>see the agreement</Trans>
                  </Link>
                )
              }
            />
          ),
          foot: statement.netMinor < 0n ? t`${name} owes` : t`${name} gets`,
        },
        {
          key: 'wh',
          head: t`How much`,
          end: true,
          cell: ({ line }) => (line.wh === null ? '' : format.energy(line.wh, 3)),
          foot: '',
        },
        {
          key: 'price',
          head: t`Price per kWh`,
          end: true,
          wideOnly: true,
          cell: ({ line }) => (line.pricePerKwh === null ? '' : format.minor(line.pricePerKwh)),
          foot: '',
        },
        {
          key: 'amount',
          head: format.currency.code,
          end: true,
          cell: ({ line }) => <b>{format.minor(line.amountMinor, true)}</b>,
          foot: format.minor(statement.netMinor < 0n ? -statement.netMinor : statement.netMinor),
        },
      ]}
    />
  );
}

/** Where the energy of each line comes from: meter, hours heard and missing, what is held. */
function Origins({ lines }: { readonly lines: readonly Line[] }) {
  const measured = lines.filter((l) => l.meter !== null && l.wh !== null);
  return (
    <>
      {measured.map((line) => (
        <Origin key={`${line.kind}-${line.meter}`} line={line} />
      ))}
    </>
  );
}

function Origin({ line }: { readonly line: Line }) {
  const format = useFormat();
  const wh = format.energy(line.wh ?? 0n, 3);
  const hours = line.hours ?? 0;
  const gaps = line.gapHours ?? 0;
  const held = line.heldWh ?? 0n;
  const heldText = format.energy(held, 3);
  return (
    <Paper
      title={<Trans>Where {wh} comes from</Trans>}
      extra={line.trust === null ? undefined : <Trust level={line.trust} />}
    >
      <div className={s['measuredBar']}>
        <div className={s['measured']} style={{ flexGrow: Math.max(1, hours), flexBasis: 0 }}>
          <Trans>{hours} hours heard</Trans>
        </div>
        {gaps > 0 && <div className={s['missing']} style={{ flexGrow: gaps, flexBasis: 0 }} />}
      </div>
      <Small>
        {gaps > 0 && <Trans>{gaps} hours were not heard and are in no bill, unless the register spans them. </Trans>}
        {held > 0n && <Trans>{heldText} are held until a person decides. </Trans>}
        <Link href={`/meters/${line.meter}`}>
          <Trans>See {line.meterName ?? ''}, hour by hour, with its sealed days</Trans>
        </Link>
      </Small>
    </Paper>
  );
}

function Standing({ card }: { readonly card: StatementCard }) {
  const { t } = useLingui();
  const format = useFormat();
  const { batch } = card;
  const signed = batch?.signers.filter((x) => x.signedAtMs !== null).map((x) => x.member.name) ?? [];
  return (
    <Block
      title={<Trans>How far it is</Trans>}
      extra={<Chip look={card.state === 'final' ? 'ink' : 'line'}>{t(PERIOD_WORDS[card.state])}</Chip>}
    >
      {batch ? (
        <Facts
          rows={[
            [t`Signed by`, signed.length > 0 ? new Intl.ListFormat(format.locale).format(signed) : t`nobody yet`],
            [t`Words`, batch.words.join(' ')],
            [t`Chain`, batch.tx ? t`block ${format.count(batch.tx.block)}` : t`waits`],
          ]}
        />
      ) : (
        <Muted>
          <Trans>The month is open. These figures still move.</Trans>
        </Muted>
      )}
    </Block>
  );
}
