import * as z from 'zod';
import { encode, sha256, toHex } from '../bytes.ts';
import {
  addressSchema,
  bigSchema,
  bytesOf,
  deviceSchema,
  hash32Schema,
  memberSchema,
  msSchema,
  textSchema,
} from '../ids.ts';
import { keyIdSchema } from './private-fields.ts';
import { MEMBER_ROLES } from './roles.ts';

export const rolesSchema = z.array(z.enum(MEMBER_ROLES)).max(MEMBER_ROLES.length);

/** What founds a village and never changes. Its sha-256 is the village id. */
export const foundingSchema = z.strictObject({
  v: z.literal(1),
  name: textSchema(80),
  currency: z.strictObject({ code: z.string().regex(/^[A-Z]{3}$/), exponent: z.int().min(0).max(4) }),
  zoneOffsetMin: z.int().min(-720).max(840),
  /** Made for practice: every screen, export and proof says so. */
  simulated: z.boolean(),
  createdMs: msSchema,
  nonce: bytesOf(16),
  founder: z.strictObject({ member: memberSchema, address: addressSchema, roles: rolesSchema }),
  /** The key by which equal serial numbers are recognised: one for good, held by the members. */
  serials: keyIdSchema,
  /** The settlement chain, and the device that owns it when it is the embedded one. */
  chain: z.strictObject({
    chainId: z.int().min(1),
    genesis: hash32Schema,
    ledger: addressSchema,
    device: deviceSchema.nullable(),
  }),
  /** How far below zero a member's lane may go, minor units, negative or zero. */
  debtFloor: bigSchema.refine((v) => v <= 0n),
  reservePercent: z.int().min(0).max(90),
});
export type Founding = z.infer<typeof foundingSchema>;

export const villageIdOf = (founding: Founding): string => toHex(sha256(encode(founding)));
