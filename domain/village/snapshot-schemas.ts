import * as z from 'zod';
import { hostLeaseSchema } from '../agreement/terms.ts';
import {
  addressSchema,
  agreementSchema,
  assetSchema,
  bytesOf,
  cidSchema,
  dataGrantSchema,
  deviceSchema,
  entrySchema,
  hash32Schema,
  memberSchema,
  meterSchema,
  monthSchema,
  msSchema,
  naturalSchema,
  signatureSchema,
} from '../ids.ts';
import { assetLevelSchema } from '../membership/data-grants.ts';
import { rolesSchema } from '../membership/founding.ts';
import { sealedFieldsSchema } from '../membership/private-fields.ts';
import { announceBody } from '../metering/frame.ts';
import { assetBody, meterBody } from './fold-assets.ts';
import { decideBody, entryBody } from './fold-operations.ts';
import { proposeBody } from './fold-settlement.ts';

/** What a snapshot may hold: each value as the fold makes it, and nothing else. */

const reasonSchema = z.string().max(400);
const count = z.int().min(0);

const keySchema = z.strictObject({
  address: addressSchema,
  number: count,
  sinceMs: msSchema,
  handover: signatureSchema.nullable(),
});
export const memberValue = z.strictObject({
  id: memberSchema,
  private: sealedFieldsSchema,
  kind: z.enum(['person', 'organisation']),
  roles: rolesSchema,
  keys: z.array(keySchema),
  signatories: z.array(memberSchema),
  threshold: count,
  sinceMs: msSchema,
  admittedBy: memberSchema,
});
export const deviceValue = z.strictObject({
  id: deviceSchema,
  member: memberSchema,
  box: deviceSchema,
  grantedMs: msSchema,
  revoked: z
    .strictObject({
      last: z.record(z.string().max(40), count),
      private: sealedFieldsSchema,
      atMs: msSchema,
    })
    .nullable(),
  frozenFrom: z.strictObject({ ms: msSchema, n: count }).nullable(),
});
const { asset: _asset, ...assetFields } = assetBody.shape;
export const assetValue = z.strictObject({ id: assetSchema, ...assetFields });
const { meter: _meter, ...meterFields } = meterBody.shape;
export const meterValue = z.strictObject({ id: meterSchema, ...meterFields, sinceMs: msSchema });
export const agreementValue = z.strictObject({
  id: agreementSchema,
  version: z.literal(1),
  terms: hostLeaseSchema,
  hash: hash32Schema,
  draftedBy: memberSchema,
  draftedMs: msSchema,
  record: cidSchema,
  signatures: z.array(z.strictObject({ party: memberSchema, signer: memberSchema, atMs: msSchema, record: cidSchema })),
  declined: z.strictObject({ party: memberSchema, private: sealedFieldsSchema, atMs: msSchema }).nullable(),
  effectiveMs: msSchema.nullable(),
});
export const segmentValue = z.strictObject({
  ...announceBody.shape,
  device: deviceSchema,
  record: cidSchema,
  atMs: msSchema,
});
export const decisionValue = z.strictObject({ ...decideBody.shape, by: memberSchema, atMs: msSchema });
const { entry: _entry, ...entryFields } = entryBody.shape;
export const entryValue = z.strictObject({
  id: entrySchema,
  ...entryFields,
  wh: naturalSchema,
  author: memberSchema,
  atMs: msSchema,
  vouched: z.strictObject({ by: memberSchema, private: sealedFieldsSchema, atMs: msSchema }).nullable(),
});
export const dataGrantValue = z.strictObject({
  id: dataGrantSchema,
  owner: memberSchema,
  meters: z.array(meterSchema),
  assets: z.array(assetSchema),
  level: assetLevelSchema,
  to: memberSchema,
  fromMs: msSchema,
  untilMs: msSchema,
  private: sealedFieldsSchema,
  atMs: msSchema,
  record: cidSchema,
  revoked: z.strictObject({ by: memberSchema, atMs: msSchema, record: cidSchema }).nullable(),
});
export const sealedKeyValue = z.strictObject({
  device: deviceSchema,
  ephemeral: bytesOf(32),
  iv: bytesOf(12),
  box: bytesOf(48),
});
const { lanes: lanesValue, ...proposal } = proposeBody.shape;

export { lanesValue };
export const closeValue = z.strictObject({
  ...proposal,
  evidence: hash32Schema,
  proposedBy: memberSchema,
  proposedMs: msSchema,
  record: cidSchema,
  signatures: z.array(
    z.strictObject({ member: memberSchema, address: addressSchema, sig: signatureSchema, atMs: msSchema }),
  ),
  threshold: count,
  agreed: z.boolean(),
  receipt: z
    .strictObject({ txHash: hash32Schema, block: count, gasUsed: count, final: z.boolean(), atMs: msSchema })
    .nullable(),
});
export const coordinatorsValue = z.strictObject({
  members: z.array(memberSchema).max(16),
  threshold: count,
  epoch: count,
});
export const changeValue = z.strictObject({
  epoch: count,
  members: z.array(memberSchema).min(1).max(16),
  threshold: z.int().min(1).max(16),
  operators: z.array(addressSchema).min(1).max(16),
  signatures: z.array(z.strictObject({ address: addressSchema, sig: signatureSchema })).max(16),
  agreed: z.boolean(),
});
export const epochValue = z.strictObject({
  close: hash32Schema,
  month: monthSchema,
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  records: count,
});
export const conflictValue = z.strictObject({
  id: cidSchema,
  kind: z.enum(['equivocation', 'serial-twice', 'two-closes']),
  counts: z.string().max(80),
  onHold: cidSchema,
  text: z.string().max(200),
});
export const reasonOnHold = reasonSchema;
