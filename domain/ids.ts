import * as z from 'zod';
import { fromHex, sha256, toHex, utf8 } from './bytes.ts';
import { dayStart, UTC } from './time.ts';

function isDate(day: string): boolean {
  try {
    dayStart(day, UTC);
    return true;
  } catch {
    return false;
  }
}

const id = (letter: string, ...parts: readonly Uint8Array[]): string =>
  `${letter}${toHex(sha256(utf8(`gridpact ${letter} `), ...parts)).slice(0, 32)}`;

/** A person's stable id: made from their first key address, kept when the key rotates. */
export const memberIdOf = (address: string): string => id('m', fromHex(address));
/** An id for anything that enters the books as a record: made from the village and 16 random bytes. */
export const newId = (letter: 'm' | 'e' | 'a' | 'g' | 'r' | 'd', village: string, random: Uint8Array): string =>
  id(letter, fromHex(village), random);

/** A village or a device. */
export const HEX_32 = /^[0-9a-f]{64}$/;
export const METER_ID = /^e[0-9a-f]{32}$/;
export const villageSchema = z.string().regex(HEX_32);
export const deviceSchema = z.string().regex(HEX_32);
export const memberSchema = z.string().regex(/^m[0-9a-f]{32}$/);
export const meterSchema = z.string().regex(METER_ID);
export const assetSchema = z.string().regex(/^a[0-9a-f]{32}$/);
export const agreementSchema = z.string().regex(/^g[0-9a-f]{32}$/);
export const dataGrantSchema = z.string().regex(/^d[0-9a-f]{32}$/);
export const entrySchema = z.string().regex(/^r[0-9a-f]{32}$/);
/** 0x and 40 lower-case hex. */
export const addressSchema = z.string().regex(/^0x[0-9a-f]{40}$/);
export const hash32Schema = z.string().regex(/^0x[0-9a-f]{64}$/);
export const signatureSchema = z.string().regex(/^0x[0-9a-f]{128}([0-9a-f]{2})?$/);
export const cidSchema = z.string().regex(/^bafy[a-z2-7]{55}$/);
/** 1970 to 2999: what a ledger's clock can name, and far from where four digits end. */
export const monthSchema = z.string().regex(/^(19[7-9]\d|2\d{3})-(0[1-9]|1[0-2])$/);
export const daySchema = z
  .string()
  .regex(/^(19[7-9]\d|2\d{3})-\d{2}-\d{2}$/)
  .refine(isDate);
/** Last instant a Date can name. */
export const MAX_MS = 8_640_000_000_000_000;
export const msSchema = z.int().min(0).max(MAX_MS);
/** dag-cbor gives small integers back as numbers: read both, hold bigint. */
export const bigSchema = z.union([z.int(), z.bigint()]).transform((v) => BigInt(v));
export const naturalSchema = bigSchema.refine((v) => v >= 0n);
export const textSchema = (max: number) => z.string().trim().min(1).max(max);
export const bytesWhere = (ok: (bytes: Uint8Array) => boolean) =>
  z.custom<Uint8Array>((v) => v instanceof Uint8Array && ok(v), 'not the expected bytes');
export const bytesOf = (length: number) => bytesWhere((b) => b.length === length);
