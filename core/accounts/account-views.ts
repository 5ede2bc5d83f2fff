import type { AccountsView } from '#api/accounts.ts';
import { fileOf } from '#core/archive/month-places.ts';
import type { OpenVillage } from '#core/console.ts';
import { AppError } from '#core/ports/errors.ts';
import type { Village } from '#core/village/open-village.ts';
import { sealWords } from '#domain/agreement/seal-words.ts';
import { fromHex } from '#domain/bytes.ts';
import { sum } from '#domain/money/money.ts';
import type { MonthAccounts } from '#domain/settlement/accounts.ts';
import type { Obligation } from '#domain/settlement/obligations.ts';
import type { Statement } from '#domain/settlement/statements.ts';
import { type Month, monthOf, monthSpan, nextMonth } from '#domain/time.ts';
import { agreedChain } from '#domain/village/fold-settlement.ts';
import type { RevealedState } from '#domain/village/reveal.ts';
import { firstDataMs, OPEN_ENTRIES, segmentsWithin } from '#domain/village/shelves.ts';
import { type Close, type LaneChange, lanesOf } from '#domain/village/state.ts';
import { closesOf, previewAccounts, unreadIn, type Verdict, verifyClose, zoneOf } from './closing.ts';

type PeriodState = AccountsView['state'];
type StatementView = AccountsView['statements'][number];
type LineView = StatementView['lines'][number];

const person = (state: RevealedState, id: string) => ({ id, name: state.members.get(id)?.name ?? id });

export function periodState({ settler }: OpenVillage, close: Close | undefined): PeriodState {
  if (!close) return 'open';
  if (close.receipt) return close.receipt.final ? 'final' : 'settled';
  if (!close.agreed) return 'proposed';
  return settler.progress(close.digest) ?? 'queued';
}

/** Months from the first reading (before there is one: the founding) to the present one, newest first. */
export function monthsOf(village: Village): Month[] {
  const state = village.state();
  const zone = zoneOf(state);
  const start = firstDataMs(state);
  const first = start === undefined ? (state.founding?.createdMs ?? village.now()) : Math.min(village.now(), start);
  const months: Month[] = [];
  for (let m = monthOf(first, zone); m <= monthOf(village.now(), zone); m = nextMonth(m)) months.push(m);
  return months.reverse();
}

export async function accountsView(open: OpenVillage, month: Month): Promise<AccountsView> {
  const { village } = open;
  const close = (await closesOf(village))(month);
  const closed = close ? await unlessAway(() => verifyClose(village, close)) : undefined;
  const accounts = closed?.accounts ?? (await unlessAway(() => previewAccounts(village, month)));
  // What was agreed stands, whether or not this device may read all that it was made of.
  const agreed = close?.agreed && (!accounts || closed?.verdict === 'not-readable') ? close : undefined;
  const statements = agreed
    ? lanesOf(village.state(), agreed.digest).map((l) => laneView(village, l))
    : (accounts?.statements.map((s) => statementView(village, accounts, s)) ?? []);
  const paidOut = sum(statements.filter((s) => s.netMinor > 0n).map((s) => s.netMinor));
  return {
    month,
    inFile: fileOf(village, month),
    needed: closed?.accounts ? [] : neededFor(village, month),
    state: periodState(open, close),
    statements,
    owedMinor: sum(statements.map((s) => s.paysMinor)),
    paidOutMinor: sum(statements.map((s) => s.receivesMinor)),
    differenceMinor: sum(statements.map((s) => s.netMinor)),
    changesHandsMinor: paidOut,
    energy: accounts ? energyView(accounts.energy) : null,
    checks: accounts ? checksOf(village, month, accounts) : [],
    batch: close ? batchView(village, close, closed?.verdict ?? 'not-readable') : null,
  };
}

/** Undefined where readings are needed that were put away or never came. */
async function unlessAway<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (e) {
    if (e instanceof AppError && e.code === 'MONTH_EXPORTED') return undefined;
    throw e;
  }
}

const energyView = (e: MonthAccounts['energy']) => ({
  measured: e.measuredWh,
  site: e.siteWh,
  held: e.heldWh,
  estimated: e.estimatedWh,
  unattributed: e.unattributedWh,
});

/** Statements go back to all closed months: readings of each may change the next. */
const neededFor = ({ store }: Village, upTo: Month): AccountsView['needed'] =>
  [...store.archivedMonths().values()]
    .filter(({ place, month }) => place !== 'here' && month <= upTo)
    .map(({ month, file }) => ({ month, file }));

/** A statement of which this console knows only what was agreed. */
const laneView = (village: Village, { member, net }: LaneChange): StatementView => ({
  member: person(village.revealed(), member),
  netMinor: net,
  paysMinor: net < 0n ? -net : 0n,
  receivesMinor: net > 0n ? net : 0n,
  wh: null,
  trust: null,
  lines: [],
});

function batchView(village: Village, close: Close, verdict: Verdict) {
  const state = village.revealed();
  const heardAt = (member: string): number | null => {
    const devices = [...state.devices.values()].filter((d) => d.member === member).map((d) => d.id);
    const heard = village.node
      .peers()
      .filter((p) => p.device !== undefined && devices.includes(p.device))
      .map((p) => p.heardAt ?? 0);
    return heard.length > 0 ? Math.max(...heard) : null;
  };
  return {
    digest: close.digest,
    statementsRoot: close.root,
    words: sealWords(fromHex(close.digest), 4),
    proposedBy: person(state, close.proposedBy).name,
    proposedAtMs: close.proposedMs,
    signers: state.coordinators.members.map((m) => ({
      member: person(state, m),
      signedAtMs: close.signatures.find((s) => s.member === m)?.atMs ?? null,
      keyHere: village.keystore.has(m),
      lastHeardAtMs: heardAt(m),
    })),
    threshold: close.threshold,
    verifiedHere: verdict,
    tx: close.receipt
      ? {
          hash: close.receipt.txHash,
          block: close.receipt.block,
          gasUsed: close.receipt.gasUsed,
          final: close.receipt.final,
        }
      : null,
  };
}

export function statementView(village: Village, accounts: MonthAccounts, s: Statement): StatementView {
  const lines = [...linesOf(village, accounts, s.member, s.lines), ...adjustmentLine(s)];
  const used = lines.filter((l) => l.amountMinor < 0n && l.wh !== null);
  const trusts = lines.map((l) => l.trust).filter((t) => t !== null);
  return {
    member: person(village.revealed(), s.member),
    netMinor: s.net,
    paysMinor: s.pays,
    receivesMinor: s.receives,
    wh: used.length > 0 ? sum(used.map((l) => l.wh ?? 0n)) : null,
    trust: trusts.length > 0 ? (Math.min(...trusts) as 0 | 1 | 2 | 3 | 4) : null,
    lines,
  };
}

const adjustmentLine = (s: Statement): LineView[] =>
  s.adjustment === 0n
    ? []
    : [
        {
          kind: 'adjustment',
          agreement: null,
          amountMinor: s.adjustment,
          other: null,
          wh: null,
          pricePerKwh: null,
          meter: null,
          meterName: null,
          hours: null,
          gapHours: null,
          heldWh: null,
          trust: null,
        },
      ];

/** A payer of surplus sees one line per meter; its split is on the lines of those who receive. */
function linesOf(village: Village, accounts: MonthAccounts, member: string, lines: readonly Obligation[]): LineView[] {
  const state = village.revealed();
  const sale = (o: Obligation): boolean => o.kind === 'wheeling' || o.kind === 'owner-share' || o.kind === 'host-share';
  const out: LineView[] = [];
  const paid = new Map<string, Obligation[]>();
  for (const o of lines) {
    if (o.from === member && sale(o))
      paid.set(`${o.agreement}|${o.meter}`, [...(paid.get(`${o.agreement}|${o.meter}`) ?? []), o]);
    else out.push(line(o, o.kind, o.to === member ? o.amount : 0n - o.amount, o.to === member ? o.from : o.to));
  }
  for (const parts of paid.values()) {
    const first = parts[0] as Obligation;
    const owner = state.agreements.get(first.agreement)?.terms.owner ?? first.to;
    out.push(line(first, 'neighbour-energy', -sum(parts.map((p) => p.amount)), owner));
  }
  return out;

  function line(o: Obligation, kind: LineView['kind'], amountMinor: bigint, other: string): LineView {
    const total = accounts.meters.get(o.meter);
    return {
      kind,
      agreement: o.agreement,
      amountMinor,
      other: person(state, other),
      wh: o.wh,
      pricePerKwh: o.price,
      meter: o.meter,
      meterName: state.meters.get(o.meter)?.name ?? o.meter,
      hours: total?.recorded ?? null,
      gapHours: total?.gaps ?? null,
      heldWh: total?.heldWh ?? null,
      trust: total?.lowestTrust ?? null,
    };
  }
}

function checksOf(village: Village, month: Month, accounts: MonthAccounts): AccountsView['checks'] {
  const state = village.state();
  const { from, to } = monthSpan(month, zoneOf(state));
  const totals = [...accounts.meters.values()];
  const count = (of: (t: (typeof totals)[number]) => number): number => totals.reduce((n, t) => n + of(t), 0);
  const silent = [...state.meters.values()].filter((m) => (accounts.meters.get(m.id)?.recorded ?? 0) === 0).length;
  const touching = segmentsWithin(state, from, to).filter((s) => s.fromMs < to && s.toMs > from);
  const { absent, locked } = unreadIn(village, touching);
  const unvouched = [...state.entries.within(OPEN_ENTRIES, OPEN_ENTRIES)].length;
  const chain = agreedChain(state.closes.values());
  const difference = sum(accounts.statements.map((s) => s.net));
  const check = (code: AccountsView['checks'][number]['code'], ok: boolean, n = 0, wh: bigint | null = null) => ({
    code,
    ok,
    count: n,
    wh,
  });
  return [
    check('month-over', village.now() >= to),
    check('all-meters', silent === 0, silent),
    check('segments-missing', absent === 0, absent),
    check('not-readable', locked === 0, locked),
    check(
      'gaps',
      count((t) => t.gaps) === 0,
      count((t) => t.gaps),
    ),
    check(
      'held',
      accounts.energy.heldWh === 0n,
      count((t) => t.spikes),
      accounts.energy.heldWh,
    ),
    check('pending-vouch', unvouched === 0, unvouched),
    check('unattributed', (accounts.energy.unattributedWh ?? 0n) >= 0n, 0, accounts.energy.unattributedWh),
    check(
      'previous-closed',
      chain.every((c) => c.month <= month),
      chain.length,
    ),
    check('sum-zero', difference === 0n),
  ];
}
