import * as dagCbor from '@ipld/dag-cbor';
import * as z from 'zod';
import { AppError } from '#core/ports/errors.ts';
import { MAX_RECORD_BYTES, openRecord, type SignedRecord } from '#domain/books/record.ts';
import { decode, encode, fromHex } from '#domain/bytes.ts';
import { orbitHashOf } from './device-identity.ts';
import { verifyEd25519 } from './ed25519.ts';

export const MAX_RECORDS_PER_ENTRY = 64;
/** Leaves room for an identity and the frame around an entry within a 2 MiB frame. */
export const MAX_ENTRY_BYTES = 2 * 1024 * 1024 - 16 * 1024;
/** An entry names at most this many heads; a log with more of them is merged in several entries. */
export const MAX_PARENTS = 4096;
/** How far a log clock may run ahead of its parents: keeps one device from using up the number space. */
export const MAX_CLOCK_JUMP = 1e7;

export const ORBIT_HASH = /^zdpu[1-9A-HJ-NP-Za-km-z]{45}$/;
const hashName = z.string().regex(ORBIT_HASH);
const device = z.string().regex(/^[0-9a-f]{64}$/);
const parents = z
  .array(hashName)
  .max(MAX_PARENTS)
  .refine((list) => new Set(list).size === list.length);
const binary = (max: number) => z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= max);

const payload = z.strictObject({
  v: z.literal(1),
  records: z
    .array(z.strictObject({ b: binary(MAX_RECORD_BYTES), s: binary(64) }))
    .min(1)
    .max(MAX_RECORDS_PER_ENTRY),
});
export type EntryPayload = z.infer<typeof payload>;

const schema = z.strictObject({
  id: z.string().max(256),
  payload,
  next: parents,
  refs: parents,
  clock: z.strictObject({ id: device, time: z.int().min(1) }),
  v: z.literal(2),
  key: device,
  identity: hashName,
  sig: z.string().regex(/^[0-9a-f]{128}$/),
});
export type EntryFields = z.infer<typeof schema>;

/** An OrbitDB entry of ours, read but not yet verified. */
export interface BookEntry {
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly fields: EntryFields;
  readonly records: readonly SignedRecord[];
}

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };
const no = (reason: string): { readonly ok: false; readonly reason: string } => ({ ok: false, reason });

export const logIdOf = (village: string, book: string): string => `/gridpact/${village}/${book}`;

export const toPayload = (records: readonly SignedRecord[]): EntryPayload => ({
  v: 1,
  records: records.map(({ bytes, sig }) => ({ b: bytes, s: sig })),
});

/** Reads entry bytes from outside: bounded, canonical, every field of the right shape. Never throws. */
export function readEntry(bytes: Uint8Array, hash = orbitHashOf(bytes)): Checked<BookEntry> {
  if (bytes.length > MAX_ENTRY_BYTES) return no(`entry of ${bytes.length} bytes is over the limit`);
  let value: unknown;
  try {
    value = decode(bytes);
  } catch {
    return no('the entry is not canonical dag-cbor');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) return no(`bad entry field ${parsed.error.issues[0]?.path.join('.') ?? ''}`);
  const fields = parsed.data;
  if (fields.clock.id !== fields.key) return no('the clock of the entry belongs to another key');
  const records = fields.payload.records.map(({ b, s }) => ({ bytes: b, sig: s }));
  return { ok: true, value: { hash, bytes, fields, records } };
}

type Peeked = Pick<EntryFields, 'identity' | 'next' | 'payload'>;

/** What is asked of an entry that is already in a book, and so was checked before. */
export const peekEntry = (bytes: Uint8Array): Peeked => dagCbor.decode<Peeked>(bytes);

/** The records of an entry that is already in a book. */
export function recordsOfEntry(bytes: Uint8Array, book: string): SignedRecord[] {
  try {
    return peekEntry(bytes).payload.records.map(({ b, s }) => ({ bytes: b, sig: s }));
  } catch (cause) {
    throw new AppError('BOOK_DAMAGED', `an entry of ${book} on disk is not readable`, { data: { book }, cause });
  }
}

/** Checks signatures of the entry and of all its records off the main thread, and that they belong to this book. */
export async function verifyEntry(entry: BookEntry, village: string, book: string): Promise<Checked<BookEntry>> {
  const { id, next, refs, clock, v, key, sig } = entry.fields;
  if (id !== logIdOf(village, book)) return no('the entry belongs to another log');
  const signed = encode({ id, payload: entry.fields.payload, next, refs, clock, v });
  if (!(await verifyEd25519(fromHex(sig), key, signed))) return no('bad entry signature');
  const problem = await checkRecords(entry.records, { village, book, device: key });
  return problem === undefined ? { ok: true, value: entry } : no(problem);
}

export interface RecordHome {
  readonly village: string;
  readonly book: string;
  readonly device: string;
}

/** Names the first record that is not a sound record of this village, book and device; undefined when all are. */
export async function checkRecords(records: readonly SignedRecord[], home: RecordHome): Promise<string | undefined> {
  const signatures = await Promise.all(records.map(({ sig, bytes }) => verifyEd25519(sig, home.device, bytes)));
  for (const [i, signed] of records.entries()) {
    // The signature was checked against home.device, so it stands only for a record that names that device.
    const opened = openRecord(signed, () => signatures[i] ?? false);
    if (!opened.ok) return opened.reason;
    if (opened.record.device !== home.device) return 'the record is by another device than its entry';
    if (opened.record.village !== home.village) return 'the record belongs to another village';
    if (opened.record.book !== home.book) return 'the record belongs to another book';
  }
  return undefined;
}
