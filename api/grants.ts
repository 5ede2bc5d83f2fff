import * as z from 'zod';
import {
  agreementId,
  assetId,
  atMs,
  base,
  inVillage,
  memberId,
  meterId,
  person,
  pin,
  villageCommand,
} from './shared.ts';

const dataGrantId = z.string().regex(/^d[0-9a-f]{32}$/);

/** What is read of an asset: 'shared' its serial number, 'private' exact place and contract too. */
const assetLevel = z.enum(['shared', 'private']);

/** Why somebody reads a meter or an asset. */
const reason = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['household', 'owner', 'host', 'coordinator']) }),
  z.object({ kind: z.literal('agreement'), agreement: agreementId, title: z.string() }),
  z.object({ kind: z.literal('grant'), grant: dataGrantId, untilMs: atMs, mayRevoke: z.boolean() }),
]);

const line = z.object({
  grant: dataGrantId,
  what: z.enum(['given', 'ended', 'revoked']),
  /** Null: a grant of a meter. */
  level: assetLevel.nullable(),
  to: person,
  by: person,
  atMs,
  fromMs: atMs,
  untilMs: atMs,
  purpose: z.string(),
});
export type GrantLine = z.infer<typeof line>;

/** Who may read a meter's readings or an asset's fields, and who let them. */
export const grants = {
  get: base.input(inVillage.extend({ thing: z.union([meterId, assetId]) })).output(
    z.object({
      readers: z.array(z.object({ member: person, level: assetLevel.nullable(), reasons: z.array(reason) })),
      /** People whose key signs a grant of it and lies on this console. */
      signers: z.array(person),
      /** Given, ended and taken back, newest first. */
      log: z.array(line),
    }),
  ),
  give: base
    .input(
      villageCommand.extend({
        meters: z.array(meterId).max(64),
        assets: z.array(assetId).max(64).default([]),
        level: assetLevel.default('shared'),
        to: memberId,
        /** Months that end after this. */
        fromMs: atMs,
        untilMs: atMs,
        purpose: z.string().trim().min(3).max(400),
        signer: memberId,
        pin,
      }),
    )
    .output(z.object({ grant: dataGrantId })),
  revoke: base.input(villageCommand.extend({ grant: dataGrantId })).output(z.object({})),
};
