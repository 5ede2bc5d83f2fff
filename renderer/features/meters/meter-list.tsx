import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Clock, FileUp, Plus } from 'lucide-react';
import { useState } from 'react';
import { useApi } from '../../app/console-context.tsx';
import { useNowMs, useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { ButtonLink, Choice } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Block, Columns, PageHead, Stack } from '../../ui/layout.tsx';
import { Chip, Simulated, SourceMark, Trust } from '../../ui/marks.tsx';
import { PLACE_ICONS } from '../../ui/place-icons.ts';
import { QualityStrip } from '../../ui/quality-strip.tsx';
import { RowName, Table } from '../../ui/table.tsx';
import { Empty, View } from '../../ui/view.tsx';
import { TRUST_WORDS, type TrustLevel } from '../../ui/words.ts';
import { AssetList } from './asset-list.tsx';
import { EntryList } from './entry-list.tsx';
import s from './meters.module.css';
import { usePowerWords } from './power-words.ts';

export type MeterRow = Out['meters']['list']['meters'][number];
/** After this a reading is old: two missed hours and a little. */
const OLD_MS = 2.2 * 3_600_000;

export const isOld = (row: MeterRow, nowMs: number): boolean => row.last === null || nowMs - row.last.atMs > OLD_MS;

export function MeterList() {
  const { t } = useLingui();
  const village = useVillage();
  const meters = useQuery(useApi().meters.list.queryOptions({ input: { village: village.id } }));
  return (
    <>
      <PageHead
        title={<Trans>Meters and assets</Trans>}
        actions={
          <>
            <ButtonLink to="/meters/import" look="line">
              <FileUp aria-hidden />
              <Trans>Bring in a file</Trans>
            </ButtonLink>
            <ButtonLink to="/meters/add">
              <Plus aria-hidden />
              <Trans>Add a meter</Trans>
            </ButtonLink>
          </>
        }
      />
      <Columns>
        <Stack loose>
          <View
            of={meters}
            loading={t`Reading the meters`}
            empty={{
              when: (x) => x.meters.length === 0,
              show: (
                <Empty
                  title={<Trans>No meter yet</Trans>}
                  action={
                    <ButtonLink to="/meters/add">
                      <Trans>Add the first meter</Trans>
                    </ButtonLink>
                  }
                >
                  <Trans>
                    Choose its model, give its address, and read it once. Nothing is written before you agree.
                  </Trans>
                </Empty>
              ),
            }}
          >
            {(data) => <Rows rows={data.meters} simulated={village.simulated} />}
          </View>
          <EntryList />
          <AssetList />
        </Stack>
        <HowSure />
      </Columns>
    </>
  );
}

type Shown = 'all' | 'old' | 'low' | 'decide';

function Rows({ rows, simulated }: { readonly rows: readonly MeterRow[]; readonly simulated: boolean }) {
  const { t } = useLingui();
  const nowMs = useNowMs();
  const [shown, setShown] = useState<Shown>('all');
  const [find, setFind] = useState('');
  const tests: Record<Shown, (row: MeterRow) => boolean> = {
    all: () => true,
    old: (row) => isOld(row, nowMs),
    low: (row) => row.trust === 0,
    decide: (row) => row.pendingDecisions > 0,
  };
  const count = (of: Shown) => rows.filter(tests[of]).length;
  const wanted = find.trim().toLocaleLowerCase();
  const matches = rows.filter(
    (row) => tests[shown](row) && `${row.name} ${row.member?.name ?? ''}`.toLocaleLowerCase().includes(wanted),
  );
  return (
    <div>
      <div className={s['filters']}>
        <Choice
          label={t`Show`}
          value={shown}
          onChange={setShown}
          options={[
            ['all', t`All ${count('all')}`],
            ['old', t`Not heard ${count('old')}`],
            ['decide', t`To decide ${count('decide')}`],
            ['low', t`No proof ${count('low')}`],
          ]}
        />
        <div className={s['find']}>
          <Field label={t`Find`} kind="search" value={find} onChange={setFind} placeholder={t`Name or member`} />
        </div>
        <span className={s['grow']} />
        <Simulated on={simulated} />
      </div>
      <MeterTable rows={matches} nowMs={nowMs} />
    </div>
  );
}

function MeterTable({ rows, nowMs }: { readonly rows: readonly MeterRow[]; readonly nowMs: number }) {
  const { t } = useLingui();
  const format = useFormat();
  const power = usePowerWords();
  const isMade = (row: MeterRow) => row.kind === 'generation' || row.kind === 'battery';
  return (
    <Table
      caption={t`Meters`}
      linked
      rowKey={(row) => row.id}
      groups={[
        { key: 'made', title: <Trans>Power made and stored</Trans>, rows: rows.filter(isMade) },
        { key: 'used', title: <Trans>Power used</Trans>, rows: rows.filter((r) => r.kind === 'use') },
        { key: 'site', title: <Trans>The whole site</Trans>, rows: rows.filter((r) => r.kind === 'site') },
      ]}
      columns={[
        {
          key: 'meter',
          head: t`Meter`,
          cell: (row) => (
            <RowName
              mark={<MeterMark row={row} />}
              to={`/meters/${row.id}`}
              name={row.name}
              second={[row.member?.name, t`limit ${format.power(row.limitW)}`].filter(Boolean).join(', ')}
            />
          ),
        },
        { key: 'heard', head: t`Heard`, cell: (row) => <Heard row={row} nowMs={nowMs} /> },
        { key: 'trust', head: t`Trust`, cell: (row) => <Trust level={row.trust} /> },
        {
          key: 'week',
          head: t`7 days`,
          wideOnly: true,
          cell: (row) =>
            row.pendingDecisions > 0 ? (
              <Chip look="bad">{t`to decide`}</Chip>
            ) : row.week.gapHours > 0 ? (
              t`${row.week.gapHours} h missing`
            ) : (
              t`complete`
            ),
        },
        {
          key: 'now',
          head: t`Now`,
          end: true,
          wideOnly: true,
          cell: (row) => (row.last === null || isOld(row, nowMs) ? t`no news` : power(row.kind, row.last.powerW)),
        },
        { key: 'strip', head: t`Last 48 hours`, wideOnly: true, cell: (row) => <QualityStrip strip={row.strip} /> },
      ]}
    />
  );
}

export function MeterMark({ row }: { readonly row: Pick<MeterRow, 'source' | 'place' | 'kind'> }) {
  if (row.source) return <SourceMark source={row.source} />;
  if (row.kind === 'battery') return <SourceMark source="battery" />;
  const Icon = PLACE_ICONS[row.place ?? 'other'];
  return <Icon size={18} strokeWidth={1.75} aria-hidden />;
}

/** Age of the last reading; what is old says so with a clock, never in red alone. */
export function Heard({ row, nowMs }: { readonly row: MeterRow; readonly nowMs: number }) {
  const { t } = useLingui();
  const format = useFormat();
  if (row.last === null) return <span className={s['old']}>{t`never`}</span>;
  const age = format.age(nowMs - row.last.atMs);
  if (!isOld(row, nowMs)) return <>{age}</>;
  return (
    <span className={s['old']}>
      <Clock size={16} aria-hidden />
      {age}
    </span>
  );
}

const LEVELS: readonly TrustLevel[] = [4, 3, 2, 1, 0];

function HowSure() {
  const { t } = useLingui();
  return (
    <Block title={<Trans>How sure are we?</Trans>}>
      <dl className={s['levels']}>
        {LEVELS.map((level) => (
          <div key={level}>
            <dt>
              <Trust level={level} />
            </dt>
            <dd>
              <b>{t(TRUST_WORDS[level].name)}</b> {t(TRUST_WORDS[level].means)}
            </dd>
          </div>
        ))}
      </dl>
    </Block>
  );
}
