import type * as z from 'zod';
import type { Items } from '../layered-map.ts';
import {
  type AssetFields,
  type AssetPrivateFields,
  type AssetSharedFields,
  assetFields,
  assetPrivateFields,
  assetSharedFields,
  type MemberFields,
  type MeterFields,
  memberFields,
  meterFields,
  privateAad,
  readPrivate,
  type SealedFields,
  type Subject,
  textFields,
} from '../membership/private-fields.ts';
import type { Agreement, Asset, DataGrant, Device, Entry, Member, Meter, VeeDecision, VillageState } from './state.ts';

/** Opens a private part with the keys this reader holds; undefined without them. */
export type OpenPrivate = (sealed: SealedFields, aad: Uint8Array) => Uint8Array | undefined;
/** What stands for a name that cannot be read here: short, never empty. */
export type StandIn = (kind: 'member' | 'meter' | 'asset' | 'text', id: string) => string;

type Named<T, F> = T & Readonly<F>;
type WithText<T> = T & { readonly text: string };
export type RevealedMember = Named<Member, MemberFields>;
export type RevealedMeter = Named<Meter, MeterFields>;
export interface RevealedAsset
  extends Asset,
    AssetFields,
    Readonly<Record<keyof AssetSharedFields, string | null>>,
    AssetPrivateFields {}

export type RevealedEntry = WithText<Omit<Entry, 'vouched'>> & {
  readonly vouched: WithText<NonNullable<Entry['vouched']>> | null;
};

/** What grows with every month is opened when it is asked for. */
export interface Revealed<T> {
  readonly get: (id: string) => T | undefined;
  readonly values: () => Iterable<T>;
  /** Those on one shelf. */
  readonly on: (shelf: string) => Iterable<T>;
}

/** The state with the private parts this reader can open; everything else is as the fold made it. */
export interface RevealedState
  extends Omit<VillageState, 'members' | 'meters' | 'assets' | 'devices' | 'agreements' | 'dataGrants'> {
  readonly members: Map<string, RevealedMember>;
  readonly meters: Map<string, RevealedMeter>;
  readonly assets: Map<string, RevealedAsset>;
  readonly devices: Map<
    string,
    Omit<Device, 'revoked'> & { readonly revoked: WithText<NonNullable<Device['revoked']>> | null }
  >;
  readonly agreements: Map<
    string,
    Omit<Agreement, 'declined'> & { readonly declined: WithText<NonNullable<Agreement['declined']>> | null }
  >;
  readonly decided: Revealed<WithText<VeeDecision>>;
  readonly entered: Revealed<RevealedEntry>;
  readonly dataGrants: Map<string, WithText<DataGrant>>;
}

const mapValues = <T, U>(map: ReadonlyMap<string, T>, of: (value: T, id: string) => U): Map<string, U> =>
  new Map([...map].map(([id, value]) => [id, of(value, id)]));

function revealEach<T, U>(items: Items<T>, of: (value: T, id: string) => U): Revealed<U> {
  const each = function* (entries: Iterable<readonly [string, T]>): Generator<U> {
    for (const [id, value] of entries) yield of(value, id);
  };
  return {
    get(id) {
      const value = items.get(id);
      return value === undefined ? undefined : of(value, id);
    },
    values: () => each(items.entries()),
    on: (shelf) => each(items.within(shelf, shelf)),
  };
}

/** Fills in what a reader with these keys may read. Pure; the state itself never depends on who reads it. */
export function reveal(state: VillageState, open: OpenPrivate, standIn: StandIn): RevealedState {
  const read = <T>(schema: z.ZodType<T>, subject: Subject, id: string, sealed: SealedFields | null): T | undefined => {
    const bytes = sealed ? open(sealed, privateAad(state.village, subject, id)) : undefined;
    return bytes ? readPrivate(schema, bytes) : undefined;
  };
  const text = (subject: Subject, id: string, sealed: SealedFields): string =>
    read(textFields, subject, id, sealed)?.text ?? standIn('text', id);
  const withText = <T extends { readonly private: SealedFields }>(subject: Subject, id: string, x: T): WithText<T> => ({
    ...x,
    text: text(subject, id, x.private),
  });
  return {
    ...state,
    members: mapValues(state.members, (m, id) => ({
      ...m,
      ...(read(memberFields, 'member', id, m.private) ?? { name: standIn('member', id), phone: null, note: null }),
    })),
    meters: mapValues(state.meters, (m, id) => ({
      ...m,
      ...(read(meterFields, 'meter', id, m.private) ?? { name: standIn('meter', id), serial: null }),
    })),
    assets: mapValues(state.assets, (a, id) => ({
      ...a,
      ...(read(assetFields, 'asset', id, a.private) ?? { name: standIn('asset', id) }),
      ...(read(assetSharedFields, 'asset-shared', id, a.shared) ?? { serial: null }),
      ...(read(assetPrivateFields, 'asset-private', id, a.secret) ?? { place: null, contract: null }),
    })),
    devices: mapValues(state.devices, (d, id) => ({
      ...d,
      revoked: d.revoked ? withText('revocation', id, d.revoked) : null,
    })),
    agreements: mapValues(state.agreements, (a, id) => ({
      ...a,
      declined: a.declined ? withText('decline', id, a.declined) : null,
    })),
    decided: revealEach(state.decisions, (d, id) => withText('decision', id, d)),
    entered: revealEach(state.entries, (e, id) => ({
      ...withText('entry', id, e),
      vouched: e.vouched ? withText('voucher', id, e.vouched) : null,
    })),
    dataGrants: mapValues(state.dataGrants, (g, id) => withText('grant', id, g)),
  };
}
