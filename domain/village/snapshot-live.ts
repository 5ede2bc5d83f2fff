import * as z from 'zod';
import { decode, encode, equalBytes } from '../bytes.ts';
import { addressSchema, deviceSchema, hash32Schema, memberSchema, msSchema, villageSchema } from '../ids.ts';
import { foundingSchema } from '../membership/founding.ts';
import { keyIdSchema } from '../membership/private-fields.ts';
import type { Checkpoint } from './epochs.ts';
import type { Growing } from './shelves.ts';
import { type Form, inOrder, mapOf, plain, setOf, sorted } from './snapshot-forms.ts';
import type { SnapshotRoot } from './snapshot-root.ts';
import {
  agreementValue,
  assetValue,
  changeValue,
  closeValue,
  conflictValue,
  coordinatorsValue,
  dataGrantValue,
  deviceValue,
  epochValue,
  memberValue,
  meterValue,
  sealedKeyValue,
} from './snapshot-schemas.ts';
import { emptyState, type VillageState, ZERO_HASH } from './state.ts';

const sealedByAuthor = mapOf(deviceSchema, plain(sealedKeyValue));
const networkKeyPart = {
  sealed: mapOf(deviceSchema, sealedByAuthor),
  seen: setOf(deviceSchema),
};
const networkKeys: Form<VillageState['networkKeys']> = {
  write: (list) =>
    list.map((k) => ({ ...k, sealed: networkKeyPart.sealed.write(k.sealed), seen: networkKeyPart.seen.write(k.seen) })),
  schema: z.array(
    z.strictObject({
      epoch: z.int().min(1),
      key: keyIdSchema,
      by: memberSchema,
      atMs: msSchema,
      sealed: networkKeyPart.sealed.schema,
      seen: networkKeyPart.seen.schema,
    }),
  ),
};

/** The epochs lie beside the state, and nothing is outside where a cut ends. */
type LiveState = Omit<VillageState, 'village' | 'epochs' | 'outside' | Growing>;
const liveForms: { readonly [K in keyof LiveState]: Form<LiveState[K]> } = {
  founding: plain(foundingSchema.nullable()),
  members: sorted(memberValue, (m) => m.id),
  devices: sorted(deviceValue, (d) => d.id),
  everKeys: mapOf(memberSchema, setOf(addressSchema)),
  usedInvites: setOf(deviceSchema),
  coordinators: plain(coordinatorsValue),
  coordinatorChanges: plain(z.array(changeValue)),
  dataGrants: sorted(dataGrantValue, (g) => g.id),
  networkKeys,
  assets: sorted(assetValue, (a) => a.id),
  meters: sorted(meterValue, (m) => m.id),
  agreements: sorted(agreementValue, (a) => a.id),
  closes: inOrder(closeValue, (c) => c.digest),
  head: plain(hash32Schema),
  lanes: mapOf(memberSchema, plain(z.int().min(0))),
  conflicts: plain(z.array(conflictValue)),
};
const names = Object.keys(liveForms) as (keyof LiveState)[];

const liveSchema = z.strictObject({
  village: villageSchema,
  settled: hash32Schema,
  epochs: z.array(epochValue),
  state: z.strictObject(
    Object.fromEntries(names.map((name) => [name, liveForms[name].schema])) as {
      [K in keyof LiveState]: z.ZodType<LiveState[K]>;
    },
  ),
});

/** A checkpoint without what grows with every month. */
type Bare = Omit<Checkpoint, 'chains'>;

/** What grows with people, devices and agreements, and a little with each close. */
export function writeLive({ state, settled, epochs }: Bare): Uint8Array {
  const write = <K extends keyof LiveState>(name: K): unknown => liveForms[name].write(state[name]);
  return encode({
    village: state.village,
    settled,
    epochs,
    state: Object.fromEntries(names.map((name) => [name, write(name)])),
  });
}

export type ReadLive =
  /** Nothing is yet in it of what grows with every month. */
  { readonly ok: true; readonly bare: Bare } | { readonly ok: false; readonly reason: string };

/** Reads the live part that a root names, from outside: every value of its own form, one encoding of each. Never throws. */
export function readLive(bytes: Uint8Array, root: Pick<SnapshotRoot, 'village' | 'settled'>): ReadLive {
  let value: unknown;
  try {
    value = decode(bytes);
  } catch {
    return no('it is not canonical dag-cbor');
  }
  const parsed = liveSchema.safeParse(value);
  if (!parsed.success) return no(`bad field ${parsed.error.issues[0]?.path.join('.') || 'at the top'}`);
  const { village, settled, epochs, state: kept } = parsed.data;
  if ((epochs.at(-1)?.close ?? ZERO_HASH) !== settled)
    return no('its last epoch is not of the close it is named after');
  if (village !== root.village || settled !== root.settled) return no('its root is of another checkpoint');
  const state: VillageState = { ...emptyState(village), ...kept, epochs: epochs.slice(0, -1) };
  const bare = { state, settled, epochs };
  return equalBytes(writeLive(bare), bytes) ? { ok: true, bare } : no('it is not in canonical form');
}

const no = (reason: string): ReadLive => ({ ok: false, reason });
