import * as z from 'zod';
import { verifyEd25519 } from '#core/ports/ed25519.ts';
import type { VillageMarks } from '#core/ports/village-node.ts';
import { BOOK } from '#domain/books/record.ts';
import { decode, encode, fromHex } from '#domain/bytes.ts';
import { bytesOf, deviceSchema, msSchema, villageSchema } from '#domain/ids.ts';

const TYPE = 'gridpact-bundle';
const count = z.int().min(0);
/** More entries of one author and book than a device writes in its life; sums of them stay exact. */
const entries = z.int().min(0).max(100_000_000);
const book = z.string().regex(BOOK);
const marks = z.array(z.tuple([book, z.array(z.tuple([deviceSchema, count, entries])).max(4096)])).max(4096);
const fields = {
  type: z.literal(TYPE),
  v: z.literal(1),
  village: villageSchema,
  /** Whose console wrote the file; its key signs. */
  device: deviceSchema,
  madeMs: msSchema,
  /** What the file builds upon: entries its reader is taken to have. Null: nothing is left out. */
  since: marks.nullable(),
  /** What the console that wrote it has, in the books the file covers. */
  have: marks,
  /** Entries in the file by book. */
  books: z.array(z.tuple([book, entries])).max(4096),
  identities: count,
  /** Digests of other blocks in the file, and their sizes. */
  blocks: z.array(z.tuple([bytesOf(32), count])).max(100_000),
  /** Digests of blocks that were announced to the console that wrote it and that it lacks. */
  wants: z.array(bytesOf(32)).max(20_000),
};
const unsigned = z.strictObject(fields);
const signed = z.strictObject({ ...fields, sig: bytesOf(64) });

type Wire = z.infer<typeof unsigned>;
/** The first block of a bundle: what is in the file, what it builds upon, and what its writer has and lacks. */
export interface Manifest extends Omit<Wire, 'since' | 'have' | 'books' | 'type' | 'v'> {
  readonly since: VillageMarks | null;
  readonly have: VillageMarks;
  readonly books: ReadonlyMap<string, number>;
}

const toWireMarks = (given: VillageMarks): Wire['have'] =>
  [...given]
    .map(([name, list]): Wire['have'][number] => [
      name,
      list.map((m): [string, number, number] => [m.device, m.time, m.count]).sort(([a], [b]) => (a < b ? -1 : 1)),
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1));
const fromWireMarks = (wire: Wire['have']): VillageMarks =>
  new Map(wire.map(([name, list]) => [name, list.map(([device, time, n]) => ({ device, time, count: n }))]));

/** Canonical bytes of the manifest under the signature of its device. */
export function writeManifest(manifest: Manifest, sign: (message: Uint8Array) => Uint8Array): Uint8Array {
  const { since, have, books, ...rest } = manifest;
  const wire: Wire = {
    ...rest,
    type: TYPE,
    v: 1,
    since: since && toWireMarks(since),
    have: toWireMarks(have),
    books: [...books].sort(([a], [b]) => (a < b ? -1 : 1)),
  };
  return encode({ ...wire, sig: sign(encode(wire)) });
}

export type ReadManifest =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly reason: 'unreadable' | 'signature' };

/** Reads a manifest from outside. Never throws. */
export function readManifest(bytes: Uint8Array): ReadManifest {
  let value: unknown;
  try {
    value = decode(bytes);
  } catch {
    return { ok: false, reason: 'unreadable' };
  }
  const parsed = signed.safeParse(value);
  if (!parsed.success) return { ok: false, reason: 'unreadable' };
  const { sig, type: _type, v: _v, ...rest } = parsed.data;
  const message = encode({ ...rest, type: TYPE, v: 1 });
  if (!verifyEd25519(sig, fromHex(rest.device), message)) return { ok: false, reason: 'signature' };
  const { since, have, books, ...plain } = rest;
  return {
    ok: true,
    manifest: { ...plain, since: since && fromWireMarks(since), have: fromWireMarks(have), books: new Map(books) },
  };
}

/** What marks are for memory on disk. */
export const packMarks = (given: VillageMarks): Uint8Array => encode(toWireMarks(given));
export const unpackMarks = (bytes: Uint8Array): VillageMarks => fromWireMarks(marks.parse(decode(bytes)));
