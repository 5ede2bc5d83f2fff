import { Plural, useLingui } from '@lingui/react/macro';
import { classNames } from '../../ui/class-names.ts';
import { useFormat } from '../../ui/format.tsx';
import { PLACE_ICONS, SOURCE_ICONS } from '../../ui/place-icons.ts';
import colours from '../../ui/source-colours.module.css';
import { PLACE_WORDS, SOURCE_WORDS } from '../../ui/words.ts';
import d from './drawing.module.css';
import s from './flow.module.css';
import { useBatteryWords } from './flow-battery.tsx';
import type { Flow, FlowFrame } from './flow-geometry.ts';
import type { FlowNow } from './flow-picture.tsx';
import { HOUSES_PER_ROW, houseRows } from './house-rows.ts';

type SourceNow = FlowNow['sources'][number];
type UseNow = FlowNow['uses'][number];

/** Power, or why there is none. */
function useSourceFigure(): (x: SourceNow) => string {
  const { t } = useLingui();
  const format = useFormat();
  return (x) => {
    if (x.nowW === null) return t`No news`;
    return x.running && x.nowW >= 1 ? format.power(x.nowW) : t`Off`;
  };
}

/** What stands under the figure: its age when it is old, otherwise what it is out of. */
function useSourceSecond(nowMs: number): (x: SourceNow) => string {
  const { t } = useLingui();
  const format = useFormat();
  return (x) => {
    if (x.nowW === null && x.lastHeardAtMs !== null) return t`heard ${format.age(nowMs - x.lastHeardAtMs)} ago`;
    return t`of ${format.power(x.capacityW)}`;
  };
}

export function SourceLabels(p: {
  readonly flow: FlowNow;
  readonly laid: Flow;
  readonly frame: FlowFrame;
  readonly nowMs: number;
}) {
  const { t } = useLingui();
  const figure = useSourceFigure();
  const second = useSourceSecond(p.nowMs);
  const x = (u: number) => (p.frame.rightToLeft ? 812 - u : u);
  const anchor = p.frame.rightToLeft ? 'end' : 'start';
  return (
    <g>
      {p.flow.sources.map((item, i) => {
        const v = p.laid.sourceV[i] ?? 0;
        const Icon = SOURCE_ICONS[item.source];
        const on = item.running && (item.nowW ?? 0) >= 1;
        return (
          <g key={`${item.source}-${item.name}`} textAnchor={anchor}>
            <circle className={classNames(s['disc'], colours[item.source], !on && s['off'])} cx={x(24)} cy={v} r={20} />
            <g className={classNames(s['icon'], colours[item.source])}>
              <Icon x={x(24) - 11} y={v - 11} width={22} height={22} strokeWidth={1.75} aria-hidden />
            </g>
            <text className={d['t2']} x={x(53)} y={v - 10} style={{ fontSize: 14 }}>
              {clip(item.name || t(SOURCE_WORDS[item.source]), 13)}
            </text>
            <text className={d['t4']} x={x(53)} y={v + 12}>
              <Figure text={figure(item)} />
            </text>
            <text className={`${d['t1']} ${d['muted']}`} x={x(53)} y={v + 29}>
              {second(item)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

export function UseLabels({
  flow,
  laid,
  frame,
}: {
  readonly flow: FlowNow;
  readonly laid: Flow;
  readonly frame: FlowFrame;
}) {
  const { t } = useLingui();
  const format = useFormat();
  const x = (u: number) => (frame.rightToLeft ? 812 - u : u);
  const anchor = frame.rightToLeft ? 'end' : 'start';
  return (
    <g textAnchor={anchor}>
      {flow.lossW !== null && flow.lossW >= 1 && (
        <text className={`${d['t1']} ${d['muted']}`} x={x(612)} y={laid.lossV + 4}>
          {t`Lost on the way ${format.power(flow.lossW)}`}
        </text>
      )}
      {flow.uses.map((item, i) => {
        const rows = item.place === 'home' ? houseRows(item.count) : 0;
        const height = 40 + (rows > 0 ? rows * 14 + 4 : 0) + (item.silent > 0 ? 18 : 0);
        const top = (laid.useV[i] ?? 0) - height / 2;
        const Icon = PLACE_ICONS[item.place];
        return (
          <g key={item.place}>
            <Icon
              x={x(612) - (frame.rightToLeft ? 20 : 0)}
              y={top}
              width={20}
              height={20}
              strokeWidth={1.75}
              aria-hidden
            />
            <text className={d['t2']} x={x(642)} y={top + 14} style={{ fontSize: 14 }}>
              <UseName item={item} />
            </text>
            <text className={d['t4']} x={x(642)} y={top + 36}>
              <Figure text={item.nowW === null ? t`No news` : format.power(item.nowW)} />
            </text>
            {rows > 0 && <Houses item={item} x={x(642)} y={top + 46} rightToLeft={frame.rightToLeft} />}
            {item.silent > 0 && (
              <text className={`${d['t1']} ${d['muted']}`} x={x(642)} y={top + (rows > 0 ? 60 + rows * 14 : 54)}>
                <Plural value={item.silent} one="# not heard" other="# not heard" />
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

/** 34 homes are 34 houses; a dashed one is not heard. */
function Houses(p: { readonly item: UseNow; readonly x: number; readonly y: number; readonly rightToLeft: boolean }) {
  const step = p.rightToLeft ? -14 : 14;
  const from = p.rightToLeft ? p.x - 11 : p.x;
  return (
    <g>
      {Array.from({ length: p.item.count }, (_, i) => {
        const x = from + (i % HOUSES_PER_ROW) * step;
        const y = p.y + Math.floor(i / HOUSES_PER_ROW) * 14;
        const silent = i >= p.item.count - p.item.silent;
        return (
          <path
            key={`${x}-${y}`}
            className={silent ? s['houseSilent'] : s['house']}
            d={`M${x} ${y + 5}l5.5-5 5.5 5v6.5h-11z`}
          />
        );
      })}
    </g>
  );
}

function UseName({ item }: { readonly item: UseNow }) {
  const { t } = useLingui();
  if (item.place === 'home') return <Plural value={item.count} one="# home" other="# homes" />;
  if (item.count === 1) return clip(item.names[0] ?? t(PLACE_WORDS[item.place]), 20);
  return `${item.count} × ${t(PLACE_WORDS[item.place])}`;
}

/** A figure large, its unit small. */
function Figure({ text }: { readonly text: string }) {
  const [figure, unit] = text.split('\u00a0');
  if (!unit) return <tspan className={d['word']}>{figure}</tspan>;
  return (
    <>
      {figure}
      <tspan className={d['unit']}> {unit}</tspan>
    </>
  );
}

const clip = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

export function TallLabels(p: { readonly flow: FlowNow; readonly side: 'sources' | 'uses'; readonly nowMs: number }) {
  return p.side === 'sources' ? <TallSources flow={p.flow} nowMs={p.nowMs} /> : <TallUses flow={p.flow} />;
}

function TallSources({ flow, nowMs }: { readonly flow: FlowNow; readonly nowMs: number }) {
  const figure = useSourceFigure();
  const second = useSourceSecond(nowMs);
  return (
    <div className={s['labels']}>
      {flow.sources.map((item) => {
        const Icon = SOURCE_ICONS[item.source];
        return (
          <div key={`${item.source}-${item.name}`}>
            <svg
              width="40"
              height="40"
              viewBox="0 0 40 40"
              aria-hidden="true"
              className={classNames(s['icon'], colours[item.source])}
            >
              <circle cx="20" cy="20" r="19" className={classNames(s['disc'], !item.running && s['off'])} />
              <Icon x={10} y={10} width={20} height={20} strokeWidth={1.75} />
            </svg>
            <span>{item.name}</span>
            <b>{figure(item)}</b>
            <span className={s['second']}>{second(item)}</span>
          </div>
        );
      })}
    </div>
  );
}

function TallUses({ flow }: { readonly flow: FlowNow }) {
  const { t } = useLingui();
  const format = useFormat();
  return (
    <div className={s['labels']}>
      {flow.uses.map((item) => {
        const Icon = PLACE_ICONS[item.place];
        return (
          <div key={item.place}>
            <Icon size={20} strokeWidth={1.75} aria-hidden />
            <span>
              <UseName item={item} />
            </span>
            <b>{item.nowW === null ? t`No news` : format.power(item.nowW)}</b>
            {item.silent > 0 && (
              <span className={s['second']}>
                <Plural value={item.silent} one="# not heard" other="# not heard" />
              </span>
            )}
          </div>
        );
      })}
      {flow.battery && <TallBatteryLabel battery={flow.battery} />}
    </div>
  );
}

function TallBatteryLabel({ battery }: { readonly battery: NonNullable<FlowNow['battery']> }) {
  const { t } = useLingui();
  const format = useFormat();
  const words = useBatteryWords(battery);
  return (
    <div>
      <span>{t(SOURCE_WORDS.battery)}</span>
      <b>{battery.socPercent === null ? t`No news` : `${format.count(Math.round(battery.socPercent))} %`}</b>
      <span className={s['second']}>{words.does}</span>
    </div>
  );
}
