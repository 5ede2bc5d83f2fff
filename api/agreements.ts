import * as z from 'zod';
import {
  agreementId,
  assetId,
  atMs,
  base,
  inVillage,
  memberId,
  meterId,
  minorAmount,
  month,
  person,
  pin,
  standing,
  villageCommand,
} from './shared.ts';

/** Minor units per kWh; far above any real price and far below what 64 bits hold. */
const price = z.bigint().min(0n).max(1_000_000_000_000_000n);

/** The host-lease of the scheme (P12, P13). Prices in minor units per kWh, shares in basis points. */
export const hostLeaseTerms = z.object({
  kind: z.literal('host-lease'),
  owner: memberId,
  host: memberId,
  grid: memberId,
  asset: assetId.nullable(),
  hostMeter: meterId,
  neighbours: z.array(z.object({ member: memberId, meter: meterId })).max(500),
  hostPrice: price,
  rentBp: z.int().min(0).max(10_000),
  neighbourPrice: price,
  wheelingPrice: price,
  ownerShareBp: z.int().min(0).max(10_000),
  /** First month, village time. */
  from: month,
  months: z.int().min(1).max(360),
  after: z.enum(['returns-to-owner', 'passes-to-host']),
});
export type HostLeaseTermsInput = z.infer<typeof hostLeaseTerms>;
export const AGREEMENT_STATES = ['draft', 'offered', 'active', 'ended', 'declined'] as const;
const state = z.enum(AGREEMENT_STATES);
const summary = z.object({
  id: agreementId,
  title: z.string(),
  state,
  owner: person,
  host: person,
  signed: z.int(),
  mustSign: z.int(),
  /** A party whose key is here has not signed yet. */
  waitsForHere: z.boolean(),
  from: month,
  until: month,
  standing,
});
const example = z.object({
  /** Energy of the last full month known, or a stated round figure. */
  basis: z.enum(['last-month', 'round-figure']),
  month: month.nullable(),
  hostWh: z.bigint(),
  neighboursWh: z.bigint(),
  hostCharge: minorAmount,
  rent: minorAmount,
  neighboursPay: minorAmount,
  grid: minorAmount,
  ownerShare: minorAmount,
  hostShare: minorAmount,
});

export const agreements = {
  list: base.input(inVillage).output(z.object({ agreements: z.array(summary) })),
  get: base.input(inVillage.extend({ agreement: agreementId })).output(
    summary.extend({
      terms: hostLeaseTerms,
      version: z.int(),
      /** Six words that change when any signed byte changes. */
      sealWords: z.array(z.string()),
      /** sha-256 of the signed bytes, hex. */
      termsHash: z.string(),
      draftedBy: z.string(),
      draftedAtMs: atMs,
      parties: z.array(
        z.object({
          member: person,
          part: z.enum(['owner', 'host', 'grid', 'neighbour']),
          signedAtMs: atMs.nullable(),
          /** Whose key must sign: the member, or the signatories of an organisation. */
          signers: z.array(z.object({ id: memberId, name: z.string(), signed: z.boolean(), keyHere: z.boolean() })),
          needed: z.int(),
        }),
      ),
      example,
      missing: z.array(z.string()),
    }),
  ),
  /** Names of blanks that are empty or contradict each other; a draft with any cannot be signed (P10). */
  check: base.input(inVillage.extend({ terms: hostLeaseTerms })).output(
    z.object({
      missing: z.array(z.string()),
      warnings: z.array(z.string()),
      example,
      sealWords: z.array(z.string()),
    }),
  ),
  draft: base.input(villageCommand.extend({ terms: hostLeaseTerms })).output(z.object({ agreement: agreementId })),
  /** Signs exactly the bytes whose hash the person saw. */
  sign: base
    .input(
      villageCommand.extend({ agreement: agreementId, party: memberId, signer: memberId, pin, termsHash: z.string() }),
    )
    .output(z.object({ effective: z.boolean() })),
  decline: base
    .input(
      villageCommand.extend({ agreement: agreementId, party: memberId, reason: z.string().trim().min(3).max(400) }),
    )
    .output(z.object({})),
};
