import * as z from 'zod';
import { assetSchema, bigSchema, memberSchema, meterSchema, textSchema } from '../ids.ts';
import { sealedFieldsSchema } from '../membership/private-fields.ts';
import { type Apply, type Asset, isCoordinator, type VillageState } from './state.ts';

const source = z.enum(['solar', 'hydro', 'wind', 'biomass', 'diesel', 'battery', 'grid']);
export const assetBody = z.strictObject({
  asset: assetSchema,
  private: sealedFieldsSchema,
  shared: sealedFieldsSchema,
  secret: sealedFieldsSchema.nullable(),
  source,
  district: textSchema(80).nullable(),
  print: z.string().regex(/^[0-9a-f]{32}$/),
  capacityW: z.int().min(1),
  storageWh: bigSchema.nullable(),
  owner: memberSchema,
  host: memberSchema.nullable(),
  simulated: z.boolean(),
});
export const meterBody = z.strictObject({
  meter: meterSchema,
  private: sealedFieldsSchema,
  kind: z.enum(['use', 'generation', 'battery', 'site']),
  place: z.enum(['home', 'mill', 'clinic', 'school', 'shop', 'other']).nullable(),
  source: source.nullable(),
  asset: assetSchema.nullable(),
  member: memberSchema.nullable(),
  limitW: z.int().min(10).max(10_000_000),
  manufacturer: textSchema(64).nullable(),
  model: textSchema(64).nullable(),
  simulated: z.boolean(),
});

function twinOf(assets: VillageState['assets'], a: Pick<Asset, 'print' | 'source'>): Asset | undefined {
  for (const x of assets.values()) if (x.print === a.print && x.source === a.source) return x;
  return undefined;
}

const addAsset: Apply = (ctx) => {
  const body = assetBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable asset';
  const { asset: id, ...a } = body.data;
  if (!isCoordinator(ctx.state, ctx.author) && a.owner !== ctx.author)
    return 'only its owner or a coordinator registers an asset';
  if (!ctx.state.members.has(a.owner) || (a.host !== null && !ctx.state.members.has(a.host)))
    return 'owner or host is not a member';
  if (ctx.state.assets.has(id)) return 'this asset exists';
  const twin = twinOf(ctx.state.assets, a);
  if (twin) {
    ctx.state.conflicts.push({
      id: ctx.record.id,
      kind: 'serial-twice',
      counts: twin.id,
      onHold: ctx.record.id,
      text: twin.id,
    });
    return 'this serial number is registered already';
  }
  ctx.state.assets.set(id, { id, ...a });
  return undefined;
};

const addMeter: Apply = (ctx) => {
  const body = meterBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable meter';
  const { meter: id, ...m } = body.data;
  if (!isCoordinator(ctx.state, ctx.author)) return 'only a coordinator adds a meter';
  if (ctx.state.meters.has(id)) return 'this meter exists';
  if (m.member !== null && !ctx.state.members.has(m.member)) return 'the member of this meter is unknown';
  if (m.asset !== null && !ctx.state.assets.has(m.asset)) return 'the asset of this meter is unknown';
  ctx.state.meters.set(id, { id, ...m, sinceMs: ctx.record.at.ms });
  return undefined;
};

export const assetRules: Readonly<Record<string, Apply>> = { 'asset.add': addAsset, 'meter.add': addMeter };
