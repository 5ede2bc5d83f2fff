import { randomBytes } from 'node:crypto';
import type { HostLeaseTermsInput } from '#api/agreements.ts';
import type { Console } from '#core/console.ts';
import { AppError } from '#core/ports/errors.ts';
import { step } from '#core/ports/steps.ts';
import type { Boundary } from '#core/router/boundary.ts';
import type { Village } from '#core/village/open-village.ts';
import { faultsOf, type HostLease, hostLeaseSchema, termsWords, unusualTerm } from '#domain/agreement/terms.ts';
import { newId } from '#domain/ids.ts';
import { actDigest } from '#domain/membership/typed-data.ts';
import type { Agreement } from '#domain/village/state.ts';
import { exampleOf, partiesView, summaryOf } from './agreement-views.ts';

/** Puts a draft into the books for the parties to read and sign. */
export async function draftAgreement(village: Village, terms: HostLease): Promise<string> {
  const faults = faultsOf(terms);
  if (faults.length > 0) {
    throw new AppError('AGREEMENT_INCOMPLETE', `The terms contradict themselves: ${faults.join(', ')}.`, {
      data: { faults: faults.join(' ') },
    });
  }
  const agreement = newId('g', village.id, new Uint8Array(randomBytes(16)));
  await village.act([{ book: 'agreements', kind: 'agreement.draft', body: { agreement, version: 1, terms } }]);
  return agreement;
}

export interface SignInput {
  readonly agreement: string;
  readonly party: string;
  readonly signer: string;
  readonly pin: string;
  readonly termsHash: string;
}

/** Signs exactly the bytes whose hash the person saw. */
export async function signAgreement(village: Village, input: SignInput): Promise<boolean> {
  const a = find(village, input.agreement);
  if (a.hash !== input.termsHash)
    throw new AppError('AGREEMENT_CHANGED', 'The terms are not the ones that were shown. Read them again.');
  if (a.signatures.some((s) => s.party === input.party && s.signer === input.signer))
    throw new AppError('ALREADY_SIGNED', 'This person has signed already.');
  const key = await village.keystore.unlock(input.signer, input.pin);
  const sig = key.sign(
    actDigest('Agreement', { village: `0x${village.id}`, agreement: a.id, version: a.version, terms: a.hash }),
  );
  const body = { agreement: a.id, version: a.version, terms: a.hash, party: input.party, signer: input.signer, sig };
  await village.act([{ book: 'agreements', kind: 'agreement.sign', body }]);
  step('agreement.signed');
  return village.state().agreements.get(a.id)?.effectiveMs != null;
}

function find(village: Village, id: string): Agreement {
  const a = village.state().agreements.get(id);
  if (!a) throw new AppError('NOT_FOUND', 'There is no such agreement in this village.');
  return a;
}

const termsOf = (input: HostLeaseTermsInput): HostLease => hostLeaseSchema.parse(input);

export function agreementsProcedures(os: Boundary, console: Console) {
  const a = os.agreements;
  const open = (id: string): Village => console.find(id).village;
  return {
    list: a.list.handler(({ input }) => {
      const village = open(input.village);
      return {
        agreements: [...village.state().agreements.values()]
          .sort((x, y) => y.draftedMs - x.draftedMs)
          .map((x) => summaryOf(village, x)),
      };
    }),
    get: a.get.handler(async ({ input }) => {
      const village = open(input.village);
      const agreement = find(village, input.agreement);
      return {
        ...summaryOf(village, agreement),
        terms: { ...agreement.terms, neighbours: [...agreement.terms.neighbours] },
        version: agreement.version,
        sealWords: termsWords(agreement.terms),
        termsHash: agreement.hash,
        draftedBy: village.revealed().members.get(agreement.draftedBy)?.name ?? agreement.draftedBy,
        draftedAtMs: agreement.draftedMs,
        parties: partiesView(village, agreement),
        example: await exampleOf(village, agreement.terms),
        missing: faultsOf(agreement.terms),
      };
    }),
    check: a.check.handler(async ({ input }) => {
      const terms = termsOf(input.terms);
      const missing = faultsOf(terms);
      return {
        missing,
        warnings: unusualTerm(terms) ? ['unusual-term'] : [],
        example: await exampleOf(open(input.village), terms),
        sealWords: termsWords(terms),
      };
    }),
    draft: a.draft.handler(async ({ input }) => ({
      agreement: await draftAgreement(open(input.village), termsOf(input.terms)),
    })),
    sign: a.sign.handler(async ({ input }) => ({ effective: await signAgreement(open(input.village), input) })),
    decline: a.decline.handler(async ({ input }) => {
      const { agreement, party, reason } = input;
      const village = open(input.village);
      const body = { agreement, party, private: village.seal('decline', agreement, { text: reason }) };
      await village.act([{ book: 'agreements', kind: 'agreement.decline', body }]);
      return {};
    }),
  };
}
