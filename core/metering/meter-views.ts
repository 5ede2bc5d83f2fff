import { fileOf } from '#core/archive/month-places.ts';
import type { OpenVillage } from '#core/console.ts';
import type { MeterAddress } from '#core/ports/meter-driver.ts';
import type { ChainBreak } from '#core/village/chain-watch.ts';
import type { DaySums, MeterHours } from '#core/village/day-sums.ts';
import type { Village } from '#core/village/open-village.ts';
import type { Readings } from '#core/village/readings.ts';
import type { Frame } from '#domain/metering/frame.ts';
import type { TrustLevel } from '#domain/metering/trust.ts';
import { limitWh } from '#domain/metering/vee.ts';
import type { FrameFact } from '#domain/settlement/accounts.ts';
import { DAY_MS, dayOf, HOUR_MS } from '#domain/time.ts';
import type { RevealedMeter, RevealedState } from '#domain/village/reveal.ts';
import { decisionKey } from '#domain/village/state.ts';
import { hoursOf } from './hours.ts';

const WEEK_MS = 7 * DAY_MS;
const STRIP_HOURS = 48;

const person = (state: RevealedState, id: string | null) =>
  id === null ? null : { id, name: state.members.get(id)?.name ?? id };

interface Week {
  readonly hours: Awaited<ReturnType<Readings['hours']>>;
  readonly days: readonly DaySums[];
  readonly pending: ReadonlyMap<string, number>;
}

async function weekBefore({ readings }: Village, nowMs: number): Promise<Week> {
  const pending = new Map<string, number>();
  for (const { meters } of await readings.pendingDays())
    for (const [id, day] of meters) if (day.pending > 0) pending.set(id, (pending.get(id) ?? 0) + day.pending);
  const from = nowMs - WEEK_MS;
  return { hours: await readings.hours(from, nowMs), days: await readings.days(from, nowMs), pending };
}

export async function meterRows(open: OpenVillage, meters: readonly RevealedMeter[]) {
  const { village } = open;
  const nowMs = village.now();
  const week = await weekBefore(village, nowMs);
  const end = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const strips = await hoursOf(
    village.readings,
    meters.map((m) => m.id),
    end - STRIP_HOURS * HOUR_MS,
    end,
  );
  return meters.map((m) => ({
    ...rowOf(open, m),
    week: weekOf(week, m.id, nowMs),
    strip: (strips.get(m.id) ?? []).map((p) => p.status),
    trust:
      week.days.reduce<TrustLevel | null>((least, { meters: on }) => {
        const trust = on.get(m.id)?.trust ?? null;
        return least === null || (trust !== null && trust < least) ? trust : least;
      }, null) ?? (0 as TrustLevel),
    pendingDecisions: week.pending.get(m.id) ?? 0,
  }));
}

function rowOf({ village, acquisition }: OpenVillage, meter: RevealedMeter) {
  const state = village.revealed();
  const last = acquisition.live.get(meter.id) ?? village.store.lastReading(meter.id);
  return {
    id: meter.id,
    name: meter.name,
    kind: meter.kind,
    place: meter.place,
    source: meter.source,
    asset: meter.asset,
    member: person(state, meter.member),
    limitW: meter.limitW,
    simulated: meter.simulated,
    readHere: village.store.localMeters().some((m) => m.meter === meter.id),
    last: last
      ? { atMs: last.atMs, importWh: last.importWh, exportWh: last.exportWh, powerW: last.powerW }
      : lastSealed(village, meter.id),
  };
}

/** Newest register another gateway sealed: what a console shows of meters it does not read itself. */
function lastSealed(village: Village, meter: string) {
  const registers = (frame: Frame, edge: number) => ({
    importWh: frame.importWh?.[edge] ?? null,
    exportWh: frame.exportWh?.[edge] ?? null,
  });
  const last = village.readings.lastEdge(meter, village.now() + DAY_MS, (frame, edge) => {
    const { importWh, exportWh } = registers(frame, edge);
    return importWh !== null || exportWh !== null;
  });
  return last && { atMs: last.atMs, ...registers(last.frame, last.edge), powerW: null };
}

function weekOf({ hours }: Week, meter: string, nowMs: number) {
  const from = nowMs - WEEK_MS;
  let [measuredMs, gapMs, spikes, resets, duplicates] = [0, 0, 0, 0, 0];
  for (const [start, meters] of hours) {
    const day = meters.get(meter);
    for (const [h, p] of day?.hours.entries() ?? []) {
      if (start + h * HOUR_MS < from) continue;
      measuredMs += p.heardMs;
      gapMs += p.gapMs;
    }
    for (const f of day?.flags ?? []) {
      if (f.fromMs < from) continue;
      if (f.status === 'spike') spikes += 1;
      if (f.status === 'reset') resets += 1;
    }
    duplicates += (day?.duplicates ?? []).filter((ms) => ms >= from).length;
  }
  return {
    measuredHours: Math.round(measuredMs / HOUR_MS),
    gapHours: Math.round(gapMs / HOUR_MS),
    spikes,
    resets,
    duplicates,
  };
}

export interface FlagView {
  readonly meter: string;
  readonly meterName: string;
  readonly kind: 'spike' | 'reset' | 'gap' | 'duplicate';
  readonly fromMs: number;
  readonly toMs: number;
  readonly wh: bigint | null;
  readonly limitWh: bigint | null;
  readonly decision: {
    readonly action: 'accept' | 'reject';
    readonly by: string;
    readonly reason: string;
    readonly atMs: number;
  } | null;
}

/** What VEE found on a meter in [fromMs, toMs), newest first; gap hours in a row are one flag. */
export async function flagsOf(
  village: Village,
  meter: RevealedMeter,
  fromMs: number,
  toMs: number,
): Promise<FlagView[]> {
  const days = await village.readings.hours(fromMs, toMs);
  return flagsIn(village, meter, [...days.values()]).filter((f) => f.toMs > fromMs && f.fromMs < toMs);
}

/** Spikes of all meters that wait for a decision, newest first. */
export async function pendingFlags(village: Village): Promise<FlagView[]> {
  const state = village.revealed();
  const out: FlagView[] = [];
  for (const { fromMs, meters } of await village.readings.pendingDays()) {
    const days = [...(await village.readings.hours(fromMs, fromMs + 1)).values()];
    for (const [id, day] of meters) {
      const meter = state.meters.get(id);
      if (meter && day.pending > 0) out.push(...flagsIn(village, meter, days).filter(isPending));
    }
  }
  return out;
}
const isPending = (f: FlagView): boolean => f.kind === 'spike' && f.decision === null;

/** @param days in order of time */
function flagsIn(village: Village, meter: RevealedMeter, days: readonly ReadonlyMap<string, MeterHours>[]): FlagView[] {
  const state = village.revealed();
  const flags: FlagView[] = [];
  const base = { meter: meter.id, meterName: meter.name };
  const quiet = { wh: null, limitWh: null, decision: null };
  for (const { status, fromMs, toMs, wh } of days.flatMap((d) => d.get(meter.id)?.flags ?? [])) {
    const last = flags.at(-1);
    if (status === 'gap') {
      if (last?.kind === 'gap' && last.toMs === fromMs) flags[flags.length - 1] = { ...last, toMs };
      else flags.push({ ...base, ...quiet, kind: 'gap', fromMs, toMs });
      continue;
    }
    const d = state.decided.get(decisionKey(meter.id, fromMs));
    const decision = d
      ? { action: d.action, by: state.members.get(d.by)?.name ?? d.by, reason: d.text, atMs: d.atMs }
      : null;
    const kind = status === 'reset' ? 'reset' : 'spike';
    flags.push({ ...base, kind, fromMs, toMs, wh, limitWh: limitWh(meter.limitW, toMs - fromMs), decision });
  }
  for (const fromMs of days.flatMap((d) => d.get(meter.id)?.duplicates ?? []))
    flags.push({ ...base, ...quiet, kind: 'duplicate', fromMs, toMs: fromMs + HOUR_MS });
  return flags.sort((a, b) => b.fromMs - a.fromMs);
}

const MOST_EVIDENCE = 400;
const MOST_FLAGS = 200;
/** How far back a card looks at once. */
const PAGE_MS = 92 * DAY_MS;

export async function meterCard(open: OpenVillage, meter: RevealedMeter) {
  const { village } = open;
  const local = village.store.localMeters().find((m) => m.meter === meter.id);
  const [row] = await meterRows(open, [meter]);
  return {
    ...(row as Awaited<ReturnType<typeof meterRows>>[number]),
    address: local ? (JSON.parse(local.address) as MeterAddress) : null,
    serial: meter.serial,
    manufacturer: meter.manufacturer,
    modelName: meter.model,
    since: meter.sinceMs,
    ...(await pageBefore(village, meter, village.now() + DAY_MS)),
  };
}

/** Flags and evidence of a meter before an instant, newest first, and where the page before them ends. */
export async function pageBefore(village: Village, meter: RevealedMeter, beforeMs: number) {
  const fromMs = village.readings.dayStartOf(beforeMs - PAGE_MS);
  const flags = (await flagsOf(village, meter, fromMs, beforeMs)).slice(0, MOST_FLAGS);
  const { readings } = village;
  const frames = readings.framesHere(meter.id, fromMs, beforeMs).slice(-MOST_EVIDENCE).reverse();
  const breaks = village.chains.breaks().filter(({ meters }) => meters.includes(meter.id));
  const older = village.store.lastFrames(meter.id, fromMs, 1).length > 0 || readings.awayIn(0, fromMs) !== undefined;
  return {
    flags,
    evidence: frames.map((f) => evidenceOf(village, f, breaks)),
    inFile: fileOf(village, readings.awayIn(fromMs, beforeMs)),
    olderMs: older ? fromMs : null,
  };
}

function evidenceOf(village: Village, f: FrameFact, breaks: readonly ChainBreak[]) {
  const state = village.revealed();
  const member = state.devices.get(f.frame.gateway)?.member;
  return {
    day: dayOf(f.frame.fromMs, { offsetMin: 0 }),
    gateway: (member && state.members.get(member)?.name) ?? f.frame.gateway.slice(0, 8),
    signer: f.frame.origin === 'gateway' ? ('gateway' as const) : ('import' as const),
    trust: village.readings.trustOf(f),
    segment: f.segment,
    verified: f.signatureOk,
    chainBreak: breaks.find((b) => b.segments.some(({ cid }) => cid === f.segment))?.kind ?? null,
    hours: Math.round((f.frame.asked.length * f.frame.stepMs) / HOUR_MS),
  };
}
