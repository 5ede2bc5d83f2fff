import * as z from 'zod';
import { type Chains, DIGEST_BYTES } from '../books/chains.ts';
import { BOOK } from '../books/record.ts';
import { decode, encode, equalBytes } from '../bytes.ts';
import {
  addressSchema,
  bytesWhere,
  cidSchema,
  deviceSchema,
  hash32Schema,
  memberSchema,
  msSchema,
  villageSchema,
} from '../ids.ts';
import { LayeredMap } from '../layered-map.ts';
import { foundingSchema } from '../membership/founding.ts';
import { keyIdSchema } from '../membership/private-fields.ts';
import type { Checkpoint } from './epochs.ts';
import { SHELVES } from './shelves.ts';
import {
  agreementValue,
  assetValue,
  changeValue,
  closeValue,
  conflictValue,
  coordinatorsValue,
  dataGrantValue,
  decisionValue,
  deviceValue,
  entryValue,
  epochValue,
  lanesValue,
  memberValue,
  meterValue,
  reasonOnHold,
  sealedKeyValue,
  segmentValue,
} from './snapshot-schemas.ts';
import { decisionKey, type Entry, type KeyShares, type LaneChange, type VillageState, ZERO_HASH } from './state.ts';

/** A larger one is not read: some hundred thousand records. */
export const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;

/** How one part of a state lies in a snapshot. */
interface Part<T> {
  write(value: T): unknown;
  /** Takes what {@link write} makes. */
  readonly schema: z.ZodType<T>;
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const isAscending = (keys: readonly string[]): boolean => keys.every((k, i) => i === 0 || (keys[i - 1] as string) < k);

const plain = <T>(schema: z.ZodType<T>): Part<T> => ({ write: (value) => value, schema });

/** Values that name their own key, sorted by it. */
const sorted = <T>(value: z.ZodType<T>, keyOf: (value: T) => string): Part<Map<string, T>> => ({
  write: (map) => [...map].sort(([a], [b]) => byText(a, b)).map(([, v]) => v),
  schema: z
    .array(value)
    .refine((list) => isAscending(list.map(keyOf)), 'not sorted')
    .transform((list) => new Map(list.map((v) => [keyOf(v), v]))),
});
/** Values that name their own key, in the order in which they count. */
const inOrder = <T>(value: z.ZodType<T>, keyOf: (value: T) => string): Part<Map<string, T>> => ({
  write: (map) => [...map.values()],
  schema: z.array(value).transform((list) => new Map(list.map((v) => [keyOf(v), v]))),
});
const mapOf = <T>(key: z.ZodType<string>, value: Part<T>): Part<Map<string, T>> => ({
  write: (map) => [...map].sort(([a], [b]) => byText(a, b)).map(([k, v]) => [k, value.write(v)]),
  schema: z
    .array(z.tuple([key, value.schema]))
    .refine((list) => isAscending(list.map(([k]) => k)), 'not sorted')
    .transform((list) => new Map(list)),
});
type Shelf<T> = (value: T, key: string) => string;
const layered = <T>(shelfOf: Shelf<T>, pairs: Iterable<readonly [string, T]>): LayeredMap<T> => {
  const map = new LayeredMap(shelfOf);
  for (const [key, value] of pairs) map.set(key, value);
  return map;
};
/** What grows with every month, in the order in which it entered. */
const grownValues = <T>(shelfOf: Shelf<T>, value: z.ZodType<T>, keyOf: (value: T) => string): Part<LayeredMap<T>> => ({
  write: (map) => [...map.values()],
  schema: z.array(value).transform((list) =>
    layered(
      shelfOf,
      list.map((v) => [keyOf(v), v] as const),
    ),
  ),
});
const grownPairs = <T>(shelfOf: Shelf<T>, key: z.ZodType<string>, value: Part<T>): Part<LayeredMap<T>> => ({
  write: (map) => [...map].map(([k, v]) => [k, value.write(v)]),
  schema: z.array(z.tuple([key, value.schema])).transform((list) => layered(shelfOf, list)),
});
const grownKeys = (shelfOf: Shelf<true>, key: z.ZodType<string>): Part<LayeredMap<true>> => ({
  write: (map) => [...map.keys()],
  schema: z.array(key).transform((list) =>
    layered(
      shelfOf,
      list.map((k) => [k, true] as const),
    ),
  ),
});
const setOf = (key: z.ZodType<string>): Part<Set<string>> => ({
  write: (set) => [...set].sort(byText),
  schema: z
    .array(key)
    .refine(isAscending, 'not sorted')
    .transform((list) => new Set(list)),
});

const sealedByAuthor = mapOf(deviceSchema, plain(sealedKeyValue));
const networkKeyPart = {
  sealed: mapOf(deviceSchema, sealedByAuthor),
  seen: setOf(deviceSchema),
};
const networkKeys: Part<VillageState['networkKeys']> = {
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
type KeptState = Omit<VillageState, 'village' | 'epochs' | 'outside'>;
const stateParts: { readonly [K in keyof KeptState]: Part<KeptState[K]> } = {
  founding: plain(foundingSchema.nullable()),
  members: sorted(memberValue, (m) => m.id),
  devices: sorted(deviceValue, (d) => d.id),
  everKeys: mapOf(memberSchema, setOf(addressSchema)),
  usedInvites: setOf(deviceSchema),
  coordinators: plain(coordinatorsValue),
  coordinatorChanges: plain(z.array(changeValue)),
  keyShares: grownPairs<KeyShares>(SHELVES.keyShares, z.string().max(81), mapOf(deviceSchema, sealedByAuthor)),
  dataGrants: sorted(dataGrantValue, (g) => g.id),
  networkKeys,
  assets: sorted(assetValue, (a) => a.id),
  meters: sorted(meterValue, (m) => m.id),
  agreements: sorted(agreementValue, (a) => a.id),
  segments: grownValues(SHELVES.segments, segmentValue, (s) => s.cid),
  decisions: grownValues(SHELVES.decisions, decisionValue, (d) => decisionKey(d.meter, d.fromMs)),
  entries: grownValues<Entry>(SHELVES.entries, entryValue, (e) => e.id),
  vouched: grownKeys(SHELVES.vouched, cidSchema),
  closes: inOrder(closeValue, (c) => c.digest),
  closeLanes: grownPairs<readonly LaneChange[]>(SHELVES.closeLanes, hash32Schema, plain(lanesValue)),
  head: plain(hash32Schema),
  lanes: mapOf(memberSchema, plain(z.int().min(0))),
  conflicts: plain(z.array(conflictValue)),
  onHold: grownPairs(SHELVES.onHold, cidSchema, plain(reasonOnHold)),
  unknown: grownKeys(SHELVES.unknown, cidSchema),
};
const names = Object.keys(stateParts) as (keyof KeptState)[];

function isPlace(place: string): boolean {
  const [book = '', device, ...more] = place.split(' ');
  return more.length === 0 && BOOK.test(book) && deviceSchema.safeParse(device).success;
}
const chainSchema = bytesWhere((b) => b.length > 0 && b.length % DIGEST_BYTES === 0);
const chains: Part<Chains> = grownPairs(
  () => '',
  z.string().refine(isPlace, 'no place of a chain'),
  plain(chainSchema),
);

const snapshotSchema = z.strictObject({
  type: z.literal('gridpact snapshot'),
  v: z.literal(1),
  village: villageSchema,
  settled: hash32Schema,
  epochs: z.array(epochValue),
  chains: chains.schema,
  state: z.strictObject(
    Object.fromEntries(names.map((name) => [name, stateParts[name].schema])) as {
      [K in keyof KeptState]: z.ZodType<KeptState[K]>;
    },
  ),
});

/** The canonical bytes of a checkpoint: the same on every console that has the records of its cut. */
export function writeSnapshot({ state, settled, chains: held, epochs }: Checkpoint): Uint8Array {
  const write = <K extends keyof KeptState>(name: K): unknown => stateParts[name].write(state[name]);
  return encode({
    type: 'gridpact snapshot',
    v: 1,
    village: state.village,
    settled,
    epochs,
    chains: chains.write(held),
    state: Object.fromEntries(names.map((name) => [name, write(name)])),
  });
}

export type ReadSnapshot =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly reason: string };

/** Reads a snapshot from outside: bounded, every value of its own form, one encoding of each. Never throws. */
export function readSnapshot(bytes: Uint8Array): ReadSnapshot {
  if (bytes.length > MAX_SNAPSHOT_BYTES) return no(`it has ${bytes.length} bytes, more than any village needs`);
  let value: unknown;
  try {
    value = decode(bytes);
  } catch {
    return no('it is not canonical dag-cbor');
  }
  const parsed = snapshotSchema.safeParse(value);
  if (!parsed.success) return no(`bad field ${parsed.error.issues[0]?.path.join('.') || 'at the top'}`);
  const { village, settled, epochs, chains: held, state: kept } = parsed.data;
  if ((epochs.at(-1)?.close ?? ZERO_HASH) !== settled)
    return no('its last epoch is not of the close it is named after');
  const state: VillageState = { ...kept, village, epochs: epochs.slice(0, -1), outside: new Set() };
  const checkpoint = { state, settled, chains: held, epochs };
  return equalBytes(writeSnapshot(checkpoint), bytes) ? { ok: true, checkpoint } : no('it is not in canonical form');
}

const no = (reason: string): ReadSnapshot => ({ ok: false, reason });
