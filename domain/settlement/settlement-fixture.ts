import type { HostLease } from '../agreement/terms.ts';
import { termsHash } from '../agreement/terms.ts';
import { type Chains, extend, followCut, noChains, positionsOf } from '../books/chains.ts';
import type { KnownRecord } from '../books/record.ts';
import { MONEY_TRUST } from '../metering/trust.ts';
import { joinPieces, judgePiece, type MeterHistory, totalOf } from '../metering/vee.ts';
import { type Month, monthSpan } from '../time.ts';
import { closeRecordsOf, genesis } from '../village/epochs.ts';
import { foldAtCut } from '../village/fold.ts';
import { batchOf, type Proposal } from '../village/fold-settlement.ts';
import { checkpointHash } from '../village/snapshot.ts';
import { type LaneChange, type PeriodCut, type VillageState, ZERO_HASH } from '../village/state.ts';
import { type Person, recoverOnce, type TestDevice, type TestVillage } from '../village/village-fixture.ts';
import { type FrameFact, type MonthEnergy, readingRules } from './accounts.ts';

/** For tests: a lease, its signatures, and closes of a month. */

export interface LeaseParties {
  readonly owner: string;
  readonly host: string;
  readonly grid: string;
  readonly hostMeter: string;
  readonly neighbours: readonly { readonly member: string; readonly meter: string }[];
}
/** Prices and shares of the acceptance numbers P12 and P13. */
export const leaseOf = (parties: LeaseParties): HostLease => ({
  kind: 'host-lease',
  ...parties,
  neighbours: [...parties.neighbours],
  asset: null,
  hostPrice: 200n,
  rentBp: 1500,
  neighbourPrice: 180n,
  wheelingPrice: 10n,
  ownerShareBp: 6000,
  from: '2012-01',
  months: 144,
  after: 'returns-to-owner',
});

export function draftLease(village: TestVillage, device: TestDevice, terms: HostLease, name = 'lease'): KnownRecord {
  const agreement = village.newId('g', name);
  return village.write(device, 'agreements', 'agreement.draft', { agreement, version: 1, terms });
}
export const signBodyOf = (
  village: TestVillage,
  terms: HostLease,
  party: string,
  signer: Person,
  agreement = village.newId('g', 'lease'),
) => ({
  agreement,
  version: 1,
  terms: termsHash(terms),
  party,
  signer: signer.id,
  sig: village.act('Agreement', signer, { agreement, version: 1, terms: termsHash(terms) }),
});

/** All that is there now and in no cut of the closes up to `prev`. */
export function cutNow(village: TestVillage, prev: string = ZERO_HASH): PeriodCut {
  const { proposals } = closeRecordsOf(village.records, village.founding);
  const line: Proposal[] = [];
  for (let p = proposals.get(prev); p; p = proposals.get(p.prev)) line.unshift(p);
  let chains: Chains = noChains();
  for (const { cut } of line) {
    const followed = followCut(chains, cut.records, (id) => village.records.find((r) => r.id === id));
    if (followed.ok) chains = extend(chains, followed.records);
  }
  const records = positionsOf(chains, village.records, () => true);
  const at = foldAtCut(genesis(village.id), village.records, { prev, cut: { records } }, recoverOnce);
  return { records, checkpoint: at.ok ? checkpointHash(at.base) : ZERO_HASH, rules: 1 };
}

export interface CloseParts {
  readonly month?: string;
  readonly prev?: string;
  readonly root?: string;
  readonly cut?: PeriodCut;
  readonly lanes?: readonly LaneChange[];
}
export function closeBodyOf(village: TestVillage, parts: CloseParts = {}) {
  const { month = '2012-01', prev = ZERO_HASH, root = `0x${'ab'.repeat(32)}`, lanes = [] } = parts;
  const cut = parts.cut ?? cutNow(village, prev);
  const { chainId, ledger } = village.founding.chain;
  const zone = { offsetMin: village.founding.zoneOffsetMin };
  const input = { village: village.id, month, zone, prev, root, cut, lanes };
  return { month, prev, root, cut, lanes, digest: batchOf(input, { chainId, ledger }).digest };
}
export function signClose(village: TestVillage, device: TestDevice, digest: string, signer: Person): KnownRecord {
  return village.write(device, 'settlement', 'close.sign', { digest, signer: signer.id, sig: signer.sign(digest) });
}
/** Body of a receipt of the chain for a batch. */
export const receiptBodyOf = (digest: string, final = true) => ({
  digest,
  txHash: `0x${'cd'.repeat(32)}`,
  block: 7,
  gasUsed: 90_000,
  final,
});
/** Proposes, signs and anchors a month, with the founder's key alone unless told. */
export function settle(
  village: TestVillage,
  { signers = [village.founder], ...parts }: CloseParts & { readonly signers?: readonly Person[] } = {},
): string {
  const body = closeBodyOf(village, parts);
  village.write(village.device, 'settlement', 'close.propose', body);
  for (const signer of signers) signClose(village, village.device, body.digest, signer);
  village.write(village.device, 'settlement', 'close.receipt', receiptBodyOf(body.digest));
  return body.digest;
}

/** The whole history of every meter, judged in one: what any window of it must equal. */
export function historiesOf(state: VillageState, facts: readonly FrameFact[]): Map<string, MeterHistory> {
  const rules = readingRules(state);
  return new Map(
    [...rules.intervalsOf(facts)].map(([id, raw]) => [
      id,
      judge(raw, state.meters.get(id)?.limitW ?? 0, rules.decisionsOn(id)),
    ]),
  );
}
const judge: (...input: Parameters<typeof judgePiece>) => MeterHistory = (raw, limitW, decisions) =>
  joinPieces([judgePiece(raw, limitW, decisions)], limitW, decisions);

/** The energy of a month out of whole histories. */
export const energyIn =
  (state: VillageState, histories: ReadonlyMap<string, MeterHistory>) =>
  (month: Month): MonthEnergy => {
    const { from, to } = monthSpan(month, { offsetMin: state.founding?.zoneOffsetMin ?? 0 });
    const duplicates = [...histories.values()].flatMap((h) => h.duplicates).filter((ms) => ms >= from && ms < to);
    const meters = new Map([...histories].map(([id, h]) => [id, totalOf(h, from, to, MONEY_TRUST)]));
    return { meters, duplicates: duplicates.length };
  };
