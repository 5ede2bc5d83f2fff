import { AppError } from '#core/ports/errors.ts';
import { step } from '#core/ports/steps.ts';
import type { Village } from '#core/village/open-village.ts';
import type { Cut } from '#domain/books/chains.ts';
import { accountsOf, historiesOf, type MonthAccounts } from '#domain/settlement/accounts.ts';
import { rootOfStatements } from '#domain/settlement/statements.ts';
import { type Month, monthIndex, monthSpan, type Zone } from '#domain/time.ts';
import { agreedChain, batchOf } from '#domain/village/fold-settlement.ts';
import type { Close, PeriodCut, VillageState } from '#domain/village/state.ts';

export const zoneOf = (state: VillageState): Zone => ({ offsetMin: state.founding?.zoneOffsetMin ?? 0 });

/** Accounts of a month as they would be now. */
export function previewAccounts(village: Village, month: Month): MonthAccounts {
  return accountsOf(village.state(), village.histories(), month);
}

export type CutAccounts =
  | { readonly ok: true; readonly state: VillageState; readonly accounts: MonthAccounts; readonly root: string }
  /** Some of what the cut names is not here yet; none missing: the cut is of no use. */
  | { readonly ok: false; readonly missing: number };

/** Recomputes a close from its cut. Nothing but the cut and those before it decides the result. */
export function accountsAt(village: Village, month: Month, prev: string, cut: Cut): CutAccounts {
  const at = village.atCut(prev, cut);
  if (!at.ok) return { ok: false, missing: at.missing };
  const { state } = at;
  let missing = 0;
  const have = village.store.segments();
  for (const cid of state.segments.keys()) if (!have.has(cid)) missing += 1;
  // A frame that is not shared with this device may hold anything: nobody can come to the same sum without it.
  missing += village.store.lockedIn(state.segments.keys());
  if (missing > 0) return { ok: false, missing };
  const facts = village.facts().filter((f) => state.segments.has(f.segment));
  const accounts = accountsOf(state, historiesOf(state, facts), month);
  return { ok: true, state, accounts, root: rootOfStatements(village.id, monthIndex(month), accounts.statements) };
}

/**
 * The close of a month that counts: the agreed one, else the proposal on the present head that this console comes to
 * itself, with most signatures.
 */
export function closeOf(village: Village, month: Month): Close | undefined {
  const state = village.state();
  const agreed = agreedChain(state.closes.values()).find((c) => c.month === month);
  if (agreed) return agreed;
  const proposals = [...state.closes.values()].filter((c) => c.month === month && c.prev === state.head);
  if (proposals.length < 2) return proposals[0];
  const rank = (c: Close): number => (verifyClose(village, c).verdict === 'different' ? 0 : 1000) + c.signatures.length;
  return proposals.reduce((best, c) => (rank(c) > rank(best) ? c : best));
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
  const open = closeOf(village, month);
  // A proposal this console cannot confirm does not stand in the way of a sound one.
  if (open && verifyClose(village, open).verdict !== 'different') return open.digest;
  const records = village.nameCut();
  const result = accountsAt(village, month, state.head, records);
  if (!result.ok) {
    throw new AppError(
      'CANNOT_VERIFY_CLOSE',
      `${result.missing} pieces of ${month} are announced and not here yet. Wait for the next sync.`,
      { retryable: true, data: { missing: result.missing } },
    );
  }
  const named = new Set(chain.flatMap((c) => c.cut.segments));
  const cut: PeriodCut = {
    segments: [...result.state.segments.keys()].filter((cid) => !named.has(cid)).sort(),
    records,
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

export type Verdict = 'same' | 'different' | 'not-yet';
const verdicts = new WeakMap<Village, Map<string, { readonly verdict: Verdict; readonly accounts: MonthAccounts }>>();

/** Whether this console comes to the same statements from the same cut. A 'same' is kept: a cut never changes. */
export function verifyClose(
  village: Village,
  close: Close,
): { readonly verdict: Verdict; readonly accounts: MonthAccounts | undefined } {
  const known = verdicts.get(village) ?? new Map<string, { verdict: Verdict; accounts: MonthAccounts }>();
  verdicts.set(village, known);
  const kept = known.get(close.digest);
  if (kept) return kept;
  const result = accountsAt(village, close.month, close.prev, close.cut.records);
  if (!result.ok) return { verdict: result.missing > 0 ? 'not-yet' : 'different', accounts: undefined };
  const lanes = result.accounts.statements.map((s) => `${s.member} ${s.index} ${s.net}`).join();
  const same = result.root === close.root && lanes === close.lanes.map((l) => `${l.member} ${l.index} ${l.net}`).join();
  const entry = { verdict: same ? ('same' as const) : ('different' as const), accounts: result.accounts };
  known.set(close.digest, entry);
  return entry;
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
  const { verdict } = verifyClose(village, close);
  if (verdict === 'not-yet') {
    throw new AppError(
      'CANNOT_VERIFY_CLOSE',
      `Not everything this close counts is here yet. Sign after the next sync.`,
      { retryable: true },
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
