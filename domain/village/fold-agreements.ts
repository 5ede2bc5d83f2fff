import * as z from 'zod';
import { faultsOf, type HostLease, hostLeaseSchema, partiesOf, termsHash, untilMonth } from '../agreement/terms.ts';
import { agreementSchema, hash32Schema, memberSchema, signatureSchema } from '../ids.ts';
import { sealedFieldsSchema } from '../membership/private-fields.ts';
import { actDigest } from '../membership/typed-data.ts';
import { type Agreement, type Apply, keyOf, type VillageState } from './state.ts';

export const draftBody = z.strictObject({ agreement: agreementSchema, version: z.literal(1), terms: hostLeaseSchema });
export const signBody = z.strictObject({
  agreement: agreementSchema,
  version: z.literal(1),
  terms: hash32Schema,
  party: memberSchema,
  /** The party, or a signatory of the organisation that is the party. */
  signer: memberSchema,
  sig: signatureSchema,
});
export const declineBody = z.strictObject({
  agreement: agreementSchema,
  party: memberSchema,
  private: sealedFieldsSchema,
});

const BILLED_TWICE = 'a meter is in another agreement in force in the same months';
const metersOf = (terms: HostLease): string[] => [terms.hostMeter, ...terms.neighbours.map((n) => n.meter)];

/** Energy is sold once: no meter may be under two agreements in force in one month. */
function billedElsewhere(state: VillageState, id: string, terms: HostLease): boolean {
  const meters = new Set(metersOf(terms));
  return [...state.agreements.values()].some(
    (a) =>
      a.id !== id &&
      a.effectiveMs !== null &&
      a.terms.from < untilMonth(terms) &&
      terms.from < untilMonth(a.terms) &&
      metersOf(a.terms).some((m) => meters.has(m)),
  );
}

const draft: Apply = (ctx) => {
  const body = draftBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable agreement';
  const { agreement: id, version, terms } = body.data;
  if (ctx.state.agreements.has(id)) return 'this agreement exists';
  const faults = faultsOf(terms);
  if (faults.length > 0) return `the terms contradict themselves: ${faults.join(', ')}`;
  if (partiesOf(terms).some((p) => !ctx.state.members.has(p.member))) return 'a party is not a member';
  if (metersOf(terms).some((m) => !ctx.state.meters.has(m))) return 'a meter is unknown';
  if (billedElsewhere(ctx.state, id, terms)) return BILLED_TWICE;
  ctx.state.agreements.set(id, {
    id,
    version,
    terms,
    hash: termsHash(terms),
    draftedBy: ctx.author,
    draftedMs: ctx.record.at.ms,
    record: ctx.record.id,
    signatures: [],
    declined: null,
    effectiveMs: null,
  });
  return undefined;
};

/** Who may sign for a party, and how many of them must. */
export function signersOf(
  state: VillageState,
  party: string,
): { readonly signers: readonly string[]; readonly needed: number } {
  const m = state.members.get(party);
  return m?.kind === 'organisation' ? { signers: m.signatories, needed: m.threshold } : { signers: [party], needed: 1 };
}

export function hasSigned(state: VillageState, agreement: Agreement, party: string): boolean {
  const { signers, needed } = signersOf(state, party);
  const done = new Set(agreement.signatures.filter((s) => s.party === party).map((s) => s.signer));
  return signers.filter((s) => done.has(s)).length >= needed;
}

/** As {@link hasSigned} for every party, in one walk over the signatures. */
function haveAllSigned(state: VillageState, agreement: Agreement): boolean {
  const parties = partiesOf(agreement.terms);
  if (agreement.signatures.length < parties.length) return false;
  const done = new Set(agreement.signatures.map((s) => `${s.party}|${s.signer}`));
  return parties.every(({ member }) => {
    const { signers, needed } = signersOf(state, member);
    return signers.filter((s) => done.has(`${member}|${s}`)).length >= needed;
  });
}

const sign: Apply = (ctx) => {
  const body = signBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable signature';
  const b = body.data;
  const a = ctx.state.agreements.get(b.agreement);
  if (!a) return 'no such agreement';
  if (a.hash !== b.terms) return 'signed other terms than these';
  if (a.declined) return 'the agreement was declined';
  if (!partiesOf(a.terms).some((p) => p.member === b.party)) return 'not a party';
  if (!signersOf(ctx.state, b.party).signers.includes(b.signer)) return 'may not sign for this party';
  if (a.signatures.some((s) => s.party === b.party && s.signer === b.signer)) return 'already signed';
  const digest = actDigest('Agreement', {
    village: `0x${ctx.state.village}`,
    agreement: a.id,
    version: a.version,
    terms: a.hash,
  });
  if (ctx.recover(digest, b.sig) !== keyOf(ctx.state, b.signer)) return 'the signature is not of the signer';
  const signed: Agreement = {
    ...a,
    signatures: [...a.signatures, { party: b.party, signer: b.signer, atMs: ctx.record.at.ms, record: ctx.record.id }],
  };
  const all = hasSigned(ctx.state, signed, b.party) && haveAllSigned(ctx.state, signed);
  if (all && billedElsewhere(ctx.state, a.id, a.terms)) return BILLED_TWICE;
  ctx.state.agreements.set(a.id, { ...signed, effectiveMs: all ? ctx.record.at.ms : null });
  return undefined;
};

const decline: Apply = (ctx) => {
  const body = declineBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable refusal';
  const a = ctx.state.agreements.get(body.data.agreement);
  if (!a) return 'no such agreement';
  if (a.effectiveMs !== null) return 'the agreement is in force';
  if (a.declined) return 'already declined';
  if (!partiesOf(a.terms).some((p) => p.member === body.data.party)) return 'not a party';
  if (!signersOf(ctx.state, body.data.party).signers.includes(ctx.author)) return 'may not decline for this party';
  ctx.state.agreements.set(a.id, {
    ...a,
    declined: { party: body.data.party, private: body.data.private, atMs: ctx.record.at.ms },
  });
  return undefined;
};

export const agreementRules: Readonly<Record<string, Apply>> = {
  'agreement.draft': draft,
  'agreement.sign': sign,
  'agreement.decline': decline,
};
