import type { OpenVillage } from '#core/console.ts';
import type { MeterAddress } from '#core/ports/meter-driver.ts';
import type { Village } from '#core/village/open-village.ts';
import { limitWh, type MeterHistory } from '#domain/metering/vee.ts';
import { trustOfFrame } from '#domain/settlement/accounts.ts';
import { DAY_MS, dayOf, HOUR_MS } from '#domain/time.ts';
import type { RevealedMeter, RevealedState } from '#domain/village/reveal.ts';
import { decisionKey } from '#domain/village/state.ts';
import { gather } from './hours.ts';

const WEEK_MS = 7 * DAY_MS;
const STRIP_HOURS = 48;

const person = (state: RevealedState, id: string | null) =>
  id === null ? null : { id, name: state.members.get(id)?.name ?? id };

export function meterRow({ village, acquisition }: OpenVillage, meter: RevealedMeter) {
  const state = village.revealed();
  const history = village.histories().get(meter.id);
  const now = village.now();
  const end = Math.floor(now / HOUR_MS) * HOUR_MS;
  const last = acquisition.live.get(meter.id) ?? village.store.lastReading(meter.id);
  const trusts = (history?.intervals ?? []).filter((i) => i.fromMs >= now - WEEK_MS).map((i) => i.trust);
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
    week: weekOf(history, now),
    strip: gather(history, end - STRIP_HOURS * HOUR_MS, end, HOUR_MS).map((p) => p.status),
    trust: (trusts.length > 0 ? Math.min(...trusts) : 0) as 0 | 1 | 2 | 3 | 4,
    pendingDecisions: flagsOf(village, meter, history).filter((f) => f.kind === 'spike' && f.decision === null).length,
  };
}

/** Newest register another gateway sealed: what a console shows of meters it does not read itself. */
function lastSealed(village: Village, meter: string) {
  let best: { atMs: number; importWh: bigint | null; exportWh: bigint | null; powerW: null } | null = null;
  for (const { frame } of village.facts()) {
    if (frame.meter !== meter) continue;
    for (let i = frame.asked.length; i >= 0; i--) {
      const atMs = frame.fromMs + i * frame.stepMs;
      if (best && atMs <= best.atMs) break;
      const importWh = frame.importWh?.[i] ?? null;
      const exportWh = frame.exportWh?.[i] ?? null;
      if (importWh === null && exportWh === null) continue;
      best = { atMs, importWh, exportWh, powerW: null };
      break;
    }
  }
  return best;
}

function weekOf(history: MeterHistory | undefined, nowMs: number) {
  let [measuredMs, gapMs, spikes, resets] = [0, 0, 0, 0];
  for (const i of history?.intervals ?? []) {
    if (i.fromMs < nowMs - WEEK_MS) continue;
    if (i.status === 'gap') gapMs += i.toMs - i.fromMs;
    else measuredMs += i.toMs - i.fromMs;
    if (i.status === 'spike') spikes += 1;
    if (i.status === 'reset') resets += 1;
  }
  const duplicates = (history?.duplicates ?? []).filter((ms) => ms >= nowMs - WEEK_MS).length;
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

/** What VEE found on a meter, newest first; gap hours in a row are one flag. */
export function flagsOf(
  village: Village,
  meter: RevealedMeter,
  history = village.histories().get(meter.id),
): FlagView[] {
  const state = village.revealed();
  const flags: FlagView[] = [];
  const base = { meter: meter.id, meterName: meter.name };
  for (const i of history?.intervals ?? []) {
    if (i.status === 'measured') continue;
    const last = flags.at(-1);
    if (i.status === 'gap') {
      if (last?.kind === 'gap' && last.toMs === i.fromMs) flags[flags.length - 1] = { ...last, toMs: i.toMs };
      else
        flags.push({ ...base, kind: 'gap', fromMs: i.fromMs, toMs: i.toMs, wh: null, limitWh: null, decision: null });
      continue;
    }
    const d = state.decisions.get(decisionKey(meter.id, i.fromMs));
    const decision = d
      ? { action: d.action, by: state.members.get(d.by)?.name ?? d.by, reason: d.text, atMs: d.atMs }
      : null;
    const kind = i.status === 'reset' ? 'reset' : 'spike';
    flags.push({
      ...base,
      kind,
      fromMs: i.fromMs,
      toMs: i.toMs,
      wh: i.heldWh ?? i.wh,
      limitWh: limitWh(meter.limitW, i.toMs - i.fromMs),
      decision,
    });
  }
  for (const fromMs of history?.duplicates ?? []) {
    flags.push({ ...base, kind: 'duplicate', fromMs, toMs: fromMs + HOUR_MS, wh: null, limitWh: null, decision: null });
  }
  return flags.sort((a, b) => b.fromMs - a.fromMs);
}

const MOST_EVIDENCE = 60;

export function meterCard(open: OpenVillage, meter: RevealedMeter) {
  const { village } = open;
  const local = village.store.localMeters().find((m) => m.meter === meter.id);
  return {
    ...meterRow(open, meter),
    address: local ? (JSON.parse(local.address) as MeterAddress) : null,
    serial: meter.serial,
    manufacturer: meter.manufacturer,
    modelName: meter.model,
    since: meter.sinceMs,
    flags: flagsOf(village, meter).slice(0, 200),
    evidence: evidenceOf(village, meter).slice(0, MOST_EVIDENCE),
  };
}

function evidenceOf(village: Village, meter: RevealedMeter) {
  const state = village.revealed();
  return village
    .facts()
    .filter((f) => f.frame.meter === meter.id)
    .map((f) => {
      const member = state.devices.get(f.frame.gateway)?.member;
      return {
        day: dayOf(f.frame.fromMs, { offsetMin: 0 }),
        gateway: (member && state.members.get(member)?.name) ?? f.frame.gateway.slice(0, 8),
        signer: f.frame.origin === 'gateway' ? ('gateway' as const) : ('import' as const),
        trust: trustOfFrame(state, f),
        segment: f.segment,
        verified: f.signatureOk,
        hours: Math.round((f.frame.asked.length * f.frame.stepMs) / HOUR_MS),
      };
    })
    .sort((a, b) => (a.day < b.day ? 1 : -1));
}
