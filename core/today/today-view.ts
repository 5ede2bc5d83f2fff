import { closesOf, zoneOf } from '#core/accounts/closing.ts';
import type { OpenVillage } from '#core/console.ts';
import { type FlagView, flagsOf, pendingFlags } from '#core/metering/meter-views.ts';
import type { RawReading } from '#core/storage/raw-readings.ts';
import type { BatteryHour } from '#core/village/day-sums.ts';
import type { Village } from '#core/village/open-village.ts';
import { partiesOf } from '#domain/agreement/terms.ts';
import { expectHour, type HourFact, outlook } from '#domain/energy/outlook.ts';
import { DAY_MS, dayOf, dayStart, HOUR_MS, monthOf, monthSpan } from '#domain/time.ts';
import { hasSigned, signersOf } from '#domain/village/fold-agreements.ts';
import { agreedChain } from '#domain/village/fold-settlement.ts';
import type { RevealedMeter } from '#domain/village/reveal.ts';
import { firstDataMs, OPEN_ENTRIES } from '#domain/village/shelves.ts';
import { lanesOf, type Meter, type VillageState } from '#domain/village/state.ts';

type Source = NonNullable<Meter['source']>;
const SILENT_MS = 15 * 60_000;
const HISTORY_MS = 22 * DAY_MS;

/** The village hour by hour: what was made by source, what was used, what went into and out of the battery. */
interface VillageHours {
  readonly facts: ReadonlyMap<number, HourFact>;
  readonly battery: ReadonlyMap<number, BatteryHour>;
}

export async function todayOf(open: OpenVillage) {
  const { village } = open;
  const state = village.revealed();
  const nowMs = village.now();
  const zone = zoneOf(state);
  const dayStartMs = dayStart(dayOf(nowMs, zone), zone);
  const hours = await villageHours(village, nowMs);
  const flags = { pending: await pendingFlags(village), resets: await recentResets(village, nowMs) };
  const closeOf = await closesOf(village);
  return {
    nowMs,
    simulated: state.founding?.simulated ?? false,
    flow: flowOf(open, nowMs),
    enough: enoughOf(open, hours, nowMs),
    day: dayOfVillage(hours, dayStartMs, nowMs),
    waiting: waitingOf(open, closeOf),
    alarms: alarmsOf(open, flags, nowMs),
    nextSteps: nextStepsOf(open, flags, closeOf),
    lastSync: lastSyncOf(open),
  };
}

async function villageHours({ readings }: Village, nowMs: number): Promise<VillageHours> {
  const until = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const days = await readings.days(nowMs - HISTORY_MS, until);
  return {
    facts: new Map(days.flatMap((d) => d.village.filter((h) => h.fromMs < until).map((h) => [h.fromMs, h] as const))),
    battery: new Map(days.flatMap((d) => d.battery.map((b, h) => [d.fromMs + h * HOUR_MS, b] as const))),
  };
}

interface Flags {
  readonly pending: readonly FlagView[];
  readonly resets: readonly FlagView[];
}
async function recentResets(village: Village, nowMs: number): Promise<FlagView[]> {
  const found: FlagView[] = [];
  const from = nowMs - 7 * DAY_MS;
  for (const { fromMs, meters } of await village.readings.days(from, nowMs)) {
    for (const [id, day] of meters) {
      const meter = day.total.resets > 0 ? village.revealed().meters.get(id) : undefined;
      if (!meter) continue;
      const flags = await flagsOf(village, meter, Math.max(from, fromMs), fromMs + DAY_MS);
      found.push(...flags.filter((f) => f.kind === 'reset'));
    }
  }
  return found;
}

type CloseOf = Awaited<ReturnType<typeof closesOf>>;

const liveOf = (open: OpenVillage, meter: Meter): RawReading | undefined =>
  open.acquisition.live.get(meter.id) ?? open.village.store.lastReading(meter.id);

function flowOf(open: OpenVillage, nowMs: number) {
  const state = open.village.revealed();
  const fresh = (m: Meter): RawReading | undefined => {
    const r = liveOf(open, m);
    return r && nowMs - r.atMs < SILENT_MS ? r : undefined;
  };
  const meters = [...state.meters.values()];
  const sources = meters
    .filter((m) => m.kind === 'generation' && m.source !== null)
    .map((m) => {
      const r = fresh(m);
      const nowW = r?.powerW == null ? null : Math.abs(r.powerW);
      const asset = m.asset ? state.assets.get(m.asset) : undefined;
      return {
        source: m.source as Source,
        name: asset?.name ?? m.name,
        nowW,
        capacityW: asset?.capacityW ?? m.limitW,
        running: (nowW ?? 0) > 0,
        lastHeardAtMs: liveOf(open, m)?.atMs ?? null,
      };
    });
  const batteryMeter = meters.find((m) => m.kind === 'battery');
  const uses = usesOf(
    meters.filter((m) => m.kind === 'use'),
    fresh,
  );
  const battery = batteryMeter ? batteryOf(state, batteryMeter, fresh(batteryMeter)) : null;
  const all = [...sources.map((s) => s.nowW), ...uses.map((u) => u.nowW)];
  const made = sources.reduce((n, s) => n + (s.nowW ?? 0), 0) + (battery?.dischargeW ?? 0);
  const used = uses.reduce((n, u) => n + (u.nowW ?? 0), 0) + (battery?.chargeW ?? 0);
  const readings = meters.map((m) => fresh(m)?.atMs).filter((ms) => ms !== undefined);
  return {
    atMs: readings.length > 0 ? Math.max(...readings) : null,
    sources,
    battery,
    uses,
    lossW: all.length > 0 && all.every((w) => w !== null) ? Math.max(0, made - used) : null,
  };
}

function usesOf(meters: readonly RevealedMeter[], fresh: (m: Meter) => RawReading | undefined) {
  const places = [...new Set(meters.map((m) => m.place ?? 'other'))];
  return places.map((place) => {
    const here = meters.filter((m) => (m.place ?? 'other') === place);
    const powers = here.map((m) => fresh(m)?.powerW).filter((w) => w != null);
    return {
      place,
      count: here.length,
      silent: here.filter((m) => !fresh(m)).length,
      nowW: powers.length > 0 ? powers.reduce((a, b) => a + Math.abs(b), 0) : null,
      names: here.length <= 4 ? here.map((m) => m.name) : [],
    };
  });
}

/** Stored energy from the state of charge; percent may have two decimals. */
const storedOf = (storageWh: bigint, percent: number): bigint =>
  (storageWh * BigInt(Math.round(percent * 100))) / 10_000n;

function batteryOf(state: VillageState, meter: Meter, r: RawReading | undefined) {
  const storageWh = (meter.asset ? state.assets.get(meter.asset)?.storageWh : null) ?? 0n;
  const percent = r?.socPercent ?? null;
  const w = r?.powerW ?? 0;
  return {
    socPercent: percent,
    storageWh,
    storedWh: percent === null ? null : storedOf(storageWh, percent),
    reservePercent: state.founding?.reservePercent ?? 0,
    chargeW: Math.max(0, w),
    dischargeW: Math.max(0, -w),
  };
}

function enoughOf(open: OpenVillage, hours: VillageHours, nowMs: number) {
  const state = open.village.revealed();
  const unknown = (reason: 'under-three-days' | 'no-battery' | 'no-battery-reading' | 'no-meters', days = 0) => ({
    known: false as const,
    reason,
    days,
  });
  if (state.meters.size === 0) return unknown('no-meters');
  const meter = [...state.meters.values()].find((m) => m.kind === 'battery');
  if (!meter) return unknown('no-battery');
  const battery = batteryOf(state, meter, liveOf(open, meter));
  if (battery.storedWh === null || battery.socPercent === null) return unknown('no-battery-reading');
  const reserve = storedOf(battery.storageWh, battery.reservePercent);
  const usableWh = battery.storedWh > reserve ? battery.storedWh - reserve : 0n;
  const result = outlook(hours.facts, nowMs, usableWh);
  if (!result.known) return unknown(result.reason, result.days);
  return {
    known: true as const,
    hours: result.hours,
    covers: result.covers,
    untilMs: result.untilMs,
    usableWh,
    weeks: result.weeks,
    steps: result.steps.map((s) => ({
      fromMs: s.fromMs,
      startWh: s.startWh,
      expectedMadeWh: s.madeWh,
      expectedUsedWh: s.usedWh,
      endWh: s.endWh,
      bySource: mixOf(s.bySource),
    })),
  };
}

const mixOf = (made: ReadonlyMap<string, bigint>) =>
  [...made].map(([source, wh]) => ({ source: source as Source, wh }));

function dayOfVillage({ facts, battery }: VillageHours, dayStartMs: number, nowMs: number) {
  let [madeWh, usedWh, storedWh, out] = [0n, 0n, 0n, 0n];
  const hours = [];
  for (let at = dayStartMs; at < dayStartMs + DAY_MS; at += HOUR_MS) {
    const fact = facts.get(at);
    const past = at + HOUR_MS <= nowMs;
    const shown: HourFact | undefined = past ? fact : expectHour(facts, at)?.fact;
    const b = battery.get(at);
    const measured = past && shown?.madeWh != null;
    if (past) {
      for (const wh of shown?.madeWh?.values() ?? []) madeWh += wh;
      usedWh += shown?.usedWh ?? 0n;
      storedWh += b?.chargedWh ?? 0n;
      out += b?.dischargedWh ?? 0n;
    }
    const made = [
      ...mixOf(shown?.madeWh ?? new Map()),
      ...(past && b && b.dischargedWh > 0n ? [{ source: 'battery' as const, wh: b.dischargedWh }] : []),
    ];
    hours.push({
      fromMs: at,
      madeWh: made,
      usedWh: shown?.usedWh ?? null,
      chargedWh: past ? (b?.chargedWh ?? 0n) : 0n,
      basis: past
        ? measured
          ? ('measured' as const)
          : ('gap' as const)
        : shown
          ? ('expected' as const)
          : ('gap' as const),
    });
  }
  const complete = hours.every((h) => h.fromMs + HOUR_MS > nowMs || h.basis === 'measured');
  const lost = madeWh + out - usedWh - storedWh;
  return { madeWh, usedWh, storedWh, lostWh: complete && lost >= 0n ? lost : null, hours };
}

function waitingOf(open: OpenVillage, closeOf: CloseOf) {
  const { village } = open;
  const state = village.revealed();
  const pending = [...state.closes.values()].find((c) => !c.receipt?.final && closeOf(c.month)?.digest === c.digest);
  if (!pending) return null;
  const lanes = lanesOf(state, pending.digest);
  const signed = new Set(pending.signatures.map((s) => s.member));
  return {
    month: pending.month,
    changesHandsMinor: lanes.reduce((n, l) => (l.net > 0n ? n + l.net : n), 0n),
    statements: lanes.length,
    signatures: pending.signatures.length,
    threshold: pending.threshold,
    nextSigners: state.coordinators.members.filter((m) => !signed.has(m)).map((m) => state.members.get(m)?.name ?? m),
  };
}

function alarmsOf(open: OpenVillage, flags: Flags, nowMs: number) {
  const { village } = open;
  const state = village.revealed();
  const alarm = (kind: AlarmKind, a: Partial<Alarm>): Alarm => ({
    kind,
    meter: null,
    name: '',
    sinceMs: null,
    wh: null,
    count: 1,
    ...a,
  });
  const alarms: Alarm[] = [];
  const local = new Set(village.store.localMeters().map((m) => m.meter));
  for (const m of state.meters.values()) {
    const last = liveOf(open, m);
    if (local.has(m.id) && last && nowMs - last.atMs >= SILENT_MS)
      alarms.push(alarm('meter-silent', { meter: m.id, name: m.name, sinceMs: last.atMs }));
  }
  for (const f of flags.pending)
    alarms.push(alarm('spike-held', { meter: f.meter, name: f.meterName, sinceMs: f.fromMs, wh: f.wh }));
  for (const f of flags.resets)
    alarms.push(alarm('register-reset', { meter: f.meter, name: f.meterName, sinceMs: f.fromMs }));
  const refused = village.store.refused(1)[0];
  if (refused && nowMs - refused.atMs < DAY_MS)
    alarms.push(alarm('record-refused', { name: refused.peer, sinceMs: refused.atMs }));
  return alarms.sort((a, b) => (b.sinceMs ?? 0) - (a.sinceMs ?? 0)).slice(0, 20);
}
type AlarmKind = 'meter-silent' | 'spike-held' | 'register-reset' | 'record-refused';
interface Alarm {
  readonly kind: AlarmKind;
  readonly meter: string | null;
  readonly name: string;
  readonly sinceMs: number | null;
  readonly wh: bigint | null;
  readonly count: number;
}

type StepKind =
  | 'add-meter'
  | 'add-member'
  | 'sign-close'
  | 'ask-to-sign'
  | 'close-month'
  | 'decide-spike'
  | 'sign-agreement'
  | 'vouch'
  | 'draft-agreement';
function nextStepsOf(open: OpenVillage, flags: Flags, closeOf: CloseOf) {
  const { village } = open;
  const state = village.revealed();
  const steps: { kind: StepKind; name: string; target: string }[] = [];
  const nameOf = (id: string): string => state.members.get(id)?.name ?? id;
  const zone = zoneOf(state);
  if (state.meters.size === 0) steps.push({ kind: 'add-meter', name: '', target: '' });
  if (state.members.size < 2) steps.push({ kind: 'add-member', name: '', target: '' });
  for (const c of state.closes.values()) {
    if (c.agreed || closeOf(c.month)?.digest !== c.digest) continue;
    const left = state.coordinators.members.filter((m) => !c.signatures.some((s) => s.member === m));
    const here = left.find((m) => village.keystore.has(m));
    if (here) steps.push({ kind: 'sign-close', name: c.month, target: c.month });
    else steps.push({ kind: 'ask-to-sign', name: nameOf(left[0] ?? ''), target: c.month });
  }
  const lastMonth = monthOf(monthSpan(monthOf(village.now(), zone), zone).from - 1, zone);
  const active = [...state.agreements.values()].some((a) => a.effectiveMs !== null);
  const closed =
    agreedChain(state.closes.values()).some((c) => c.month >= lastMonth) || closeOf(lastMonth) !== undefined;
  const firstMs = firstDataMs(state);
  const hasData = firstMs !== undefined && firstMs < monthSpan(lastMonth, zone).to;
  if (active && !closed && hasData) steps.push({ kind: 'close-month', name: lastMonth, target: lastMonth });
  for (const f of new Map(flags.pending.map((p) => [p.meter, p])).values())
    steps.push({ kind: 'decide-spike', name: f.meterName, target: f.meter });
  for (const a of state.agreements.values()) {
    if (a.effectiveMs !== null || a.declined) continue;
    const waits = partiesOf(a.terms).some(
      (p) => !hasSigned(state, a, p.member) && signersOf(state, p.member).signers.some((s) => village.keystore.has(s)),
    );
    if (waits) steps.push({ kind: 'sign-agreement', name: nameOf(a.terms.owner), target: a.id });
  }
  if (state.agreements.size === 0 && state.members.size >= 3 && state.meters.size > 0)
    steps.push({ kind: 'draft-agreement', name: '', target: '' });
  for (const e of state.entered.on(OPEN_ENTRIES)) {
    if (e.author !== village.row.member) steps.push({ kind: 'vouch', name: e.text, target: e.id });
  }
  return steps.slice(0, 6);
}

function lastSyncOf({ village }: OpenVillage) {
  const state = village.revealed();
  const peers = village.node.peers();
  const newest = [...peers].sort((a, b) => (b.heardAt ?? 0) - (a.heardAt ?? 0))[0];
  const member = newest?.device ? state.devices.get(newest.device)?.member : undefined;
  return {
    atMs: newest?.heardAt ?? null,
    name: member ? (state.members.get(member)?.name ?? null) : null,
    peersNow: peers.filter((p) => p.connected).length,
  };
}
