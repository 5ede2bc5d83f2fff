import { Trans } from '@lingui/react/macro';
import { useEffect, useRef, useState } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import s from './bar-chart.module.css';
import { classNames } from './class-names.ts';
import type { IntervalStatus } from './quality-strip.tsx';
import type { Source } from './words.ts';

export interface Bar {
  readonly fromMs: number;
  /** Null where nobody knows. */
  readonly value: number | null;
  readonly status: IntervalStatus;
}
export interface BarChartProps {
  readonly bars: readonly Bar[];
  readonly label: string;
  readonly unit: string;
  readonly source: Source | null;
  /** Which bars carry a label under the axis, and which. */
  readonly tick: (bar: Bar, index: number) => string | null;
  /** One bar in words, shown while it is pointed at. */
  readonly say: (bar: Bar) => string;
  readonly locale: string;
}

const HEIGHT_PX = 250;

/** Bars of energy with holes for gaps and marks for what is held; drawn again when its width or theme changes. */
export function BarChart(p: BarChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const { bars, unit, source, tick, locale } = p;
  useEffect(() => {
    const at = host.current;
    if (!at) return;
    let plot: UPlot | null = null;
    const draw = () => {
      plot?.destroy();
      plot = drawBars(at, { bars, unit, source, tick, locale, onPoint: setPointed });
    };
    const resized = new ResizeObserver(draw);
    resized.observe(at);
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      resized.disconnect();
      themed.disconnect();
      plot?.destroy();
    };
  }, [bars, unit, source, tick, locale]);
  const bar = pointed === null ? undefined : bars[pointed];
  const [fill, edge] = inkOf(source);
  return (
    <figure style={{ '--bar': `var(${fill})`, '--bar-edge': `var(${edge})` } as React.CSSProperties}>
      <div ref={host} className={s['chart']} role="img" aria-label={p.label} />
      <figcaption className={s['below']}>
        {bar ? <b>{p.say(bar)}</b> : isSilent(bars) ? <Trans>No reading in this time.</Trans> : <Legend bars={bars} />}
      </figcaption>
    </figure>
  );
}

const isSilent = (bars: readonly Bar[]): boolean => bars.every((b) => b.status === 'none');

function Legend({ bars }: { readonly bars: readonly Bar[] }) {
  const has = (status: IntervalStatus) => bars.some((b) => b.status === status);
  return (
    <>
      <span className={s['key']}>
        <i className={classNames(s['swatch'], s['measured'])} />
        <Trans>Measured</Trans>
      </span>
      {has('gap') && (
        <span className={s['key']}>
          <i className={classNames(s['swatch'], s['gap'])} />
          <Trans>Not heard</Trans>
        </span>
      )}
      {has('spike') && (
        <span className={s['key']}>
          <i className={classNames(s['swatch'], s['held'])} />
          <Trans>Held until a person decides</Trans>
        </span>
      )}
      {has('estimated') && (
        <span className={s['key']}>
          <i className={classNames(s['swatch'], s['estimated'])} />
          <Trans>Estimated</Trans>
        </span>
      )}
    </>
  );
}

const inkOf = (source: Source | null): readonly [string, string] =>
  source ? [`--${source}`, `--${source}-deep`] : ['--ink-2', '--ink'];

interface Drawing extends Pick<BarChartProps, 'bars' | 'unit' | 'source' | 'tick' | 'locale'> {
  readonly onPoint: (index: number | null) => void;
}

function drawBars(host: HTMLDivElement, d: Drawing): UPlot {
  const css = getComputedStyle(document.documentElement);
  const ink = (name: string) => css.getPropertyValue(name).trim();
  const [fill, edge] = inkOf(d.source);
  const font = `13px ${ink('--font')}`;
  const count = d.bars.length;
  const splits = d.bars.flatMap((bar, i) => (d.tick(bar, i) === null ? [] : [i]));
  const options: UPlot.Options = {
    width: Math.max(260, host.clientWidth),
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: [-0.5, count - 0.5] },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] },
    },
    series: [
      {},
      {
        stroke: ink(edge),
        fill: ink(fill),
        width: 1,
        points: { show: false },
        paths: UPlot.paths.bars?.({ size: [0.88, 60] }) ?? null,
      },
    ] as UPlot.Series[],
    axes: [
      {
        stroke: ink('--ink-2'),
        font,
        grid: { show: false },
        ticks: { show: false },
        border: { show: true, stroke: ink('--ink'), width: 1.5 },
        splits: () => splits,
        values: (_, at) => at.map((i) => (d.bars[i] ? (d.tick(d.bars[i], i) ?? '') : '')),
        size: 28,
      },
      {
        stroke: ink('--ink-2'),
        font,
        grid: { stroke: ink('--rule'), width: 1 },
        ticks: { show: false },
        size: 58,
        space: 46,
        values: (_, at) =>
          at.map((v) => (v === 0 ? d.unit : new Intl.NumberFormat(d.locale, { maximumFractionDigits: 2 }).format(v))),
      },
    ],
    hooks: {
      draw: [(u) => drawHoles(u, d.bars, { edge: ink('--edge'), hatch: ink('--hatch'), alert: ink('--alert') })],
      setCursor: [(u) => d.onPoint(u.cursor.idx ?? null)],
    },
  };
  const data: UPlot.AlignedData = [d.bars.map((_, i) => i), d.bars.map((b) => b.value)];
  return new UPlot(options, data, host);
}

/** What is absent is drawn as absent: a hatched hole where nobody heard, a dashed frame where energy is held. */
function drawHoles(
  u: UPlot,
  bars: readonly Bar[],
  ink: { readonly edge: string; readonly hatch: string; readonly alert: string },
): void {
  const { ctx, bbox } = u;
  const px = devicePixelRatio;
  ctx.save();
  for (const [i, bar] of bars.entries()) {
    if (bar.status !== 'gap' && bar.status !== 'spike') continue;
    const from = u.valToPos(i - 0.44, 'x', true);
    const width = u.valToPos(i + 0.44, 'x', true) - from;
    ctx.setLineDash([3 * px, 2 * px]);
    ctx.lineWidth = bar.status === 'spike' ? 2 * px : px;
    ctx.strokeStyle = bar.status === 'spike' ? ink.alert : ink.edge;
    ctx.strokeRect(from, bbox.top, width, bbox.height);
    if (bar.status === 'gap') hatch(ctx, from, bbox.top, width, bbox.height, ink.hatch);
    else mark(ctx, from + width / 2, bbox.top + 9 * px, ink.alert);
  }
  ctx.restore();
}

function hatch(ctx: CanvasRenderingContext2D, x: number, y: number, w: number, h: number, colour: string): void {
  const px = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, w, h);
  ctx.clip();
  ctx.setLineDash([]);
  ctx.lineWidth = 2 * px;
  ctx.strokeStyle = colour;
  ctx.beginPath();
  for (let at = x - h; at < x + w; at += 8 * px) {
    ctx.moveTo(at, y + h);
    ctx.lineTo(at + h, y);
  }
  ctx.stroke();
  ctx.restore();
}

function mark(ctx: CanvasRenderingContext2D, x: number, y: number, colour: string): void {
  const px = devicePixelRatio;
  ctx.save();
  ctx.fillStyle = colour;
  ctx.font = `700 ${13 * px}px sans-serif`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.fillText('!', x, y);
  ctx.restore();
}
