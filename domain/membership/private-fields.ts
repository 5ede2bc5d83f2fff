import * as z from 'zod';
import { decode, encode, utf8 } from '../bytes.ts';
import { bytesOf, bytesWhere, textSchema } from '../ids.ts';

/** How a key is named in records, shares and frames: first 16 hex of a hash of it. */
export const keyIdSchema = z.string().regex(/^[0-9a-f]{16}$/);

/** Most plaintext bytes of the private part of one record. */
export const MAX_PRIVATE_BYTES = 4096;

/** The private part of a record as it is signed and stored: AES-256-GCM under an audience key, canonical dag-cbor inside. */
export const sealedFieldsSchema = z.strictObject({
  key: keyIdSchema,
  iv: bytesOf(12),
  /** Ciphertext and 16-byte tag. */
  box: bytesWhere((b) => b.length > 16 && b.length <= MAX_PRIVATE_BYTES + 16),
});
export type SealedFields = z.infer<typeof sealedFieldsSchema>;

export const memberFields = z.object({
  name: textSchema(80),
  phone: textSchema(40).nullable(),
  note: textSchema(400).nullable(),
});
export type MemberFields = z.infer<typeof memberFields>;
export const meterFields = z.object({ name: textSchema(80), serial: textSchema(64).nullable() });
export type MeterFields = z.infer<typeof meterFields>;
/** EL4: what every member reads of an asset, what its partners read, what its people read. */
export const assetFields = z.object({ name: textSchema(80) });
export type AssetFields = z.infer<typeof assetFields>;
export const assetSharedFields = z.object({ serial: textSchema(64) });
export type AssetSharedFields = z.infer<typeof assetSharedFields>;
export const assetPrivateFields = z.object({ place: textSchema(200).nullable(), contract: textSchema(400).nullable() });
export type AssetPrivateFields = z.infer<typeof assetPrivateFields>;
/** A reason, a label, a purpose: the one text of an act. */
export const textFields = z.object({ text: textSchema(400) });

/** What a private part belongs to: bound to it, so that it opens nowhere else. */
export type Subject =
  | 'member'
  | 'meter'
  | 'asset'
  | 'asset-shared'
  | 'asset-private'
  | 'revocation'
  | 'decline'
  | 'decision'
  | 'entry'
  | 'voucher'
  | 'grant';

/** Additional data of a private part: village, what it is about, and the id of that. */
export const privateAad = (village: string, subject: Subject, id: string): Uint8Array =>
  utf8(`gridpact private|${village}|${subject}|${id}`);

export const privateBytes = (fields: Readonly<Record<string, unknown>>): Uint8Array => encode(fields);

/** What was inside, or undefined where it is not what its schema says. Never throws. */
export function readPrivate<T>(schema: z.ZodType<T>, bytes: Uint8Array): T | undefined {
  try {
    const parsed = schema.safeParse(decode(bytes));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
