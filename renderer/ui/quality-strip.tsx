import { useLingui } from '@lingui/react/macro';
import type { INTERVAL_STATUS } from '#api/meters.ts';
import s from './marks.module.css';

export type IntervalStatus = (typeof INTERVAL_STATUS)[number];

/** One bar an hour, oldest first: solid when measured, a dashed hole when not heard, marked when held. */
export function QualityStrip({ strip }: { readonly strip: readonly IntervalStatus[] }) {
  const { t } = useLingui();
  const hours = strip.map((status, hour) => ({ status, hour }));
  const heard = strip.filter((x) => x !== 'gap' && x !== 'none').length;
  const total = strip.filter((x) => x !== 'none').length;
  const width = 120 / Math.max(1, strip.length);
  return (
    <svg
      className={s['strip']}
      viewBox="0 0 120 16"
      preserveAspectRatio="none"
      role="img"
      aria-label={t`Heard in ${heard} of the last ${total} hours`}
    >
      {runsOf(hours).map((run) => (
        <StripRun key={run.from} status={run.status} x={run.from * width} width={run.count * width} />
      ))}
    </svg>
  );
}

function StripRun(p: { readonly status: IntervalStatus; readonly x: number; readonly width: number }) {
  if (p.status === 'none') return null;
  if (p.status === 'gap')
    return <rect className={s['unknown']} x={p.x + 0.5} y={1} width={Math.max(1, p.width - 1)} height={14} />;
  const held = p.status === 'spike' || p.status === 'reset';
  return (
    <rect className={held ? s['held'] : s['known']} x={p.x} y={held ? 0 : 3} width={p.width} height={held ? 16 : 13} />
  );
}

function runsOf(hours: readonly { readonly status: IntervalStatus; readonly hour: number }[]) {
  const runs: { status: IntervalStatus; from: number; count: number }[] = [];
  for (const { status, hour } of hours) {
    const last = runs.at(-1);
    if (last?.status === status) last.count += 1;
    else runs.push({ status, from: hour, count: 1 });
  }
  return runs;
}
