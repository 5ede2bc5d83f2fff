import * as z from 'zod';
import { encode, sha256, toHex } from '../bytes.ts';
import { assetSchema, memberSchema, meterSchema, monthSchema, naturalSchema } from '../ids.ts';
import { type Month, nextMonth } from '../time.ts';
import { sealWords } from './seal-words.ts';

const priceSchema = naturalSchema.refine((v) => v <= 1_000_000_000_000_000n);
const basisPoints = z.int().min(0).max(10_000);
/** The host-lease of the scheme (P12, P13). Prices in minor units per kWh; shares and rent in basis points. */
export const hostLeaseSchema = z.strictObject({
  kind: z.literal('host-lease'),
  owner: memberSchema,
  host: memberSchema,
  grid: memberSchema,
  asset: assetSchema.nullable(),
  hostMeter: meterSchema,
  neighbours: z.array(z.strictObject({ member: memberSchema, meter: meterSchema })).max(500),
  hostPrice: priceSchema,
  rentBp: basisPoints,
  neighbourPrice: priceSchema,
  wheelingPrice: priceSchema,
  ownerShareBp: basisPoints,
  from: monthSchema,
  months: z.int().min(1).max(360),
  after: z.enum(['returns-to-owner', 'passes-to-host']),
});
export type HostLease = z.infer<typeof hostLeaseSchema>;

export type Part = 'owner' | 'host' | 'grid' | 'neighbour';

/** Everyone whose signature makes the agreement effective, each once, in the order of the deed. */
export function partiesOf(terms: HostLease): { readonly member: string; readonly part: Part }[] {
  const all: { member: string; part: Part }[] = [
    { member: terms.owner, part: 'owner' },
    { member: terms.host, part: 'host' },
    { member: terms.grid, part: 'grid' },
    ...terms.neighbours.map((n) => ({ member: n.member, part: 'neighbour' as const })),
  ];
  const named = new Set<string>();
  return all.filter((p) => named.size < named.add(p.member).size);
}

export type TermsFault =
  | 'owner-is-host'
  | 'neighbour-is-party'
  | 'meter-twice'
  | 'wheeling-over-price'
  | 'no-price'
  | 'no-neighbours-no-sale';

/** What contradicts itself: a draft with any fault cannot be signed (P10). */
export function faultsOf(terms: HostLease): TermsFault[] {
  const faults: TermsFault[] = [];
  if (terms.owner === terms.host) faults.push('owner-is-host');
  const principals = [terms.owner, terms.host, terms.grid];
  if (terms.neighbours.some((n) => principals.includes(n.member))) faults.push('neighbour-is-party');
  const meters = [terms.hostMeter, ...terms.neighbours.map((n) => n.meter)];
  if (new Set(meters).size !== meters.length) faults.push('meter-twice');
  if (terms.wheelingPrice > terms.neighbourPrice) faults.push('wheeling-over-price');
  if (terms.hostPrice === 0n && terms.neighbourPrice === 0n) faults.push('no-price');
  return faults;
}

/** P15: a term outside 10 to 15 years warns and does not block. */
export const unusualTerm = (terms: HostLease): boolean => terms.months < 120 || terms.months > 180;

/** First month after the term. */
export function untilMonth(terms: HostLease): Month {
  let m = terms.from;
  for (let i = 0; i < terms.months; i++) m = nextMonth(m);
  return m;
}

export const coversMonth = (terms: HostLease, month: Month): boolean =>
  month >= terms.from && month < untilMonth(terms);

/** sha-256 of the canonical terms: what is signed, 0x hex. */
export const termsHash = (terms: HostLease): string => `0x${toHex(sha256(encode(terms)))}`;
export const termsWords = (terms: HostLease): string[] => sealWords(sha256(encode(terms)), 6);
