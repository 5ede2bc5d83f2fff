import * as z from 'zod';
import { cidOf, decode, encode, fromHex, type Sha256, sha256 } from '../bytes.ts';
import { type RecordHeader, readHeader, readWhole } from './record-reader.ts';

/** Hybrid logical clock: `ms` is UTC milliseconds, `n` breaks ties of one device within a millisecond. */
export interface Hlc {
  readonly ms: number;
  readonly n: number;
}

/**
 * One act of one device. The id of a record is the CID of its canonical bytes; the device signs those bytes.
 * `seq`/`prev` chain a device's records within one book (seq from 0, prev = id of seq-1 or null).
 * `seen` are ids of the newest records of other devices that the author knew: all in this book, some in others. They
 * order the fold, and bear witness where a device's key is in two hands.
 */
export interface BookRecord {
  readonly v: 1;
  /** 64 hex: sha-256 of the founding document. */
  readonly village: string;
  readonly book: string;
  readonly kind: string;
  /** 64 hex: Ed25519 public key. */
  readonly device: string;
  readonly seq: number;
  readonly prev: string | null;
  readonly at: Hlc;
  readonly seen: readonly string[];
  readonly body: unknown;
}

/** What travels and is stored: canonical record bytes and the device's Ed25519 signature (64 bytes) over them. */
export interface SignedRecord {
  readonly bytes: Uint8Array;
  readonly sig: Uint8Array;
}

/** A record that was decoded and whose signature was checked. */
export interface KnownRecord extends BookRecord {
  readonly id: string;
}

export const MAX_RECORD_BYTES = 128 * 1024;
const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const cid = z.string().regex(/^bafy[a-z2-7]{55}$/);
const count = z.int().min(0);

/** Few enough names (3604) that a node can keep every book there can be: nobody uses them up. */
export const BOOK = /^(members|assets|agreements|settlement|(segments|market|operations)-20\d{2}-(0[1-9]|1[0-2]))$/;
const schema = z.strictObject({
  v: z.literal(1),
  village: hex32,
  book: z.string().regex(BOOK),
  kind: z.string().regex(/^[a-z][a-z0-9.-]{0,63}$/),
  device: hex32,
  seq: count,
  prev: cid.nullable(),
  at: z.strictObject({ ms: count, n: count }),
  seen: z.array(cid).max(256),
  body: z.unknown(),
});

/** Checks an Ed25519 signature: (signature 64 B, public key 32 B, message) -> valid. Supplied by the host. */
export type VerifyEd25519 = (sig: Uint8Array, publicKey: Uint8Array, message: Uint8Array) => boolean;

export type OpenedRecord =
  | { readonly ok: true; readonly record: KnownRecord }
  | { readonly ok: false; readonly reason: string };

type Read<T> = { readonly ok: true; readonly header: T } | { readonly ok: false; readonly reason: string };
export type ReadForm = Read<RecordHeader>;
const no = (reason: string): { readonly ok: false; readonly reason: string } => ({ ok: false, reason });

/** Everything that is asked of a record but its signature. Never throws; the reason names the first thing that is wrong. */
export const readForm = (signed: SignedRecord): ReadForm => readWith(readHeader, signed);

function readWith<T extends RecordHeader>(
  readExactly: (bytes: Uint8Array, book: RegExp) => T | undefined,
  { bytes, sig }: SignedRecord,
): Read<T | BookRecord> {
  if (bytes.length > MAX_RECORD_BYTES) return no(`record of ${bytes.length} bytes is over the limit`);
  if (sig.length !== 64) return no('the signature is not 64 bytes');
  const exact = readExactly(bytes, BOOK);
  const form: Read<T | BookRecord> = exact ? { ok: true, header: exact } : readStrictly(bytes);
  if (form.ok && (form.header.seq === 0) !== (form.header.prev === null)) return no('seq and prev do not fit together');
  return form;
}

function readStrictly(bytes: Uint8Array): Read<BookRecord> {
  let value: unknown;
  try {
    value = decode(bytes);
  } catch {
    // What the decoder says may repeat what is in the record.
    return no('unreadable record: it is not canonical dag-cbor');
  }
  const parsed = schema.safeParse(value);
  return parsed.success
    ? { ok: true, header: parsed.data }
    : no(`bad record field ${parsed.error.issues[0]?.path.join('.') ?? ''}`);
}

/**
 * Decodes and verifies a record from outside. Never throws; the reason names the first thing that is wrong. `hash`: where
 * the host has a faster one.
 */
export function openRecord(signed: SignedRecord, verify: VerifyEd25519, hash: Sha256 = sha256): OpenedRecord {
  const form = readWith(readWhole, signed);
  if (!form.ok) return form;
  if (!isSigned(signed, form.header.device, verify)) return no('bad record signature');
  return { ok: true, record: { ...form.header, id: cidOf(signed.bytes, hash) } };
}

/** A host's verifier may throw on a public key that is no curve point. */
function isSigned(signed: SignedRecord, device: string, verify: VerifyEd25519): boolean {
  try {
    return verify(signed.sig, fromHex(device), signed.bytes);
  } catch {
    return false;
  }
}

export const recordBytes = (record: BookRecord): Uint8Array => encode(record);

/** The next clock value of a device: never behind what it has seen, never behind its wall clock. */
export function tick(last: Hlc | undefined, nowMs: number): Hlc {
  if (!last || nowMs > last.ms) return { ms: nowMs, n: 0 };
  return { ms: last.ms, n: last.n + 1 };
}
