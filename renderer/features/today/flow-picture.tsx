import { useLingui } from '@lingui/react/macro';
import type { CSSProperties } from 'react';
import { useMemo } from 'react';
import type { Out } from '../../app/wire.ts';
import { classNames } from '../../ui/class-names.ts';
import { useFormat } from '../../ui/format.tsx';
import type { Place } from '../../ui/words.ts';
import d from './drawing.module.css';
import s from './flow.module.css';
import { WideBattery } from './flow-battery.tsx';
import { tallFrame, wideFrame } from './flow-frames.ts';
import { type Flow, type FlowFrame, type FlowInput, layFlow } from './flow-geometry.ts';
import { SourceLabels, TallLabels, UseLabels } from './flow-labels.tsx';
import { houseRows } from './house-rows.ts';
import { fillOf } from './source-fill.ts';

export type FlowNow = Out['today']['get']['flow'];

const USE_LABEL_PX = 60;
const HOUSE_ROW_PX = 14;

const PLACES: readonly Place[] = ['home', 'mill', 'clinic', 'school', 'shop', 'other'];

/** The order of the picture never changes, whoever was added first. */
const inOrder = (uses: FlowNow['uses']): FlowNow['uses'] =>
  uses.toSorted((a, b) => PLACES.indexOf(a.place) - PLACES.indexOf(b.place));

const inputOf = (flow: FlowNow): FlowInput => ({
  sources: flow.sources.map((x) => ({ source: x.source, powerW: x.running ? x.nowW : 0 })),
  uses: flow.uses.map((x) => ({
    powerW: x.nowW,
    needPx: USE_LABEL_PX + (x.place === 'home' ? (houseRows(x.count) + (x.silent > 0 ? 1 : 0)) * HOUSE_ROW_PX : 0),
  })),
  battery: flow.battery,
  lossW: flow.lossW,
});

/** The village as one picture, drawn twice: across for a laptop, down for a phone. */
export function FlowPicture({ flow: heard, nowMs }: { readonly flow: FlowNow; readonly nowMs: number }) {
  const { i18n } = useLingui();
  const flow = useMemo(() => ({ ...heard, uses: inOrder(heard.uses) }), [heard]);
  const rightToLeft = i18n.locale.startsWith('ar');
  const input = useMemo(() => inputOf(flow), [flow]);
  const wide = useMemo(() => layFlow(input, wideFrame(rightToLeft)), [input, rightToLeft]);
  const tall = useMemo(() => layFlow(input, tallFrame(rightToLeft)), [input, rightToLeft]);
  return (
    <>
      <Hatches />
      <WideFlow flow={flow} laid={wide} frame={wideFrame(rightToLeft)} nowMs={nowMs} />
      <TallFlow flow={flow} laid={tall} nowMs={nowMs} />
    </>
  );
}

interface Drawn {
  readonly flow: FlowNow;
  readonly laid: Flow;
  readonly nowMs: number;
}

const WIDE_PX = 812;

function WideFlow({ flow, laid, frame, nowMs }: Drawn & { readonly frame: FlowFrame }) {
  const label = useFlowSentence(flow, laid);
  const format = useFormat();
  return (
    <div className={d['wide']}>
      <svg className={s['flow']} viewBox={`0 0 ${WIDE_PX} ${Math.ceil(laid.extentV)}`} role="img" aria-label={label}>
        <Ribbons laid={laid} />
        {laid.totalW > 0 && (
          <text className={d['t2']} x={laid.bus.x + laid.bus.width / 2} y={laid.bus.y - 9} textAnchor="middle">
            {format.power(laid.totalW)}
          </text>
        )}
        <SourceLabels flow={flow} laid={laid} frame={frame} nowMs={nowMs} />
        <UseLabels flow={flow} laid={laid} frame={frame} />
        {laid.battery && flow.battery && <WideBattery box={laid.battery} battery={flow.battery} />}
      </svg>
    </div>
  );
}

function TallFlow({ flow, laid, nowMs }: Drawn) {
  const label = useFlowSentence(flow, laid);
  return (
    <div className={d['tall']}>
      <TallLabels flow={flow} side="sources" nowMs={nowMs} />
      <svg className={s['flow']} viewBox={`0 0 ${laid.extentV} 228`} role="img" aria-label={label}>
        <Ribbons laid={laid} />
        {laid.battery && flow.battery && <TallBattery box={laid.battery} soc={flow.battery.socPercent} />}
      </svg>
      <TallLabels flow={flow} side="uses" nowMs={nowMs} />
    </div>
  );
}

function TallBattery({ box, soc }: { readonly box: NonNullable<Flow['battery']>; readonly soc: number | null }) {
  const level = ((soc ?? 0) / 100) * (box.height - 8);
  return (
    <g>
      <rect className={s['nub']} x={box.x + box.width / 2 - 8} y={box.y - 6} width={16} height={6} />
      <rect className={s['case']} x={box.x} y={box.y} width={box.width} height={box.height} rx={6} />
      {soc !== null && (
        <rect
          className={s['level']}
          x={box.x + 4}
          y={box.y + box.height - 4 - level}
          width={box.width - 8}
          height={level}
          rx={2}
        />
      )}
    </g>
  );
}

const RUN_CLASS: Record<string, string | undefined> = {
  hydro: s['runHydro'],
  diesel: s['runDiesel'],
  battery: s['runBattery'],
};

function Ribbons({ laid }: { readonly laid: Flow }) {
  return (
    <g>
      {laid.idle.map((x) => (
        <path key={x.key} className={s['idle']} d={x.path} />
      ))}
      {laid.bands.map((b) => (
        <path key={b.key} className={fillOf(b.source)} d={b.path} />
      ))}
      {laid.chevrons.flatMap((c) =>
        Array.from({ length: c.count }, (_, i) => {
          const part = (i + 0.5) / c.count;
          const style = {
            offsetPath: `path('${c.path}')`,
            offsetDistance: `${part * 100}%`,
            animationDelay: `${-part * c.seconds}s`,
            '--seconds': `${c.seconds}s`,
          } as CSSProperties;
          return (
            <path
              key={`${c.key}-${part}`}
              className={classNames(s['run'], RUN_CLASS[c.source])}
              d={`M${-c.sizePx * 0.55} ${-c.sizePx}L${c.sizePx * 0.55} 0L${-c.sizePx * 0.55} ${c.sizePx}`}
              style={style}
            />
          );
        }),
      )}
      <rect className={s['bus']} x={laid.bus.x} y={laid.bus.y} width={laid.bus.width} height={laid.bus.height} rx={3} />
    </g>
  );
}

/** Patterns that stand for absence and for diesel; one set for the page. */
function Hatches() {
  return (
    <svg width="0" height="0" aria-hidden="true" style={{ position: 'absolute' }}>
      <defs>
        <pattern id="gap-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path d="M0 0V6" className={s['hatchLine']} />
        </pattern>
        <pattern id="diesel-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="6" height="6" className={s['dieselGround']} />
          <path d="M0 0V6" stroke="#fff" strokeOpacity=".35" strokeWidth="2" />
        </pattern>
      </defs>
    </svg>
  );
}

function useFlowSentence(flow: FlowNow, laid: Flow): string {
  const { t } = useLingui();
  const format = useFormat();
  const made = format.power(laid.totalW);
  const used = format.power(flow.uses.reduce((a, u) => a + (u.nowW ?? 0), 0));
  return t`Energy now: ${made} made, ${used} used. The figures stand beside each ribbon.`;
}
