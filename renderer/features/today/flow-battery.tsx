import { useLingui } from '@lingui/react/macro';
import { useFormat } from '../../ui/format.tsx';
import d from './drawing.module.css';
import s from './flow.module.css';
import type { Box } from './flow-geometry.ts';
import type { FlowNow } from './flow-picture.tsx';

type Battery = NonNullable<FlowNow['battery']>;

/** What the battery holds and does, in words. */
export function useBatteryWords(battery: Battery): { readonly full: string; readonly does: string } {
  const { t } = useLingui();
  const format = useFormat();
  const stored = battery.storedWh === null ? null : format.energy(battery.storedWh);
  const percent = battery.socPercent === null ? null : format.count(Math.round(battery.socPercent));
  const reserve = format.count(battery.reservePercent);
  const does =
    battery.chargeW >= 1
      ? t`filling ${format.power(battery.chargeW)}`
      : battery.dischargeW >= 1
        ? t`giving ${format.power(battery.dischargeW)}`
        : t`resting`;
  return {
    full:
      percent === null
        ? t`Battery: not heard`
        : stored === null
          ? t`Battery ${percent} % full`
          : t`Battery ${percent} % full, ${stored}`,
    does: t`${does} · reserve ${reserve} %`,
  };
}

export function WideBattery({ box, battery }: { readonly box: Box; readonly battery: Battery }) {
  const words = useBatteryWords(battery);
  const inner = box.width - 8;
  const level = ((battery.socPercent ?? 0) / 100) * inner;
  const reserveX = box.x + 4 + (battery.reservePercent / 100) * inner;
  const centre = box.x + box.width / 2;
  return (
    <g>
      <rect className={s['case']} x={box.x} y={box.y} width={box.width} height={box.height} rx={5} />
      <rect className={s['nub']} x={box.x + box.width} y={box.y + 10} width={6} height={box.height - 20} />
      {battery.socPercent !== null && (
        <rect className={s['level']} x={box.x + 4} y={box.y + 4} width={level} height={box.height - 8} rx={2} />
      )}
      <path className={s['reserve']} d={`M${reserveX} ${box.y + 2}V${box.y + box.height - 2}`} />
      <text className={d['t2']} x={centre} y={box.y + box.height + 20} textAnchor="middle">
        {words.full}
      </text>
      <text className={`${d['t1']} ${d['muted']}`} x={centre} y={box.y + box.height + 39} textAnchor="middle">
        {words.does}
      </text>
    </g>
  );
}
