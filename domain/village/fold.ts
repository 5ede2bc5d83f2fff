import { type Cut, orderRecords } from '../books/order.ts';
import type { Hlc, KnownRecord } from '../books/record.ts';
import { encode, equalBytes, sha256, toHex } from '../bytes.ts';
import { type RecoverSigner, recoverSigner } from '../membership/typed-data.ts';
import type { LedgerDomain } from '../settlement/batch.ts';
import { DAY_MS } from '../time.ts';
import { agreementRules } from './fold-agreements.ts';
import { assetRules } from './fold-assets.ts';
import { memberRules } from './fold-members.ts';
import { operationRules } from './fold-operations.ts';
import { agreedChain, settlementRules } from './fold-settlement.ts';
import { type Apply, emptyState, type VillageState } from './state.ts';

const rules: Readonly<Record<string, Readonly<Record<string, Apply>>>> = {
  members: memberRules,
  assets: assetRules,
  agreements: agreementRules,
  segments: operationRules,
  operations: operationRules,
  settlement: settlementRules,
};
const ruleOf = (r: KnownRecord): Apply | undefined => rules[r.book.replace(/-\d{4}-\d{2}$/, '')]?.[r.kind];

export interface FoldOptions {
  /** Records with a clock more than a day ahead of this wait. */
  readonly nowMs: number;
  readonly recover?: RecoverSigner;
}

const NO_LEDGER: LedgerDomain = { chainId: 1, ledger: `0x${'0'.repeat(40)}` };
const before = (a: Hlc, b: Hlc): boolean => a.ms < b.ms || (a.ms === b.ms && a.n < b.n);

/** Last counting seq per book of each revoked device. */
type Revocations = ReadonlyMap<string, Readonly<Record<string, number>>>;

/**
 * The state of a village: a pure function of the set of records (any order, any duplicates), the same on every peer.
 * What does not count is kept in `onHold` with the reason. Source: docs/architecture.md, formats 3 to 5.
 */
export function foldVillage(village: string, records: readonly KnownRecord[], options: FoldOptions): VillageState {
  const due = records.filter((r) => r.village === village && r.at.ms <= options.nowMs + DAY_MS);
  const unique = [...new Map(due.map((r) => [r.id, r])).values()];
  let [cuts, revoked]: [readonly Cut[], Revocations] = [[], new Map()];
  // A cut or a revocation found by one pass orders and limits the next, until nothing changes; each pass can only take
  // away what an earlier one allowed, and eight are more than any honest history needs.
  for (let pass = 0; ; pass++) {
    const state = foldOnce(village, unique, cuts, revoked, options);
    const nextCuts = agreedChain(state.closes.values())
      .filter((c) => c.receipt !== null)
      .map((c) => c.cut.records);
    const nextRevoked = new Map(
      [...state.devices.values()].flatMap((d) => (d.revoked ? [[d.id, d.revoked.last] as const] : [])),
    );
    if (pass >= 8 || (same(cuts, nextCuts) && same([...revoked], [...nextRevoked]))) return state;
    [cuts, revoked] = [nextCuts, nextRevoked];
  }
}

const same = (a: unknown, b: unknown): boolean => equalBytes(encode(a), encode(b));

function foldOnce(
  village: string,
  records: readonly KnownRecord[],
  cuts: readonly Cut[],
  revoked: Revocations,
  options: FoldOptions,
): VillageState {
  const state = emptyState(village);
  const recover = options.recover ?? recoverSigner;
  const frozen = findEquivocation(records, state);
  for (const record of orderRecords(records, cuts)) {
    const apply = ruleOf(record);
    if (!apply) {
      state.unknown.add(record.id);
      continue;
    }
    const reason =
      barred(state, record, frozen.get(record.device), revoked.get(record.device)) ??
      apply({
        state,
        record,
        author: state.devices.get(record.device)?.member ?? '',
        recover,
        ledger: ledgerOf(state),
      });
    if (reason !== undefined) state.onHold.set(record.id, reason);
  }
  for (const [id, at] of frozen) {
    const device = state.devices.get(id);
    if (device) state.devices.set(id, { ...device, frozenFrom: at });
  }
  return state;
}

const SELF_MADE = new Set(['village.found', 'member.join', 'device.grant']);

function barred(
  state: VillageState,
  record: KnownRecord,
  frozen: Hlc | undefined,
  last: Readonly<Record<string, number>> | undefined,
): string | undefined {
  if (frozen && !before(record.at, frozen)) return 'the device is frozen: it wrote two records with one number';
  if (last && record.seq > (last[record.book] ?? -1)) return 'the device was revoked before this';
  if (!state.devices.has(record.device) && !SELF_MADE.has(record.kind)) return 'the device was not granted yet';
  return undefined;
}

const ledgerOf = (state: VillageState): LedgerDomain =>
  state.founding ? { chainId: state.founding.chain.chainId, ledger: state.founding.chain.ledger } : NO_LEDGER;

/** Two records of one device with the same book and seq: both shown, the device frozen from the earlier of their clocks. */
function findEquivocation(records: readonly KnownRecord[], state: VillageState): Map<string, Hlc> {
  const seen = new Map<string, KnownRecord>();
  const frozen = new Map<string, Hlc>();
  for (const r of [...records].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const key = `${r.device}|${r.book}|${r.seq}`;
    const twin = seen.get(key);
    if (!twin) {
      seen.set(key, r);
      continue;
    }
    state.conflicts.push({ id: r.id, kind: 'equivocation', counts: twin.id, onHold: r.id, text: `${r.book} ${r.seq}` });
    for (const at of [twin.at, r.at]) {
      const known = frozen.get(r.device);
      if (!known || before(at, known)) frozen.set(r.device, at);
    }
  }
  return frozen;
}

/**
 * Equal on every peer with the same books, whoever can read what: accepted records with whether they count, announced
 * segments, checkpoints. 64 hex.
 */
export function stateHash(state: VillageState, records: Iterable<{ readonly id: string }>): string {
  const ids = [...records].map((r) => (state.onHold.has(r.id) ? `${r.id}-` : r.id)).sort();
  return toHex(sha256(encode({ v: 1, records: ids, segments: [...state.segments.keys()].sort(), checkpoints: [] })));
}
