import { type Cut, isInside, orderRecords } from '../books/order.ts';
import type { Hlc, KnownRecord } from '../books/record.ts';
import { encode, equalBytes, sha256, toHex } from '../bytes.ts';
import { type RecoverSigner, recoverSigner } from '../membership/typed-data.ts';
import type { LedgerDomain } from '../settlement/batch.ts';
import { DAY_MS } from '../time.ts';
import { agreementRules } from './fold-agreements.ts';
import { assetRules } from './fold-assets.ts';
import { dataGrantRules } from './fold-data-grants.ts';
import { memberRules, shareRules } from './fold-members.ts';
import { networkRules } from './fold-network.ts';
import { operationRules } from './fold-operations.ts';
import { agreedChain, settlementRules } from './fold-settlement.ts';
import { type Apply, type Device, emptyState, type FoldContext, type VillageState } from './state.ts';

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
}

const NO_LEDGER: LedgerDomain = { chainId: 1, ledger: `0x${'0'.repeat(40)}` };
const before = (a: Hlc, b: Hlc): boolean => a.ms < b.ms || (a.ms === b.ms && a.n < b.n);

/** What one pass over the records finds and the next pass needs: it decides about records that come before it. */
interface Findings {
  /** Closes with enough signatures and a receipt by the head they follow, whether or not another came first. */
  readonly anchored: ReadonlyMap<string, string>;
  /** Records of each anchored close, first to last. */
  readonly cuts: readonly Cut[];
  readonly revoked: ReadonlyMap<string, NonNullable<Device['revoked']>>;
}
const MAX_PASSES = 16;

/**
 * The state of a village: a pure function of the set of records (any order, any duplicates), the same on every peer.
 * What does not count is kept in `onHold` with the reason. Source: docs/architecture.md, formats 3 to 5.
 */
export function foldVillage(village: string, records: readonly KnownRecord[], options: FoldOptions): VillageState {
  const due = records.filter((r) => r.village === village && r.at.ms <= options.nowMs + DAY_MS);
  const unique = [...new Map(due.map((r) => [r.id, r])).values()];
  let findings: Findings = { anchored: new Map(), cuts: [], revoked: new Map() };
  const tried: Findings[] = [];
  for (;;) {
    const state = foldOnce(village, unique, findings, options);
    const next = findingsOf(state);
    if (same(findings, next)) return state;
    tried.push(findings);
    if (tried.length >= MAX_PASSES || tried.some((t) => same(t, next)))
      return foldContested(village, unique, [findings, next], options);
    findings = next;
  }
}

function findingsOf(state: VillageState): Findings {
  const closes = [...state.closes.values()];
  const settled = agreedChain(closes).filter((c) => c.receipt !== null);
  const revoked = [...state.devices.values()].flatMap((d) => (d.revoked ? [[d.id, d.revoked] as const] : []));
  return {
    anchored: new Map(closes.filter((c) => c.receipt !== null).map((c) => [c.prev, c.digest])),
    cuts: settled.map((c) => c.cut.records),
    revoked: new Map(revoked),
  };
}

const plain = (f: Findings) => [
  [...f.anchored].sort(([a], [b]) => (a < b ? -1 : 1)),
  f.cuts,
  [...f.revoked].sort(([a], [b]) => (a < b ? -1 : 1)),
];
const same = (a: Findings, b: Findings): boolean => equalBytes(encode(plain(a)), encode(plain(b)));

/**
 * Devices that revoke each other make each pass undo the one before. Every contested revocation then stands: a thief
 * cannot keep a stolen device alive by revoking back, and its member grants another device with the member key.
 */
function foldContested(
  village: string,
  records: readonly KnownRecord[],
  [a, b]: readonly [Findings, Findings],
  options: FoldOptions,
): VillageState {
  const revoked = new Map([...a.revoked, ...b.revoked]);
  const cuts = a.cuts.length > b.cuts.length ? a.cuts : b.cuts;
  const anchored = new Map([...a.anchored, ...b.anchored]);
  const state = foldOnce(village, records, { anchored, cuts, revoked }, options);
  for (const [id, revocation] of revoked) {
    const device = state.devices.get(id);
    if (device && !device.revoked) state.devices.set(id, { ...device, revoked: revocation });
  }
  return state;
}

function foldOnce(
  village: string,
  records: readonly KnownRecord[],
  findings: Findings,
  options: FoldOptions,
): VillageState {
  const state = emptyState(village);
  const recover = options.recover ?? recoverSigner;
  const frozen = findEquivocation(records, state);
  for (const record of orderRecords(records, findings.cuts)) {
    const apply = ruleOf(record);
    if (!apply) {
      state.unknown.add(record.id);
      continue;
    }
    const author = state.devices.get(record.device)?.member ?? '';
    const reason =
      barred(state, record, frozen.get(record.device), findings) ??
      applyRule(apply, { state, record, author, recover, ledger: ledgerOf(state), anchored: findings.anchored });
    if (reason !== undefined) state.onHold.set(record.id, reason);
  }
  for (const [id, { from }] of frozen) {
    const device = state.devices.get(id);
    if (device) state.devices.set(id, { ...device, frozenFrom: from });
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

/** From where on a device counts no more, and the records that share a number. */
interface Freeze {
  readonly from: Hlc;
  readonly twins: ReadonlySet<string>;
}

function barred(
  state: VillageState,
  record: KnownRecord,
  freeze: Freeze | undefined,
  { cuts, revoked }: Findings,
): string | undefined {
  if (SELF_MADE.has(record.kind)) return undefined;
  const signed = SIGNATURES.has(record.kind);
  const late = freeze !== undefined && !before(record.at, freeze.from) && !isInside(cuts, record);
  if (!signed && (late || freeze?.twins.has(record.id)))
    return 'the device is frozen: it wrote two records with one number';
  const last = revoked.get(record.device)?.last;
  if (last && record.seq > (last[record.book] ?? -1)) return 'the device was revoked before this';
  if (!state.devices.has(record.device)) return 'the device was not granted yet';
  return undefined;
}

const ledgerOf = (state: VillageState): LedgerDomain =>
  state.founding ? { chainId: state.founding.chain.chainId, ledger: state.founding.chain.ledger } : NO_LEDGER;

/**
 * Two records of one device with the same book and seq: both shown, the device frozen from the earlier of their clocks.
 * What an anchored cut holds stays, or a stolen device could undo closed months with a back-dated twin.
 */
function findEquivocation(records: readonly KnownRecord[], state: VillageState): Map<string, Freeze> {
  const seen = new Map<string, KnownRecord>();
  const frozen = new Map<string, { from: Hlc; readonly twins: Set<string> }>();
  for (const r of [...records].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const key = `${r.device}|${r.book}|${r.seq}`;
    const twin = seen.get(key);
    if (!twin) {
      seen.set(key, r);
      continue;
    }
    state.conflicts.push({ id: r.id, kind: 'equivocation', counts: twin.id, onHold: r.id, text: `${r.book} ${r.seq}` });
    const freeze = frozen.get(r.device) ?? { from: r.at, twins: new Set() };
    for (const one of [twin, r]) {
      freeze.twins.add(one.id);
      if (before(one.at, freeze.from)) freeze.from = one.at;
    }
    frozen.set(r.device, freeze);
  }
  return frozen;
}

/**
 * Equal on every peer with the same books, whoever can read what: accepted records with whether they count, announced
 * segments, checkpoints. 64 hex.
 */
export function stateHash(state: VillageState, records: Iterable<{ readonly id: string }>): string {
  const ids = new Set([...records].map((r) => (state.onHold.has(r.id) ? `${r.id}-` : r.id)));
  return toHex(
    sha256(encode({ v: 1, records: [...ids].sort(), segments: [...state.segments.keys()].sort(), checkpoints: [] })),
  );
}
