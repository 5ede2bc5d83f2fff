import { holds } from '../books/chains.ts';
import { orderRecords } from '../books/order.ts';
import type { KnownRecord } from '../books/record.ts';
import { encode, equalBytes, sha256, toHex } from '../bytes.ts';
import { type RecoverSigner, recoverSigner } from '../membership/typed-data.ts';
import { ledgerIn } from '../settlement/batch.ts';
import { DAY_MS } from '../time.ts';
import {
  type AtCut,
  type Checkpoint,
  closeRecordsOf,
  cutOn,
  cutState,
  foundingIn,
  genesis,
  missingAfter,
  nextCheckpoint,
  type OnCut,
  type Pool,
  verdictOf,
} from './epochs.ts';
import { agreementRules } from './fold-agreements.ts';
import { assetRules } from './fold-assets.ts';
import { dataGrantRules } from './fold-data-grants.ts';
import { type Freeze, findEquivocation } from './fold-equivocation.ts';
import { lowerOf, memberRules, shareRules } from './fold-members.ts';
import { networkRules } from './fold-network.ts';
import { operationRules } from './fold-operations.ts';
import { type Proposal, settlementRules } from './fold-settlement.ts';
import {
  type Apply,
  copyState,
  type Device,
  electorsIn,
  type FoldContext,
  type PeriodCut,
  type VillageState,
  ZERO_HASH,
} from './state.ts';

const rules: Readonly<Record<string, Readonly<Record<string, Apply>>>> = {
  members: { ...memberRules, ...dataGrantRules, ...networkRules },
  assets: assetRules,
  agreements: agreementRules,
  segments: { ...operationRules, ...shareRules },
  operations: operationRules,
  settlement: settlementRules,
};
function ruleOf(record: KnownRecord): Apply | undefined {
  const ofBook = rules[record.book.replace(/-\d{4}-\d{2}$/, '')];
  return ofBook && Object.hasOwn(ofBook, record.kind) ? ofBook[record.kind] : undefined;
}

export interface FoldOptions {
  /** Records with a clock more than a day ahead of this wait. */
  readonly nowMs: number;
  readonly recover?: RecoverSigner;
  /** Begins here instead of with the first record; records that it holds are passed over. */
  readonly from?: Checkpoint;
}

export interface Folded {
  readonly state: VillageState;
  /** The last anchored cut that is whole: a later fold may begin here. */
  readonly checkpoint: Checkpoint;
  /** The checkpoint before it, if this fold went on from one to the other. */
  readonly before: Checkpoint | undefined;
}

/** What one pass over the records finds and the next pass needs: it decides about records that come before it. */
interface Findings {
  /** Closes with enough signatures and a receipt by the head they follow, whether or not another came first. */
  readonly anchored: ReadonlyMap<string, string>;
  readonly revoked: ReadonlyMap<string, NonNullable<Device['revoked']>>;
}
const MAX_PASSES = 16;

/**
 * The state of a village: a pure function of the set of records (any order, any duplicates), the same on every peer.
 * What does not count is kept in `onHold` with the reason. Source: docs/architecture.md, formats 3 to 5.
 */
export const foldVillage = (village: string, records: readonly KnownRecord[], options: FoldOptions): VillageState =>
  foldRecords(village, records, options).state;

/**
 * As {@link foldVillage}, epoch by epoch: what an anchored cut holds is folded from the cut before it and from nothing
 * else, so nothing learnt later undoes it, and a fold that begins at a checkpoint ends in the same state.
 */
export function foldRecords(village: string, records: readonly KnownRecord[], options: FoldOptions): Folded {
  const recover = options.recover ?? recoverSigner;
  let checkpoint = options.from ?? genesis(village);
  let before: Checkpoint | undefined;
  const ours = new Map<string, KnownRecord>();
  for (const r of records) if (r.village === village && !holds(checkpoint.chains, r)) ours.set(r.id, r);
  const dueMs = options.nowMs + DAY_MS;
  const founding = checkpoint.state.founding ?? foundingIn(ours.values());
  for (;;) {
    const due = [...ours.values()].filter((r) => r.at.ms <= dueMs);
    const pool: Pool = { byId: ours, closes: closeRecordsOf(due, founding), recover };
    const next = nextCheckpoint(checkpoint, pool, foldOver);
    if (!next) {
      const state = foldOver(checkpoint, due, pool);
      return { state: { ...state, epochs: checkpoint.epochs, outside: new Set(ours.keys()) }, checkpoint, before };
    }
    for (const id of next.added) ours.delete(id);
    before = checkpoint;
    checkpoint = next.checkpoint;
  }
}

/**
 * The state as a cut saw it, made of exactly the records that this cut and those before it name. `records` need hold
 * only what lies outside the checkpoint.
 */
export const foldAtCut = (
  from: Checkpoint,
  records: readonly KnownRecord[],
  cut: { readonly prev: string; readonly cut: Pick<PeriodCut, 'records'> },
  recover: RecoverSigner = recoverSigner,
): OnCut => cutOn(from, poolOf(from, records, recover), cut, foldOver);

/** The checkpoint at the cut of a close that is known to be settled, of `records` that lie outside the one it follows. */
export function foldSettled(
  from: Checkpoint,
  records: readonly KnownRecord[],
  close: Proposal,
  recover: RecoverSigner = recoverSigner,
): AtCut {
  const pool = poolOf(from, records, recover);
  const proposals = new Map([...pool.closes.proposals, [close.digest, close]]);
  return cutState(from, { ...pool, closes: { ...pool.closes, proposals } }, close.digest, foldOver);
}

/** What leads on from a checkpoint: the next one, or how many records are missing for it. */
export function goOn(
  from: Checkpoint,
  records: readonly KnownRecord[],
  recover: RecoverSigner = recoverSigner,
): { readonly next: Checkpoint | undefined; readonly missing: number } {
  const pool = poolOf(from, records, recover);
  const next = nextCheckpoint(from, pool, foldOver)?.checkpoint;
  return { next, missing: next ? 0 : missingAfter(from, pool, foldOver) };
}

const poolOf = (from: Checkpoint, records: readonly KnownRecord[], recover: RecoverSigner): Pool => ({
  byId: new Map(records.map((r) => [r.id, r])),
  closes: closeRecordsOf(records, from.state.founding ?? foundingIn(records)),
  recover,
});

/** The state that these records make from a checkpoint on. */
function foldOver(from: Checkpoint, records: readonly KnownRecord[], pool: Pool): VillageState {
  let findings = findingsOf(from.state);
  if (from.settled !== ZERO_HASH)
    findings = { ...findings, anchored: new Map([...findings.anchored, [from.state.head, from.settled]]) };
  const tried: Findings[] = [];
  for (;;) {
    const state = foldOnce(from, records, findings, pool);
    const next = findingsOf(state);
    if (same(findings, next)) return state;
    tried.push(findings);
    if (tried.length >= MAX_PASSES || tried.some((t) => same(t, next)))
      return foldContested(from, records, [findings, next], pool);
    findings = next;
  }
}

function findingsOf(state: VillageState): Findings {
  const settled = [...state.closes.values()].filter((c) => c.receipt !== null);
  const revoked = [...state.devices.values()].flatMap((d) => (d.revoked ? [[d.id, d.revoked] as const] : []));
  return { anchored: new Map(settled.map((c) => [c.prev, c.digest])), revoked: new Map(revoked) };
}

const plain = (f: Findings) => [f.anchored, f.revoked].map((m) => [...m].sort(([a], [b]) => (a < b ? -1 : 1)));
const same = (a: Findings, b: Findings): boolean => equalBytes(encode(plain(a)), encode(plain(b)));

/**
 * Devices that revoke each other make each pass undo the one before. Every contested revocation then stands: a thief
 * cannot keep a stolen device alive by revoking back, and its member grants another device with the member key.
 */
function foldContested(
  from: Checkpoint,
  records: readonly KnownRecord[],
  [a, b]: readonly [Findings, Findings],
  pool: Pool,
): VillageState {
  const revoked = new Map(a.revoked);
  for (const [id, other] of b.revoked) {
    const one = revoked.get(id);
    revoked.set(id, one ? { ...other, last: lowerOf(one.last, other.last) } : other);
  }
  const anchored = new Map([...a.anchored, ...b.anchored]);
  const state = foldOnce(from, records, { anchored, revoked }, pool);
  for (const [id, revocation] of revoked) {
    const device = state.devices.get(id);
    if (device) state.devices.set(id, { ...device, revoked: revocation });
  }
  return state;
}

/** The records of the close whose cut this is: they come first, and no revocation or freeze undoes what is anchored. */
const closeAt = (from: Checkpoint, pool: Pool): ReadonlyMap<string, KnownRecord> =>
  from.settled === ZERO_HASH ? new Map() : pool.closes.of(from.settled);

function foldOnce(from: Checkpoint, records: readonly KnownRecord[], findings: Findings, pool: Pool): VillageState {
  const state = copyState(from.state);
  const { conflicts, frozen } = findEquivocation(records, from.chains, findings.revoked);
  state.conflicts.push(...conflicts);
  const electorsOf = (digest: string) => {
    if (digest === from.settled && digest !== ZERO_HASH) return electorsIn(from.state);
    const at = cutState(from, pool, digest, foldOver);
    if (at.ok) return electorsIn(at.checkpoint.state);
    return at.missing > 0 ? 'not all that this close counts is here' : (at.fault ?? 'no such close');
  };
  const settling = closeAt(from, pool);
  const first = records.filter((r) => settling.has(r.id));
  const rest = first.length > 0 ? records.filter((r) => !settling.has(r.id)) : records;
  for (const record of [...orderRecords(first), ...orderRecords(rest)]) {
    const apply = ruleOf(record);
    if (!apply) {
      state.unknown.set(record.id, true);
      continue;
    }
    const author = state.devices.get(record.device)?.member ?? '';
    const { recover } = pool;
    const reason =
      (settling.has(record.id) ? undefined : barred(state, record, frozen.get(record.device), findings)) ??
      applyRule(apply, {
        state,
        record,
        author,
        recover,
        ledger: ledgerIn(state.founding),
        anchored: findings.anchored,
        electorsOf,
      });
    if (reason !== undefined) state.onHold.set(record.id, reason);
  }
  for (const [id, freeze] of frozen) {
    const device = state.devices.get(id);
    if (device) state.devices.set(id, { ...device, frozenFrom: freeze.from });
  }
  return state;
}

/** One record that a rule cannot digest must never take the village down: the books keep it for good. */
function applyRule(apply: Apply, context: FoldContext): string | undefined {
  try {
    return apply(context);
  } catch {
    return 'unreadable record';
  }
}

/** These carry the proof of a member's key, so what became of the device that wrote them does not matter. */
const SELF_MADE = new Set(['village.found', 'member.join', 'device.grant']);

/** The signature of a member's key counts whichever device carried it, so freezing one takes no signature away. */
const SIGNATURES = new Set(['agreement.sign', 'close.sign']);

export const FROZEN = 'the device is frozen: it wrote two records with one number';

function barred(
  state: VillageState,
  record: KnownRecord,
  freeze: Freeze | undefined,
  { revoked }: Findings,
): string | undefined {
  if (SELF_MADE.has(record.kind)) return undefined;
  if (freeze && !SIGNATURES.has(record.kind) && !freeze.counts(record)) return FROZEN;
  const last = revoked.get(record.device)?.last;
  if (last && record.seq > (last[record.book] ?? -1)) return 'the device was revoked before this';
  if (!state.devices.has(record.device)) return 'the device was not granted yet';
  return undefined;
}

/**
 * Equal on every peer with the same books, whoever can read what: the epochs of the anchored closes, then what lies
 * outside their cuts with whether it counts (a segment is in if its announcement counts). 64 hex.
 */
export function stateHash(state: VillageState): string {
  const records = [...state.outside].map((id) => verdictOf(state, id)).sort();
  return toHex(sha256(encode({ v: 2, epochs: state.epochs.map((e) => e.hash), records })));
}
