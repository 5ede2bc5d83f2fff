import { closesOf, previewAccounts, verifyClose, zoneOf } from '#core/accounts/closing.ts';
import type { OpenVillage } from '#core/console.ts';
import type { Village } from '#core/village/open-village.ts';
import { sum } from '#domain/money/money.ts';
import { rootOfStatements } from '#domain/settlement/statements.ts';
import { HOUR_MS, monthIndex, monthSpan } from '#domain/time.ts';
import { lanesOf } from '#domain/village/state.ts';
import type { Figures } from './peer-protocol.ts';

/** Everything the demo's table says of a month, as this peer knows it. */
export async function figuresOf({ village, settler }: OpenVillage, month: string): Promise<Figures> {
  const state = village.state();
  const close = (await closesOf(village))(month);
  const verified = close ? await verifyClose(village, close) : undefined;
  const accounts = verified?.accounts ?? (await previewAccounts(village, month));
  const totals = [...accounts.meters.values()];
  const { from, to } = monthSpan(month, zoneOf(state));
  const intervals = [...state.meters.keys()]
    .flatMap((m) => village.readings.intervals(m, from, to))
    .filter((i) => i.toMs <= to);
  const hours = (gap: boolean): number =>
    intervals.filter((i) => (i.status === 'gap') === gap).reduce((ms, i) => ms + i.toMs - i.fromMs, 0) / HOUR_MS;
  const of = (kind: string): bigint => sum(accounts.obligations.filter((o) => o.kind === kind).map((o) => o.amount));
  const [grid, ownerShare, hostShare] = [of('wheeling'), of('owner-share'), of('host-share')];
  const paid = sum(accounts.statements.map((s) => s.pays));
  const received = sum(accounts.statements.map((s) => s.receives));
  const { measuredWh, siteWh, heldWh, estimatedWh, unattributedWh } = accounts.energy;
  const { readings, frames } = countOf(village);
  return {
    readings,
    frames,
    segments: state.segments.size,
    recordedHours: hours(false),
    flagged: {
      spikes: totals.reduce((n, t) => n + t.spikes, 0),
      gapHours: hours(true),
      resets: totals.reduce((n, t) => n + t.resets, 0),
      duplicates: accounts.duplicates,
      chainBreaks: (await village.chains.look()).length,
    },
    energyWh: {
      measured: measuredWh,
      site: siteWh,
      held: heldWh,
      estimated: estimatedWh,
      unattributed: unattributedWh,
    },
    moneyMinor: {
      hostCharge: of('host-charge'),
      rent: of('host-rent'),
      neighboursPay: grid + ownerShare + hostShare,
      grid,
      ownerShare,
      hostShare,
      paid,
      received,
      difference: paid - received,
    },
    batch: close
      ? {
          period: month,
          digest: close.digest,
          statementsRoot: close.root,
          deltasSum: sum(lanesOf(village.state(), close.digest).map((l) => l.net)),
          signers: close.signatures.map((s) => s.address).sort(),
          txHash: close.receipt?.txHash ?? null,
          gasUsed: close.receipt?.gasUsed ?? null,
          final: close.receipt?.final ?? false,
        }
      : null,
    stateHash: village.stateHash(),
    accountsRoot: verified?.accounts
      ? rootOfStatements(village.id, monthIndex(month), verified.accounts.statements)
      : null,
    chainHead: (await settler.status())?.head ?? null,
  };
}

/** All frames this peer can read, meter by meter, and what was answered in them. */
function countOf({ state, readings: told }: Village): { readonly readings: number; readonly frames: number } {
  let [readings, frames] = [0, 0];
  for (const meter of state().meters.keys()) {
    for (const { frame } of told.frames(meter, 0, Number.MAX_SAFE_INTEGER)) {
      readings += answeredIn(frame);
      frames += 1;
    }
  }
  return { readings, frames };
}

/** Register values in a frame at its edges and answered polls inside. */
const answeredIn = (frame: {
  readonly importWh: readonly (bigint | null)[] | null;
  readonly answered: readonly number[];
}): number => (frame.importWh ?? []).filter((v) => v !== null).length + frame.answered.reduce((a, b) => a + b, 0);
