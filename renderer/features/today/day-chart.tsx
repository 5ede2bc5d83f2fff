import { Trans, useLingui } from '@lingui/react/macro';
import { Table2 } from 'lucide-react';
import { useState } from 'react';
import type { Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { hourText } from '../../ui/figures.ts';
import { useFormat } from '../../ui/format.tsx';
import { Table } from '../../ui/table.tsx';
import { SOURCE_WORDS, type Source } from '../../ui/words.ts';
import s from './day-chart.module.css';
import { type DayFrame, layDay } from './day-geometry.ts';
import d from './drawing.module.css';
import { fillOf } from './source-fill.ts';

type Day = Out['today']['get']['day'];
const WIDE: DayFrame = { width: 812, height: 122, left: 34, bottom: 22, top: 12 };
const NARROW: DayFrame = { width: 328, height: 130, left: 30, bottom: 22, top: 14 };

const DARK_FILLS: readonly Source[] = ['hydro', 'diesel'];

export function DayChart({ day, nowMs }: { readonly day: Day; readonly nowMs: number }) {
  const format = useFormat();
  const [asTable, setAsTable] = useState(false);
  return (
    <section className={s['dayStrip']}>
      <div className={s['dayHead']}>
        <h2>
          <Trans>Today by the hour</Trans>
        </h2>
        <p className={s['sums']}>
          <span>
            <Trans>
              Made <b>{format.energy(day.madeWh)}</b>
            </Trans>
          </span>
          <span>
            <Trans>
              Used <b>{format.energy(day.usedWh)}</b>
            </Trans>
          </span>
          <span>
            <Trans>
              Stored <b>{format.energy(day.storedWh)}</b>
            </Trans>
          </span>
          {day.lostWh !== null && (
            <span>
              <Trans>
                Lost <b>{format.energy(day.lostWh)}</b>
              </Trans>
            </span>
          )}
        </p>
        <Button look="quiet" onPress={() => setAsTable(!asTable)}>
          <Table2 aria-hidden />
          {asTable ? <Trans>Show as chart</Trans> : <Trans>Show as table</Trans>}
        </Button>
      </div>
      {asTable ? (
        <DayTable day={day} />
      ) : (
        <>
          <div className={d['wide']}>
            <DayDrawing day={day} nowMs={nowMs} frame={WIDE} />
          </div>
          <div className={d['tall']}>
            <DayDrawing day={day} nowMs={nowMs} frame={NARROW} />
          </div>
        </>
      )}
    </section>
  );
}

function DayDrawing(p: { readonly day: Day; readonly nowMs: number; readonly frame: DayFrame }) {
  const { t } = useLingui();
  const format = useFormat();
  const { frame } = p;
  const drawn = layDay(p.day.hours, p.nowMs, frame);
  const inKilo = (drawn.ticks.at(-1)?.wh ?? 0) >= 1000;
  const tick = (wh: number) => format.count(inKilo ? wh / 1000 : wh);
  return (
    <svg
      className={s['dayChart']}
      viewBox={`0 0 ${frame.width} ${frame.height}`}
      role="img"
      aria-label={t`Energy made and used in each hour of today. Hatched: not heard. Pale and dashed: expected.`}
    >
      {drawn.ticks.map((x) => (
        <g key={x.wh}>
          <path className={s['gridLine']} d={`M${frame.left} ${x.y}H${frame.width}`} />
          <text className={`${d['t1']} ${d['muted']}`} x={frame.left - 5} y={x.y + 4} textAnchor="end">
            {tick(x.wh)}
          </text>
        </g>
      ))}
      <text className={`${d['t1']} ${d['muted']}`} x={0} y={drawn.baseY} textAnchor="start">
        {inKilo ? 'kWh' : 'Wh'}
      </text>
      {drawn.columns.map((c) => (
        <rect
          key={c.key}
          className={classNames(fillOf(c.source), c.expected && s['expected'])}
          x={c.x}
          y={c.y}
          width={c.width}
          height={c.height}
        />
      ))}
      {drawn.holes.map((h) => (
        <rect
          key={h.key}
          className={s['hole']}
          x={h.x}
          y={frame.top}
          width={h.width}
          height={drawn.baseY - frame.top}
        />
      ))}
      {drawn.use.map((u) => (
        <path key={u.key} className={classNames(s['use'], u.expected && s['useExpected'])} d={u.path} />
      ))}
      {frame === WIDE &&
        drawn.names.map((n) => (
          <text
            key={n.source}
            className={classNames(s['onSolar'], DARK_FILLS.includes(n.source) && s['onHydro'])}
            x={n.x}
            y={n.y}
          >
            {t(SOURCE_WORDS[n.source])}
          </text>
        ))}
      <path className={s['axis']} d={`M${frame.left} ${drawn.baseY}H${frame.width}`} />
      <NowLine x={drawn.nowX} frame={frame} baseY={drawn.baseY} />
      {p.day.hours.map((h, i) =>
        i % 3 === 0 ? (
          <text key={h.fromMs} className={`${d['t1']} ${d['muted']}`} x={drawn.hourX(i)} y={frame.height - 5}>
            {hourText(h.fromMs, format.zone)}
          </text>
        ) : null,
      )}
    </svg>
  );
}

function NowLine({ x, frame, baseY }: { readonly x: number | null; readonly frame: DayFrame; readonly baseY: number }) {
  const { t } = useLingui();
  if (x === null) return null;
  const late = x > frame.width - 130;
  return (
    <g textAnchor={late ? 'end' : 'start'}>
      <path className={s['nowLine']} d={`M${x} 2V${baseY}`} />
      <text className={d['t1']} x={x + (late ? -6 : 6)} y={11}>
        <tspan fontWeight={700}>{t`now`}</tspan>
        {!late && <tspan>{`  ${t`expected`}`}</tspan>}
      </text>
    </g>
  );
}

function DayTable({ day }: { readonly day: Day }) {
  const { t } = useLingui();
  const format = useFormat();
  const basis = { measured: t`measured`, expected: t`expected`, gap: t`not heard` };
  return (
    <Table
      caption={t`Energy by the hour`}
      dense
      rowKey={(h) => String(h.fromMs)}
      groups={[{ key: 'day', rows: day.hours }]}
      columns={[
        { key: 'hour', head: t`Hour`, cell: (h) => format.time(h.fromMs) },
        {
          key: 'made',
          head: t`Made`,
          end: true,
          cell: (h) =>
            h.basis === 'gap'
              ? '–'
              : h.madeWh
                  .filter((m) => m.wh > 0n)
                  .map((m) => `${t(SOURCE_WORDS[m.source])} ${format.energy(m.wh)}`)
                  .join(', ') || format.energy(0n),
        },
        { key: 'used', head: t`Used`, end: true, cell: (h) => (h.usedWh === null ? '–' : format.energy(h.usedWh)) },
        { key: 'basis', head: t`How`, cell: (h) => basis[h.basis] },
      ]}
    />
  );
}
