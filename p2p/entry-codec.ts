import * as z from 'zod';
import { AppError } from '#core/ports/errors.ts';
import { MAX_RECORD_BYTES, readForm, type SignedRecord } from '#domain/books/record.ts';
import { decode, decodeCanonical, encode, fromHex } from '#domain/bytes.ts';
import { orbitHashOf } from './device-identity.ts';
import { verifyEd25519 } from './ed25519.ts';
import { MAX_ENTRY_BYTES, MAX_PARENTS, MAX_RECORDS_PER_ENTRY, ORBIT_HASH } from './entry-limits.ts';
import { type ReadEntry, readExactEntry, readRecords, signedBytes } from './entry-reader.ts';

/** How far a log clock may run ahead of its parents: keeps one device from using up the number space. */
export const MAX_CLOCK_JUMP = 1e7;

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
export interface BookEntry extends ReadEntry {
  readonly hash: string;
  readonly bytes: Uint8Array;
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
  const exact = readExactEntry(bytes);
  if (exact) return { ok: true, value: { hash, bytes, ...exact } };
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
  return { ok: true, value: { hash, bytes, fields, records, signed: undefined } };
}

/** What is asked of an entry that is already in a book, and so was checked before. */
export const peekEntry = (bytes: Uint8Array): EntryFields =>
  readExactEntry(bytes)?.fields ?? (decodeCanonical(bytes) as EntryFields);

/** The records of an entry that is already in a book. */
export function recordsOfEntry(bytes: Uint8Array, book: string): readonly SignedRecord[] {
  try {
    return readRecords(bytes);
  } catch (cause) {
    throw new AppError('BOOK_DAMAGED', `an entry of ${book} on disk is not readable`, { data: { book }, cause });
  }
}

/** Checks signatures of the entry and of all its records off the main thread, and that they belong to this book. */
export async function verifyEntry(entry: BookEntry, village: string, book: string): Promise<Checked<BookEntry>> {
  const { id, next, refs, clock, v, key, sig } = entry.fields;
  if (id !== logIdOf(village, book)) return no('the entry belongs to another log');
  const signed = entry.signed
    ? signedBytes(entry.bytes, entry.signed)
    : encode({ id, payload: entry.fields.payload, next, refs, clock, v });
  // All signatures of the entry are under way at once.
  const checking = checkRecords(entry.records, { village, book, device: key });
  if (!(await verifyEd25519(fromHex(sig), key, signed))) return no('bad entry signature');
  const problem = await checking;
  return problem === undefined ? { ok: true, value: entry } : no(problem);
}

export interface RecordHome {
  readonly village: string;
  readonly book: string;
  readonly device: string;
}

/** Names the first record that is not a sound record of this village, book and device; undefined when all are. */
export async function checkRecords(records: readonly SignedRecord[], home: RecordHome): Promise<string | undefined> {
  for (const signed of records) {
    const form = readForm(signed);
    const problem = form.ok ? strangeness(form.header, home) : form.reason;
    if (problem !== undefined) return problem;
  }
  const signatures = await Promise.all(records.map(({ sig, bytes }) => verifyEd25519(sig, home.device, bytes)));
  return signatures.every(Boolean) ? undefined : 'bad record signature';
}

function strangeness(header: RecordHome, home: RecordHome): string | undefined {
  if (header.device !== home.device) return 'the record is by another device than its entry';
  if (header.village !== home.village) return 'the record belongs to another village';
  return header.book === home.book ? undefined : 'the record belongs to another book';
}
