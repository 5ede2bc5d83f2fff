import { oc } from '@orpc/contract';
import * as z from 'zod';
import { MEMBER_ROLES } from '#domain/membership/roles.ts';
import { errorMap } from './errors.ts';

/** A field that may be left empty. */
export const optionalText = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .transform((t) => (t === '' ? null : t))
    .nullable()
    .default(null);
export const base = oc.errors(errorMap);

export const villageId = z.string().regex(/^[0-9a-f]{64}$/);
export const memberId = z.string().regex(/^m[0-9a-f]{32}$/);
export const meterId = z.string().regex(/^e[0-9a-f]{32}$/);
export const assetId = z.string().regex(/^a[0-9a-f]{32}$/);
export const agreementId = z.string().regex(/^g[0-9a-f]{32}$/);
export const deviceId = z.string().regex(/^[0-9a-f]{64}$/);
export const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/);
/** Made by the client; a command repeated with the same id answers what it answered the first time. */
export const commandId = z.uuid();
export const atMs = z.int();
export const wh = z.bigint();
export const minorAmount = z.bigint();
export const pin = z.string().min(4).max(128);
export const name = z.string().trim().min(1).max(80);

export const inVillage = z.object({ village: villageId });
export const command = z.object({ commandId });
export const villageCommand = inVillage.extend(command.shape);

export const role = z.enum(MEMBER_ROLES);
export const trust = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(4)]);
export const SOURCES = ['solar', 'hydro', 'wind', 'biomass', 'diesel', 'battery', 'grid'] as const;
export const source = z.enum(SOURCES);
/** What a meter measures: a place that uses energy, an asset that makes it, a battery, or the whole site. */
export const METER_KINDS = ['use', 'generation', 'battery', 'site'] as const;
export const meterKind = z.enum(METER_KINDS);
export const PLACES = ['home', 'mill', 'clinic', 'school', 'shop', 'other'] as const;
export const place = z.enum(PLACES);
/** local: on this console only; peers: n others have it; queued: waits for the chain; anchored: final on the chain. */
/** fork: two go on from the same one; missing: the one before is not there; foreign: it is of another gateway. */
export const chainBreak = z.enum(['fork', 'missing', 'foreign']);
export const standing = z.discriminatedUnion('state', [
  z.object({ state: z.literal('local') }),
  z.object({ state: z.literal('peers'), count: z.int() }),
  z.object({ state: z.literal('queued') }),
  z.object({ state: z.literal('anchored'), block: z.int() }),
]);
export const person = z.object({ id: memberId, name: z.string() });
/** Readings of a month that was removed from this laptop: the file that has them. */
export const inFile = z.object({ month: z.string(), name: z.string(), atMs }).nullable();
export const jobStarted = z.object({ job: z.string() });
