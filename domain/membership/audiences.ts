import * as z from 'zod';
import { partiesOf, untilMonth } from '../agreement/terms.ts';
import { type Month, monthSpan, UTC } from '../time.ts';
import { isCoordinator, type VillageState } from '../village/state.ts';
import type { AssetLevel } from './data-grants.ts';

/** What a key opens, and so who is to hold it. The audience of a scope is a pure function of the state. */
export const MEMBERS = 'members';
/** The one key that never changes: what equal serial numbers are recognised by. */
export const SERIALS = 'serials';
export const meterScope = (meter: string, month: Month): string => `meter:${meter}:${month}`;
export const assetScope = (asset: string, level: AssetLevel): string => `asset-${level}:${asset}`;

const METER_SCOPE = /^meter:(e[0-9a-f]{32}):(\d{4}-\d{2})$/;
const ASSET_SCOPE = /^asset-(shared|private):(a[0-9a-f]{32})$/;
export const scopeSchema = z
  .string()
  .max(64)
  .refine((s) => s === MEMBERS || s === SERIALS || METER_SCOPE.test(s) || ASSET_SCOPE.test(s), 'no such scope');

/** The month of a scope that has one: shares of its keys lie in that month's book. */
export const monthOfScope = (scope: string): Month | undefined => METER_SCOPE.exec(scope)?.[2];

/** The people who act for a member: themselves, or the signatories of an organisation. */
export function peopleOf(state: Pick<VillageState, 'members'>, member: string): readonly string[] {
  const m = state.members.get(member);
  if (!m) return [];
  return m.kind === 'organisation' ? m.signatories : [m.id];
}

/** Why somebody may read a meter or an asset, for the people who ask. */
export type ReaderReason =
  | { readonly kind: 'household' | 'owner' | 'host' }
  | { readonly kind: 'coordinator' }
  | { readonly kind: 'agreement'; readonly agreement: string }
  | { readonly kind: 'grant'; readonly grant: string; readonly untilMs: number };
export interface Reader {
  readonly member: string;
  readonly reason: ReaderReason;
}

/** Members who may read a meter's frames of a month at an instant: each with every reason there is. */
export function readersOf(state: VillageState, meter: string, month: Month, atMs: number): Reader[] {
  const readers: Reader[] = [];
  const household = state.meters.get(meter)?.member;
  if (household) readers.push({ member: household, reason: { kind: 'household' } });
  for (const a of state.agreements.values()) {
    if (a.effectiveMs === null || month < a.terms.from || month >= untilMonth(a.terms)) continue;
    const isHost = a.terms.hostMeter === meter;
    const neighbour = a.terms.neighbours.find((n) => n.meter === meter);
    if (!isHost && !neighbour) continue;
    // A neighbour deals with owner, host and grid, not with the other neighbours.
    const parties = partiesOf(a.terms).filter((p) => p.part !== 'neighbour' || p.member === neighbour?.member);
    const reason = { kind: 'agreement' as const, agreement: a.id };
    for (const p of parties) if (p.member !== household) readers.push({ member: p.member, reason });
  }
  for (const m of state.members.values())
    if (isCoordinator(state, m.id)) readers.push({ member: m.id, reason: { kind: 'coordinator' } });
  const zone = { offsetMin: state.founding?.zoneOffsetMin ?? 0 };
  const monthEndMs = Math.max(monthSpan(month, UTC).to, monthSpan(month, zone).to);
  for (const g of state.dataGrants.values()) {
    if (!g.meters.includes(meter) || g.revoked !== null || g.untilMs <= atMs || g.fromMs >= monthEndMs) continue;
    readers.push({ member: g.to, reason: { kind: 'grant', grant: g.id, untilMs: g.untilMs } });
  }
  return readers;
}

/** Members who may read the fields of an asset at a level: each with every reason there is. */
export function assetReadersOf(state: VillageState, asset: string, level: AssetLevel, atMs: number): Reader[] {
  const a = state.assets.get(asset);
  if (!a) return [];
  const readers: Reader[] = [{ member: a.owner, reason: { kind: 'owner' } }];
  if (a.host !== null) readers.push({ member: a.host, reason: { kind: 'host' } });
  for (const m of state.members.values())
    if (isCoordinator(state, m.id)) readers.push({ member: m.id, reason: { kind: 'coordinator' } });
  if (level === 'shared') {
    for (const { id, terms, effectiveMs } of state.agreements.values()) {
      if (effectiveMs === null || terms.asset !== asset) continue;
      const reason = { kind: 'agreement' as const, agreement: id };
      for (const { member } of partiesOf(terms)) if (member !== a.owner) readers.push({ member, reason });
    }
  }
  for (const g of state.dataGrants.values()) {
    if (!g.assets.includes(asset) || g.revoked !== null || g.untilMs <= atMs) continue;
    if (level === 'private' && g.level !== 'private') continue;
    readers.push({ member: g.to, reason: { kind: 'grant', grant: g.id, untilMs: g.untilMs } });
  }
  return readers;
}

/** Devices that are to hold the keys of a scope: unrevoked ones of its people. A device that wrote twice with one number is out until it comes back as a new one. */
export function audienceOf(state: VillageState, scope: string, atMs: number): ReadonlySet<string> {
  const active = [...state.devices.values()].filter((d) => d.revoked === null && d.frozenFrom === null);
  if (scope === MEMBERS || scope === SERIALS) return new Set(active.map((d) => d.id));
  const meter = METER_SCOPE.exec(scope);
  const asset = ASSET_SCOPE.exec(scope);
  const readers = meter
    ? readersOf(state, meter[1] as string, meter[2] as string, atMs)
    : asset
      ? assetReadersOf(state, asset[2] as string, asset[1] as AssetLevel, atMs)
      : [];
  const people = new Set(readers.flatMap((r) => peopleOf(state, r.member)));
  return new Set(active.filter((d) => people.has(d.member)).map((d) => d.id));
}
