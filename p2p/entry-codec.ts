import * as z from 'zod';
import { AppError } from '#core/ports/errors.ts';
import { MAX_RECORD_BYTES, readForm, type SignedRecord } from '#domain/books/record.ts';
import { decode } from '#domain/bytes.ts';
import { MAX_ENTRY_BYTES, MAX_PARENTS, MAX_RECORDS_PER_ENTRY, ORBIT_HASH } from './entry-limits.ts';
import { type ReadEntry, readExactEntry, readRecords, signedBytes } from './entry-reader.ts';
import { orbitHashOf } from './orbit-hash.ts';
import type { Signed } from './signature-batch.ts';
import { verifySignatures } from './signature-pool.ts';

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
  return exact ? { ok: true, value: { hash, bytes, ...exact } } : no(whyUnread(bytes));
}

function whyUnread(bytes: Uint8Array): string {
  let value: unknown;
  try {
    value = decode(bytes);
  } catch {
    return 'the entry is not canonical dag-cbor';
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) return `bad entry field ${parsed.error.issues[0]?.path.join('.') ?? ''}`;
  if (parsed.data.clock.id !== parsed.data.key) return 'the clock of the entry belongs to another key';
  // No log of ours has an id that the exact reader does not read.
  return 'the entry belongs to another log';
}

/** An entry that is already in a book, and so was checked before. */
export function peekEntry(bytes: Uint8Array): ReadEntry {
  const exact = readExactEntry(bytes);
  if (!exact) throw new AppError('BOOK_DAMAGED', 'an entry on disk is not readable');
  return exact;
}

/** The records of an entry that is already in a book. */
export function recordsOfEntry(bytes: Uint8Array, book: string): readonly SignedRecord[] {
  try {
    return readRecords(bytes);
  } catch (cause) {
    throw new AppError('BOOK_DAMAGED', `an entry of ${book} on disk is not readable`, { data: { book }, cause });
  }
}

/** Everything that is asked of an entry of a book but its signatures: the first thing that is wrong. */
export function formProblem(entry: BookEntry, village: string, book: string): string | undefined {
  if (entry.id !== logIdOf(village, book)) return 'the entry belongs to another log';
  return recordsProblem(entry.records, { village, book, device: entry.device });
}

/** The signature of the entry, then those of its records. */
export const signaturesOf = ({ sig, device, bytes, signed, records }: BookEntry): Signed[] => [
  { sig, publicKey: device, message: signedBytes(bytes, signed) },
  ...signaturesOfRecords(records, device),
];

/** What the verdicts on {@link signaturesOf} say. */
export function signatureProblem([entry, ...records]: readonly boolean[]): string | undefined {
  if (entry !== true) return 'bad entry signature';
  return records.every(Boolean) ? undefined : BAD_RECORD_SIGNATURE;
}

export interface RecordHome {
  readonly village: string;
  readonly book: string;
  readonly device: string;
}

/** Names the first record that is not a sound record of this village, book and device; undefined when all are. */
export async function checkRecords(records: readonly SignedRecord[], home: RecordHome): Promise<string | undefined> {
  const problem = recordsProblem(records, home);
  if (problem !== undefined) return problem;
  const verdicts = await verifySignatures(signaturesOfRecords(records, home.device));
  return verdicts.every(Boolean) ? undefined : BAD_RECORD_SIGNATURE;
}

const BAD_RECORD_SIGNATURE = 'bad record signature';

const signaturesOfRecords = (records: readonly SignedRecord[], device: string): Signed[] =>
  records.map(({ sig, bytes }) => ({ sig, publicKey: device, message: bytes }));

function recordsProblem(records: readonly SignedRecord[], home: RecordHome): string | undefined {
  for (const signed of records) {
    const form = readForm(signed);
    const problem = form.ok ? strangeness(form.header, home) : form.reason;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function strangeness(header: RecordHome, home: RecordHome): string | undefined {
  if (header.device !== home.device) return 'the record is by another device than its entry';
  if (header.village !== home.village) return 'the record belongs to another village';
  return header.book === home.book ? undefined : 'the record belongs to another book';
}
