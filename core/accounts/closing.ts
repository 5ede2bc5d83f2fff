import { AppError } from '#core/ports/errors.ts';
import { step } from '#core/ports/steps.ts';
import type { Unread } from '#core/storage/segment-tables.ts';
import type { Village } from '#core/village/open-village.ts';
import type { Cut } from '#domain/books/chains.ts';
import { accountsOf, type MonthAccounts, monthsIn } from '#domain/settlement/accounts.ts';
import { rootOfStatements } from '#domain/settlement/statements.ts';
import { type Month, monthIndex, monthSpan, type Zone } from '#domain/time.ts';
import { agreedChain, batchOf } from '#domain/village/fold-settlement.ts';
import {
  type Close,
  isCoordinator,
  lanesOf,
  type PeriodCut,
  type SegmentRef,
  type VillageState,
  ZERO_HASH,
} from '#domain/village/state.ts';

export const zoneOf = (state: VillageState): Zone => ({ offsetMin: state.founding?.zoneOffsetMin ?? 0 });

/** Accounts of a month as they would be now. */
export function previewAccounts(village: Village, month: Month): Promise<MonthAccounts> {
  return computeAccounts(village, village.state(), month);
}

async function computeAccounts(village: Village, state: VillageState, month: Month): Promise<MonthAccounts> {
  return accountsOf(state, await village.readings.energyIn(monthsIn(state, month), state), month);
}

export type CutAccounts =
  | {
      readonly ok: true;
      readonly state: VillageState;
      readonly accounts: MonthAccounts;
      readonly root: string;
      /** As {@link AtCut.checkpoint}. */
      readonly checkpoint: string | null;
    }
  /** Of what the cut names, some is not here yet, or not shared with this device; neither: the cut is of no use. */
  | { readonly ok: false; readonly missing: number; readonly locked: number };

/** Recomputes a close from its cut. Nothing but the cut and those before it decides the result. */
export async function accountsAt(village: Village, month: Month, prev: string, cut: Cut): Promise<CutAccounts> {
  const at = await village.atCut(prev, cut);
  if (!at.ok) return { ok: false, missing: at.missing, locked: 0 };
  const { state, checkpoint } = at;
  // A frame that is not shared with this device may hold anything: nobody can come to the same sum without it.
  const { absent, locked } = unreadOf(village, state);
  if (absent + locked > 0) return { ok: false, missing: absent, locked };
  const accounts = await computeAccounts(village, state, month);
  const root = rootOfStatements(village.id, monthIndex(month), accounts.statements);
  return { ok: true, state, accounts, root, checkpoint };
}

/** Of all segments of a state: those that lie below it, in rows of this disk, in one sum. */
function unreadOf(village: Village, { segments }: VillageState): Unread {
  const settled = village.store.unreadSettled(village.checkpoint().epochs.length, segments.below.size);
  const rest = unreadIn(village, segments.laid().fresh.values());
  return { absent: settled.absent + rest.absent, locked: settled.locked + rest.locked };
}

export function unreadIn(village: Village, segments: Iterable<SegmentRef>): Unread {
  let [absent, locked] = [0, 0];
  for (const { cid } of segments) {
    const row = village.store.segment(cid);
    if (row) locked += row.locked;
    else absent += 1;
  }
  return { absent, locked };
}

/**
 * The close of each month that counts: the agreed one, else the proposal on the present head that this console comes to
 * itself, with most signatures.
 */
export async function closesOf(village: Village): Promise<(month: Month) => Close | undefined> {
  const state = village.state();
  const agreed = new Map(agreedChain(state.closes.values()).map((c) => [c.month, c]));
  const proposals = Map.groupBy(
    [...state.closes.values()].filter((c) => c.prev === state.head && !c.agreed),
    (c) => c.month,
  );
  const best = new Map<Month, Close>();
  for (const [month, rivals] of proposals) {
    let most = -1;
    for (const c of rivals) {
      const differs = rivals.length > 1 && (await verifyClose(village, c)).verdict === 'different';
      const rank = (differs ? 0 : 1000) + c.signatures.length;
      if (rank > most) best.set(month, c);
      most = Math.max(most, rank);
    }
  }
  return (month) => agreed.get(month) ?? best.get(month);
}

/** Names the cut, computes the statements and proposes the batch. Returns its digest. */
export async function proposeClose(village: Village, month: Month): Promise<string> {
  const state = village.state();
  const { to } = monthSpan(month, zoneOf(state));
  if (village.now() < to) {
    throw new AppError('PERIOD_NOT_OVER', `${month} is not over yet.`, { data: { month, endsMs: to } });
  }
  const chain = agreedChain(state.closes.values());
  if (chain.some((c) => c.month === month))
    throw new AppError('PERIOD_CLOSED', `${month} is closed already.`, { data: { month } });
  const last = chain.at(-1);
  if (last && last.month > month) {
    throw new AppError(
      'PERIOD_OUT_OF_ORDER',
      `${last.month} was closed before ${month}; late readings enter the next month as an adjustment.`,
      { data: { month } },
    );
  }
  const open = (await closesOf(village))(month);
  // A proposal this console cannot confirm does not stand in the way of a sound one.
  if (open && (await verifyClose(village, open)).verdict !== 'different') return open.digest;
  const records = village.nameCut();
  const result = await accountsAt(village, month, state.head, records);
  if (!result.ok && result.missing === 0) throw notReadable(month, result.locked);
  if (!result.ok) {
    throw new AppError(
      'CANNOT_VERIFY_CLOSE',
      `${result.missing} pieces of ${month} are announced and not here yet. Wait for the next sync.`,
      { retryable: true, data: { missing: result.missing } },
    );
  }
  const cut: PeriodCut = {
    records,
    checkpoint: result.checkpoint ?? ZERO_HASH,
    rules: 1,
  };
  const lanes = result.accounts.statements.map((s) => ({ member: s.member, index: s.index, net: s.net as bigint }));
  const body = { month, prev: state.head, root: result.root, cut, lanes };
  const { digest } = batchOf({ village: village.id, zone: zoneOf(state), ...body }, ledgerOf(state));
  await village.act([{ book: 'settlement', kind: 'close.propose', body: { ...body, digest } }]);
  step('close.proposed');
  return digest;
}

export const ledgerOf = (state: VillageState) => ({
  chainId: state.founding?.chain.chainId ?? 1,
  ledger: state.founding?.chain.ledger ?? '',
});

const notReadable = (month: Month, locked: number): AppError =>
  new AppError(
    'CLOSE_NOT_READABLE',
    `${locked} frames that ${month} counts are not shared with this device, so it cannot compute the accounts. Close and sign on a coordinator's console.`,
    { data: { month, count: locked } },
  );

/** 'not-readable': what the close counts is here, and not all of it is shared with this device. */
export type Verdict = 'same' | 'different' | 'not-yet' | 'not-readable';
export interface Verified {
  readonly verdict: Verdict;
  readonly accounts: MonthAccounts | undefined;
  /** Frames this device cannot read. */
  readonly locked: number;
  /** Whether it is the checkpoint it follows, and not the statements, in which this console differs. */
  readonly otherCheckpoint: boolean;
}
const verdicts = new WeakMap<Village, Map<string, Verified>>();

/** Whether this console comes to the same statements from the same cut. A cut never changes, so a 'same' is kept. */
export async function verifyClose(village: Village, close: Close): Promise<Verified> {
  const known = verdicts.get(village) ?? new Map<string, Verified>();
  verdicts.set(village, known);
  const kept = known.get(close.digest) ?? keptClose(village, close.digest);
  if (kept) {
    known.set(close.digest, kept);
    return kept;
  }
  const lockedInRows = lockedInSettled(village, close);
  const result: CutAccounts =
    lockedInRows > 0
      ? { ok: false, missing: 0, locked: lockedInRows }
      : await accountsAt(village, close.month, close.prev, close.cut.records);
  if (!result.ok) {
    const verdict = whyNot(village, close, result);
    return { verdict, accounts: undefined, locked: result.locked, otherCheckpoint: false };
  }
  const proposed = lanesOf(village.state(), close.digest).map((l) => `${l.member} ${l.index} ${l.net}`);
  const lanes = result.accounts.statements.map((s) => `${s.member} ${s.index} ${s.net}`);
  const isSame = result.root === close.root && lanes.join() === proposed.join();
  const otherCheckpoint = isSame && result.checkpoint !== null && result.checkpoint !== close.cut.checkpoint;
  const same = isSame && !otherCheckpoint;
  const entry: Verified = {
    verdict: same ? 'same' : 'different',
    accounts: result.accounts,
    locked: 0,
    otherCheckpoint,
  };
  known.set(close.digest, entry);
  if (same) village.readings.keepClose(close.digest, result.accounts);
  return entry;
}

/** Frames that a settled close counts and this device cannot read, as far as rows tell: an old close is folded from the first record on. */
function lockedInSettled(village: Village, { digest }: Close): number {
  const epoch = village.state().epochs.findIndex((e) => e.close === digest);
  return epoch < 0 ? 0 : village.store.unreadSettled(epoch + 1, Number.MAX_SAFE_INTEGER).locked;
}

function whyNot(village: Village, close: Close, of: { readonly missing: number; readonly locked: number }): Verdict {
  // Records of months that were put away do not come by themselves.
  if (of.missing > 0) return isSettledAway(village, close) ? 'not-readable' : 'not-yet';
  if (of.locked === 0) return 'different';
  // Keys come to a coordinator's new device by themselves.
  return isCoordinator(village.state(), village.row.member) ? 'not-yet' : 'not-readable';
}

const isSettledAway = (village: Village, { digest }: Close): boolean =>
  village.state().epochs.some((e) => e.close === digest) &&
  [...village.store.archivedMonths().values()].some((m) => m.place !== 'here');

function keptClose(village: Village, digest: string): Verified | undefined {
  const accounts = village.readings.keptClose(digest);
  return accounts && { verdict: 'same', accounts, locked: 0, otherCheckpoint: false };
}

/** Signs a proposed close with a coordinator's key after recomputing it here. */
export async function signClose(
  village: Village,
  month: Month,
  digest: string,
  signer: string,
  pin: string,
): Promise<{ readonly signatures: number; readonly enough: boolean }> {
  const close = village.state().closes.get(digest);
  if (!close || close.month !== month) throw new AppError('NOT_FOUND', `There is no such close of ${month}.`);
  const { verdict, locked, otherCheckpoint } = await verifyClose(village, close);
  if (verdict === 'not-readable') throw notReadable(month, locked);
  if (verdict === 'not-yet') {
    throw new AppError(
      'CANNOT_VERIFY_CLOSE',
      `Not everything this close counts is here yet. Sign after the next sync.`,
      { retryable: true },
    );
  }
  if (otherCheckpoint) {
    throw new AppError(
      'ANOTHER_CLOSE',
      `The statements proposed for ${month} are the same here, but the checkpoint named with them is not of the state this console comes to. Do not sign: whoever joins later would start from it. Ask who proposed it.`,
    );
  }
  if (verdict === 'different') {
    throw new AppError(
      'ANOTHER_CLOSE',
      `This console comes to other statements than the ones proposed for ${month}. Do not sign; ask who proposed them.`,
    );
  }
  if (close.signatures.some((s) => s.member === signer))
    throw new AppError('ALREADY_SIGNED', 'This person has signed this close.');
  const other = [...village.state().closes.values()].find(
    (c) => c.prev === close.prev && c.digest !== digest && c.signatures.some((s) => s.member === signer),
  );
  if (other)
    throw new AppError(
      'ANOTHER_CLOSE',
      `This person has signed another close of ${other.month}. A second one would contradict it.`,
    );
  const key = await village.keystore.unlock(signer, pin);
  await village.act([{ book: 'settlement', kind: 'close.sign', body: { digest, signer, sig: key.sign(digest) } }]);
  step('close.signed');
  const after = village.state().closes.get(digest);
  return { signatures: after?.signatures.length ?? 0, enough: after?.agreed ?? false };
}
