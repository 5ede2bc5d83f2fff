import { type Chains, extend, followCut, noChains } from '../books/chains.ts';
import type { KnownRecord } from '../books/record.ts';
import { encode, sha256, toHex } from '../bytes.ts';
import { type Founding, villageIdOf } from '../membership/founding.ts';
import { foundBody } from '../membership/grants.ts';
import type { RecoverSigner } from '../membership/typed-data.ts';
import { ledgerIn } from '../settlement/batch.ts';
import { batchOf, closeSignBody, laneFault, type Proposal, proposeBody, receiptBody } from './fold-settlement.ts';
import {
  type Epoch,
  electorsIn,
  emptyState,
  isCoordinator,
  type PeriodCut,
  type VillageState,
  ZERO_HASH,
} from './state.ts';

/** The state at the cut of a close and all that is needed to fold on from it without any record before. */
export interface Checkpoint {
  /** A pure function of the records that the cut holds: the close itself and its signatures come after it. */
  readonly state: VillageState;
  /** Digest of the close whose cut this is; zero before the first. */
  readonly settled: string;
  readonly chains: Chains;
  readonly epochs: readonly Epoch[];
}

export const genesis = (village: string): Checkpoint => ({
  state: emptyState(village),
  settled: ZERO_HASH,
  chains: noChains(),
  epochs: [],
});

export type AtCut =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly added: readonly string[] }
  /** `missing`: so many records that it names are not here. */
  | { readonly ok: false; readonly missing: number; readonly fault?: string };

/** What is known beside a checkpoint. */
export interface Pool {
  readonly byId: ReadonlyMap<string, KnownRecord>;
  readonly closes: CloseRecords;
  readonly recover: RecoverSigner;
}

export type FoldOver = (from: Checkpoint, records: readonly KnownRecord[], pool: Pool) => VillageState;

/** Proposals, signatures and receipts among some records. */
export interface CloseRecords {
  readonly proposals: ReadonlyMap<string, Proposal>;
  /** All records that name a digest, by id. */
  of(digest: string): ReadonlyMap<string, KnownRecord>;
}

const NONE: ReadonlyMap<string, KnownRecord> = new Map();

/** A digest is of one batch of one village, so a record is checked once. */
const checked = new WeakMap<KnownRecord, Proposal | 'forged'>();

function isOfBatch(village: string, proposal: Proposal, founding: Founding): boolean {
  try {
    const zone = { offsetMin: founding.zoneOffsetMin };
    return batchOf({ village, zone, ...proposal }, ledgerIn(founding)).digest === proposal.digest;
  } catch {
    return false;
  }
}

function proposalIn(record: KnownRecord, founding: Founding): Proposal | undefined {
  let found = checked.get(record);
  if (found === undefined) {
    const body = proposeBody.safeParse(record.body);
    found = body.success && isOfBatch(record.village, body.data, founding) ? body.data : 'forged';
    checked.set(record, found);
  }
  return found === 'forged' ? undefined : found;
}

/** The founding document among the records: the village's id is its hash, so there is one. */
export function foundingIn(records: Iterable<KnownRecord>): Founding | null {
  for (const r of records) {
    if (r.kind !== 'village.found') continue;
    const body = foundBody.safeParse(r.body);
    if (body.success && villageIdOf(body.data.founding) === r.village) return body.data.founding;
  }
  return null;
}

export function closeRecordsOf(records: readonly KnownRecord[], founding: Founding | null): CloseRecords {
  const proposals = new Map<string, Proposal>();
  const byDigest = new Map<string, Map<string, KnownRecord>>();
  for (const r of records) {
    if (r.book !== 'settlement' || !r.kind.startsWith('close.')) continue;
    const digest = digestIn(r.body);
    if (digest === undefined) continue;
    const list = byDigest.get(digest);
    if (list) list.set(r.id, r);
    else byDigest.set(digest, new Map([[r.id, r]]));
    const proposal = r.kind === 'close.propose' && founding ? proposalIn(r, founding) : undefined;
    if (proposal) proposals.set(digest, proposal);
  }
  return { proposals, of: (digest) => byDigest.get(digest) ?? NONE };
}

function digestIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('digest' in body)) return undefined;
  return typeof body.digest === 'string' ? body.digest : undefined;
}

/** States at cuts never change: kept as long as the checkpoint that they were folded from. */
const known = new WeakMap<Checkpoint, Map<string, AtCut>>();

/**
 * The checkpoint at the cut of a close, of whatever closes it follows. Made of the records that these cuts name and of
 * nothing else, so every peer that has them comes to the same.
 */
export function cutState(from: Checkpoint, pool: Pool, digest: string, fold: FoldOver): AtCut {
  const kept = known.get(from) ?? new Map<string, AtCut>();
  known.set(from, kept);
  const found = kept.get(digest);
  if (found) return found;
  const proposal = pool.closes.proposals.get(digest);
  if (!proposal) return { ok: false, missing: 0, fault: 'no such close' };
  const at = cutOn(from, pool, proposal, fold);
  if (!at.ok) return at;
  const { base, state, records } = at;
  const fault = faultOf(state, proposal);
  if (fault !== undefined) return { ok: false, missing: 0, fault };
  const hash = epochHash(state, digest, records);
  const checkpoint = {
    state,
    settled: digest,
    chains: extend(base.chains, records),
    epochs: [...base.epochs, { close: digest, month: proposal.month, hash, records: records.length }],
  };
  const result = { ok: true as const, checkpoint, added: [...at.before, ...records.map((r) => r.id)] };
  kept.set(digest, result);
  return result;
}

export type OnCut =
  | {
      readonly ok: true;
      readonly base: Checkpoint;
      readonly state: VillageState;
      readonly records: readonly KnownRecord[];
      /** Ids that cuts between the checkpoint and this one added. */
      readonly before: readonly string[];
    }
  | { readonly ok: false; readonly missing: number; readonly fault?: string };

/** The state of a cut that follows a close, whether or not anybody has proposed it yet. */
export function cutOn(
  from: Checkpoint,
  pool: Pool,
  { prev, cut }: { readonly prev: string; readonly cut: Pick<PeriodCut, 'records'> },
  fold: FoldOver,
): OnCut {
  const before = prev === from.settled ? undefined : cutState(from, pool, prev, fold);
  if (before && !before.ok) return before.missing > 0 ? before : { ...before, fault: 'its close follows another head' };
  const base = before?.checkpoint ?? from;
  const followed = followCut(base.chains, cut.records, (id) => pool.byId.get(id));
  if (!followed.ok) return followed;
  const { records } = followed;
  const byId = new Map(records.map((r) => [r.id, r]));
  const founding = base.state.founding ?? foundingIn(records);
  const state = fold(base, records, { byId, closes: closeRecordsOf(records, founding), recover: pool.recover });
  if (state.head !== prev) return { ok: false, missing: 0, fault: 'its cut does not hold the close it follows' };
  return { ok: true, base, state: { ...state, epochs: base.epochs }, records, before: before?.added ?? [] };
}

function faultOf(state: VillageState, proposal: Proposal): string | undefined {
  if (!state.founding) return 'its cut does not hold the founding of the village';
  if (proposal.month <= (state.closes.get(state.head)?.month ?? '')) return 'this month or a later one is closed';
  return laneFault(state.members, state.lanes, proposal.lanes);
}

/** A record as it is hashed: with whether it counts. */
export const verdictOf = (state: VillageState, id: string): string => (state.onHold.has(id) ? `${id}-` : id);

const epochHash = (state: VillageState, close: string, records: readonly KnownRecord[]): string =>
  toHex(sha256(encode({ v: 1, close, records: records.map((r) => verdictOf(state, r.id)).sort() })));

/**
 * The checkpoint after this one: of the close on its head that has the signatures of its electors and a final receipt.
 * What proves it was signed by members' keys and by the device that owns the chain, so no later record takes it back.
 */
export function nextCheckpoint(
  from: Checkpoint,
  pool: Pool,
  fold: FoldOver,
): (AtCut & { readonly ok: true }) | undefined {
  const receipts = [...pool.closes.proposals.values()]
    .filter((p) => p.prev === from.settled)
    .flatMap((p) => [...pool.closes.of(p.digest).values()].flatMap((r) => finalReceipt(r, p.digest)))
    .sort((a, b) => a.block - b.block || (a.digest < b.digest ? -1 : 1));
  for (const { digest, device } of receipts) {
    const at = cutState(from, pool, digest, fold);
    if (!at.ok) continue;
    const { state } = at.checkpoint;
    const owner = state.founding?.chain.device;
    if ((owner && owner !== device) || !isProposed(state, pool, digest)) continue;
    if (countSigners(state, pool, digest) >= state.coordinators.threshold) return at;
  }
  return undefined;
}

/** Closes with a final receipt that this checkpoint does not hold, the newest month first. */
export const closesAhead = (from: Checkpoint, closes: CloseRecords): Proposal[] =>
  [...closes.proposals.values()]
    .filter(({ digest }) => !from.epochs.some((e) => e.close === digest) && isFinal(closes, digest))
    .sort((a, b) => (a.month > b.month ? -1 : 1));

const isFinal = (closes: CloseRecords, digest: string): boolean =>
  [...closes.of(digest).values()].some((r) => finalReceipt(r, digest).length > 0);

/**
 * How many records that anchored closes on this checkpoint name are not here: the most of one of them. Where nobody has
 * them any more, only a later checkpoint leads on.
 */
export function missingAfter(from: Checkpoint, pool: Pool, fold: FoldOver): number {
  let missing = 0;
  for (const { digest, prev } of closesAhead(from, pool.closes)) {
    if (prev !== from.settled) continue;
    const at = cutState(from, pool, digest, fold);
    if (!at.ok) missing = Math.max(missing, at.missing);
  }
  return missing;
}

function finalReceipt(record: KnownRecord, digest: string) {
  const body = record.kind === 'close.receipt' ? receiptBody.safeParse(record.body) : undefined;
  return body?.data?.final ? [{ digest, device: record.device, block: body.data.block }] : [];
}

const isProposed = (state: VillageState, pool: Pool, digest: string): boolean =>
  [...pool.closes.of(digest).values()].some(
    (r) => r.kind === 'close.propose' && isCoordinator(state, state.devices.get(r.device)?.member ?? ''),
  );

function countSigners(state: VillageState, pool: Pool, digest: string): number {
  const { keys } = electorsIn(state);
  const signers = new Set<string>();
  for (const r of pool.closes.of(digest).values()) {
    const body = r.kind === 'close.sign' ? closeSignBody.safeParse(r.body) : undefined;
    if (!body?.success) continue;
    const { signer, sig } = body.data;
    const key = keys.get(signer);
    if (key !== undefined && pool.recover(digest, sig) === key) signers.add(signer);
  }
  return signers.size;
}
