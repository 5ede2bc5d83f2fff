import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { ChevronLeft, ChevronRight, Table2 } from 'lucide-react';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import { civil, HOUR_MS } from '#domain/time.ts';
import { useApi } from '../../app/console-context.tsx';
import { useNowMs, useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import type { Bar } from '../../ui/bar-chart.tsx';
import { Button, Choice } from '../../ui/button.tsx';
import { hourText, villageDate } from '../../ui/figures.ts';
import { useFormat } from '../../ui/format.tsx';
import { Muted, Paper } from '../../ui/layout.tsx';
import { Table } from '../../ui/table.tsx';
import { View } from '../../ui/view.tsx';
import type { MeterCard } from './meter-page.tsx';
import s from './meters.module.css';
import { moveRange, type Range, type RangeKind, rangeOf } from './range.ts';

type Point = Out['meters']['series']['points'][number];
// Asked for with this screen, so that the chart is there when the first figures are.
const chartModule = import('../../ui/bar-chart.tsx');
const BarChart = lazy(() => chartModule.then((m) => ({ default: m.BarChart })));

/** Energy by the hour or the day. Gaps are holes, held spikes are marked, and everything is there as a table. */
export function MeterChart({ card }: { readonly card: MeterCard }) {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const nowMs = useNowMs();
  const [range, setRange] = useState<Range>(() => rangeOf('day', nowMs, format.zone));
  const [asTable, setAsTable] = useState(false);
  const { fromMs, toMs, stepMs } = range;
  const series = useQuery({
    ...useApi().meters.series.queryOptions({ input: { village: village.id, meter: card.id, fromMs, toMs, stepMs } }),
    placeholderData: (before) => before,
  });
  return (
    <Paper title={<RangeTitle range={range} />} extra={<RangeTotal points={series.data?.points ?? []} />}>
      <div className={s['chartHead']}>
        <Choice
          label={t`Length`}
          value={range.kind}
          onChange={(kind: RangeKind) => setRange(rangeOf(kind, Math.min(range.toMs - 1, nowMs), format.zone))}
          options={[
            ['day', t`Day`],
            ['week', t`Week`],
            ['month', t`Month`],
            ['year', t`Year`],
          ]}
        />
        <Button look="quiet" label={t`Earlier`} onPress={() => setRange(moveRange(range, -1, format.zone))}>
          <ChevronLeft aria-hidden />
        </Button>
        <Button
          look="quiet"
          label={t`Later`}
          disabled={range.toMs > nowMs}
          onPress={() => setRange(moveRange(range, 1, format.zone))}
        >
          <ChevronRight aria-hidden />
        </Button>
        <span className={s['grow']} />
        <Button look="quiet" onPress={() => setAsTable(!asTable)}>
          <Table2 aria-hidden />
          {asTable ? <Trans>Show as chart</Trans> : <Trans>Show as table</Trans>}
        </Button>
      </div>
      <View of={series} loading={t`Reading the days`}>
        {(data) =>
          asTable ? (
            <PointTable points={data.points} range={range} />
          ) : (
            <Chart card={card} points={data.points} range={range} />
          )
        }
      </View>
    </Paper>
  );
}

function RangeTitle({ range }: { readonly range: Range }) {
  const format = useFormat();
  const to = range.toMs - 1;
  if (range.kind === 'day') return <>{villageDate(range.fromMs, format.zone, format.locale, { dateStyle: 'full' })}</>;
  if (range.kind === 'week') return <>{`${format.day(range.fromMs)} – ${format.day(to)}`}</>;
  if (range.kind === 'year') return <>{villageDate(range.fromMs, format.zone, format.locale, { year: 'numeric' })}</>;
  return <>{villageDate(range.fromMs, format.zone, format.locale, { month: 'long', year: 'numeric' })}</>;
}

function RangeTotal({ points }: { readonly points: readonly Point[] }) {
  const format = useFormat();
  const measured = format.energy(points.reduce((a, p) => a + (p.wh ?? 0n), 0n));
  const heldWh = points.reduce((a, p) => a + (p.heldWh ?? 0n), 0n);
  const held = format.energy(heldWh);
  return (
    <Muted>
      {heldWh > 0n ? (
        <Trans>
          {measured} measured, {held} held
        </Trans>
      ) : (
        <Trans>{measured} measured</Trans>
      )}
    </Muted>
  );
}

interface Drawn {
  readonly points: readonly Point[];
  readonly range: Range;
}

function Chart({ card, points, range }: Drawn & { readonly card: MeterCard }) {
  const { t } = useLingui();
  const format = useFormat();
  const status = useStatusWords();
  const most = points.reduce((a, p) => (p.wh !== null && p.wh > a ? p.wh : a), 0n);
  const inKilo = most >= 2000n;
  const bars = useMemo<Bar[]>(
    () =>
      points.map((p) => ({
        fromMs: p.fromMs,
        value: p.wh === null ? null : Number(p.wh) / (inKilo ? 1000 : 1),
        status: p.status,
      })),
    [points, inKilo],
  );
  const { zone, locale } = format;
  const tick = useCallback((bar: Bar, i: number) => tickOf(range, bar.fromMs, i, zone, locale), [range, zone, locale]);
  const byStart = useMemo(() => new Map(points.map((p) => [p.fromMs, p])), [points]);
  const say = (bar: Bar) => {
    const p = byStart.get(bar.fromMs);
    const when = range.stepMs === HOUR_MS ? format.moment(bar.fromMs) : format.dayShort(bar.fromMs);
    const energy = p?.wh === null || !p ? (p?.heldWh ? format.energy(p.heldWh) : '') : format.energy(p.wh);
    return [when, energy, status(bar.status)].filter(Boolean).join(', ');
  };
  return (
    <Suspense fallback={<div style={{ minBlockSize: 274 }} />}>
      <BarChart
        bars={bars}
        label={t`Energy of ${card.name}. The same figures stand under Show as table.`}
        unit={inKilo ? 'kWh' : 'Wh'}
        source={card.source ?? (card.kind === 'battery' ? 'battery' : null)}
        tick={tick}
        say={say}
        locale={locale}
      />
    </Suspense>
  );
}

function tickOf(range: Range, ms: number, i: number, zone: { offsetMin: number }, locale: string): string | null {
  if (range.kind === 'day') return i % 3 === 0 ? hourText(ms, zone) : null;
  if (range.kind === 'week') return i % 24 === 0 ? villageDate(ms, zone, locale, { weekday: 'short' }) : null;
  if (range.kind === 'year')
    return civil(ms, zone).day === 1 ? villageDate(ms, zone, locale, { month: 'short' }) : null;
  return i % 5 === 0 ? villageDate(ms, zone, locale, { day: 'numeric' }) : null;
}

function useStatusWords(): (status: Point['status']) => string {
  const { t } = useLingui();
  return (status) =>
    ({
      measured: t`measured`,
      gap: t`not heard`,
      spike: t`held until a person decides`,
      reset: t`register went back`,
      estimated: t`estimated`,
      accepted: t`accepted by a person`,
      rejected: t`rejected by a person`,
      none: t`no reading`,
    })[status];
}

function PointTable({ points, range }: Drawn) {
  const { t } = useLingui();
  const format = useFormat();
  const status = useStatusWords();
  return (
    <Table
      caption={t`Energy by step`}
      dense
      rowKey={(p) => String(p.fromMs)}
      groups={[{ key: 'all', rows: points.filter((p) => p.status !== 'none') }]}
      columns={[
        {
          key: 'when',
          head: range.stepMs === HOUR_MS ? t`Hour` : t`Day`,
          cell: (p) => (range.stepMs === HOUR_MS ? format.moment(p.fromMs) : format.dayShort(p.fromMs)),
        },
        { key: 'wh', head: t`Energy`, end: true, cell: (p) => (p.wh === null ? '–' : format.energy(p.wh, 3)) },
        { key: 'held', head: t`Held`, end: true, cell: (p) => (p.heldWh === null ? '' : format.energy(p.heldWh, 3)) },
        { key: 'status', head: t`How`, cell: (p) => status(p.status) },
      ]}
    />
  );
}
