import * as z from 'zod';
import { assetSchema, dataGrantSchema, memberSchema, meterSchema, msSchema, signatureSchema } from '../ids.ts';
import { sealedFieldsSchema } from './private-fields.ts';
import { actDigest } from './typed-data.ts';

/** What is read of the assets: 'shared' their serial number, 'private' exact place and contract too (EL4). */
export const assetLevelSchema = z.enum(['shared', 'private']);
export type AssetLevel = z.infer<typeof assetLevelSchema>;
/** Most meters and assets of one grant. */
const MAX_THINGS = 64;
export const dataGrantBody = z
  .strictObject({
    grant: dataGrantSchema,
    owner: memberSchema,
    meters: z.array(meterSchema).max(MAX_THINGS),
    assets: z.array(assetSchema).max(MAX_THINGS),
    level: assetLevelSchema,
    to: memberSchema,
    fromMs: msSchema,
    untilMs: msSchema,
    private: sealedFieldsSchema,
    /** The owner, or a signatory of the organisation that is the owner. */
    signer: memberSchema,
    /** EIP-712 DataGrant. */
    sig: signatureSchema,
  })
  .refine((b) => b.meters.length + b.assets.length > 0, 'a grant of nothing')
  .refine((b) => b.untilMs > b.fromMs, 'it ends before it begins');
export const dataRevokeBody = z.strictObject({ grant: dataGrantSchema });

type Signed = Pick<
  z.infer<typeof dataGrantBody>,
  'grant' | 'meters' | 'assets' | 'level' | 'to' | 'fromMs' | 'untilMs'
>;
/** What the owner of the readings signs. */
export const dataGrantDigest = (village: string, g: Signed): string =>
  actDigest('DataGrant', {
    village: `0x${village}`,
    grant: g.grant,
    things: [...g.meters, ...g.assets.map((a) => (g.level === 'private' ? `${a}:private` : a))].join(','),
    to: g.to,
    from: g.fromMs,
    until: g.untilMs,
  });
