import { gather, type HourPoint } from '#core/metering/hours.ts';
import type { Village } from '#core/village/open-village.ts';
import type { HourFact } from '#domain/energy/outlook.ts';
import { HOUR_MS } from '#domain/time.ts';

export interface BatteryHour {
  readonly chargedWh: bigint;
  readonly dischargedWh: bigint;
}

/** The village hour by hour: what was made by source, what was used, what went into and out of the battery. */
export interface VillageHours {
  readonly facts: ReadonlyMap<number, HourFact>;
  readonly battery: ReadonlyMap<number, BatteryHour>;
}

const known = (p: HourPoint | undefined): bigint | null =>
  p === undefined ? null : p.status === 'gap' || p.status === 'none' ? null : p.wh;

/**
 * @param fromMs start of an hour
 * Use is the site total where one is measured, else the sum of all circuits; null when a circuit of that sum is unknown.
 */
export function villageHours(village: Village, fromMs: number, toMs: number): VillageHours {
  const state = village.state();
  const histories = village.histories();
  const series = [...state.meters.values()].map((meter) => ({
    meter,
    points: gather(histories.get(meter.id), fromMs, toMs, HOUR_MS),
  }));
  const of = (kind: string) => series.filter((s) => s.meter.kind === kind);
  const [uses, sites, makers, batteries] = [of('use'), of('site'), of('generation'), of('battery')];
  const discharge = dischargeByHour(
    village,
    batteries.map((b) => b.meter.id),
  );
  const facts = new Map<number, HourFact>();
  const battery = new Map<number, BatteryHour>();
  for (let i = 0, at = fromMs; at < toMs; i++, at += HOUR_MS) {
    const madeWh = new Map<string, bigint>();
    let madeKnown = makers.length > 0;
    for (const { meter, points } of makers) {
      const wh = known(points[i]);
      if (wh === null) madeKnown = false;
      else if (meter.source) madeWh.set(meter.source, (madeWh.get(meter.source) ?? 0n) + wh);
    }
    const site = sites.length > 0 ? total(sites.map((s) => known(s.points[i]))) : null;
    const usedWh = site ?? total(uses.map((s) => known(s.points[i])));
    facts.set(at, { fromMs: at, madeWh: madeKnown ? madeWh : null, usedWh });
    const charged = total(batteries.map((s) => known(s.points[i])));
    battery.set(at, { chargedWh: charged ?? 0n, dischargedWh: discharge.get(at) ?? 0n });
  }
  return { facts, battery };
}

function total(parts: readonly (bigint | null)[]): bigint | null {
  if (parts.length === 0) return null;
  let sum = 0n;
  for (const p of parts) {
    if (p === null) return null;
    sum += p;
  }
  return sum;
}

/** Differences of the batteries' export registers by hour. */
function dischargeByHour(village: Village, meters: readonly string[]): Map<number, bigint> {
  const out = new Map<number, bigint>();
  for (const { frame } of village.facts()) {
    if (!meters.includes(frame.meter) || !frame.exportWh || frame.stepMs !== HOUR_MS) continue;
    frame.asked.forEach((_, i) => {
      const [a, b] = [frame.exportWh?.[i], frame.exportWh?.[i + 1]];
      if (a == null || b == null || b < a) return;
      const at = frame.fromMs + i * HOUR_MS;
      out.set(at, (out.get(at) ?? 0n) + (b - a));
    });
  }
  return out;
}
