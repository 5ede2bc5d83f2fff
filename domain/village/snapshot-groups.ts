import * as z from 'zod';
import { DIGEST_BYTES } from '../books/chains.ts';
import { BOOK } from '../books/record.ts';
import { decode, encode, equalBytes } from '../bytes.ts';
import { bytesWhere, cidSchema, deviceSchema, hash32Schema } from '../ids.ts';
import type { GrownKind, GrownValue } from './grown.ts';
import { rivalName } from './shelves.ts';
import { type Form, mapOf, plain } from './snapshot-forms.ts';
import {
  decisionValue,
  entryValue,
  lanesValue,
  reasonOnHold,
  sealedKeyValue,
  segmentValue,
} from './snapshot-schemas.ts';
import { decisionKey } from './state.ts';

/** How what grows with every month lies in a snapshot: in the order in which it entered, so many items to a group. */
interface GroupForm<V> {
  readonly perGroup: number;
  write(key: string, value: V): unknown;
  readonly item: z.ZodType<readonly [string, V]>;
}

/** Values that name their own key. */
const values = <V>(perGroup: number, value: z.ZodType<V>, keyOf: (value: V) => string): GroupForm<V> => ({
  perGroup,
  write: (_, v) => v,
  item: value.transform((v) => [keyOf(v), v] as const),
});
/** Under the name of the block, or under that and the device where another one announced it first. */
const segments: GroupForm<GrownValue<'segments'>> = {
  perGroup: 256,
  write: (name, s) => [name !== s.cid, s],
  item: z
    .tuple([z.boolean(), segmentValue])
    .transform(([isRival, s]) => [isRival ? rivalName(s.cid, s.device) : s.cid, s] as const),
};
const pairs = <V>(perGroup: number, key: z.ZodType<string>, value: Form<V>): GroupForm<V> => ({
  perGroup,
  write: (k, v) => [k, value.write(v)],
  item: z.tuple([key, value.schema]),
});
const keys = (perGroup: number, key: z.ZodType<string>): GroupForm<true> => ({
  perGroup,
  write: (k) => k,
  item: key.transform((k) => [k, true] as const),
});

function isPlace(place: string): boolean {
  const [book = '', device, ...more] = place.split(' ');
  return more.length === 0 && BOOK.test(book) && deviceSchema.safeParse(device).success;
}
const chainSchema = bytesWhere((b) => b.length > 0 && b.length % DIGEST_BYTES === 0);
const sealedByAuthor = mapOf(deviceSchema, plain(sealedKeyValue));

/** Groups of about 100 kB: large enough that a root names few, small enough that one is made again in some ms. */
const FORMS: { readonly [K in GrownKind]: GroupForm<GrownValue<K>> } = {
  keyShares: pairs(64, z.string().max(81), mapOf(deviceSchema, sealedByAuthor)),
  segments,
  decisions: values(256, decisionValue, (d) => decisionKey(d.meter, d.fromMs)),
  entries: values(128, entryValue, (e) => e.id),
  vouched: keys(2048, cidSchema),
  closeLanes: pairs(4, hash32Schema, plain(lanesValue)),
  onHold: pairs(1024, cidSchema, plain(reasonOnHold)),
  unknown: keys(2048, cidSchema),
  chains: pairs(4, z.string().refine(isPlace, 'no place of a chain'), plain(chainSchema)),
};
const formOf = (kind: GrownKind): GroupForm<unknown> => FORMS[kind];

export const perGroup = (kind: GrownKind): number => FORMS[kind].perGroup;
export const groupsFor = (kind: GrownKind, items: number): number => Math.ceil(items / perGroup(kind));

type Item = readonly [key: string, value: unknown];

/** Canonical: the same items in the same order are the same bytes everywhere. */
export function writeGroup(kind: GrownKind, items: readonly Item[]): Uint8Array {
  const form = formOf(kind);
  return encode(items.map(([key, value]) => form.write(key, value)));
}

export type ReadGroup =
  | { readonly ok: true; readonly items: readonly Item[] }
  | { readonly ok: false; readonly reason: string };

/** Reads a group of so many items from outside: every one of its own form, one encoding of each. Never throws. */
export function readGroup(kind: GrownKind, bytes: Uint8Array, count: number): ReadGroup {
  let value: unknown;
  try {
    value = decode(bytes);
  } catch {
    return no('it is not canonical dag-cbor');
  }
  const parsed = z.array(formOf(kind).item).length(count).safeParse(value);
  if (!parsed.success) return no(`bad field ${[kind, ...(parsed.error.issues[0]?.path ?? [])].join('.')}`);
  if (new Set(parsed.data.map(([key]) => key)).size < count) return no(`${kind} names something twice`);
  return equalBytes(writeGroup(kind, parsed.data), bytes)
    ? { ok: true, items: parsed.data }
    : no(`${kind} is not in canonical form`);
}

const no = (reason: string): ReadGroup => ({ ok: false, reason });
