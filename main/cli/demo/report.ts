import type { Figures } from './peer-protocol.ts';

export interface DemoResult extends Omit<Figures, 'stateHash' | 'accountsRoot' | 'chainHead'> {
  readonly village: string;
  readonly peers: number;
  readonly stateHashes: readonly string[];
  readonly accountsRoots: readonly (string | null)[];
  readonly chainHead: string | null;
  readonly ok: boolean;
}

/** Joins what every peer says of the month; ok only if all of them say the same and the sums tie. */
export function resultOf(village: string, peers: number, all: readonly Figures[]): DemoResult {
  const first = all[0] as Figures;
  const stateHashes = all.map((f) => f.stateHash);
  const accountsRoots = all.map((f) => f.accountsRoot);
  const chainHead = all.find((f) => f.chainHead !== null)?.chainHead ?? null;
  const { stateHash: _, accountsRoot: __, chainHead: ___, ...shared } = first;
  const same = (of: (f: Figures) => unknown): boolean => new Set(all.map((f) => text(of(f)))).size === 1;
  const { batch, moneyMinor } = first;
  const ok =
    same((f) => f.stateHash) &&
    same((f) => f.accountsRoot) &&
    same((f) => ({ ...f, chainHead: null })) &&
    first.accountsRoot !== null &&
    moneyMinor.difference === 0n &&
    batch !== null &&
    batch.deltasSum === 0n &&
    batch.final &&
    all.every((f) => f.flagged.chainBreaks === 0) &&
    batch.signers.length >= Math.min(2, peers) &&
    batch.statementsRoot === first.accountsRoot &&
    chainHead === batch.digest;
  return { village, peers, ...shared, stateHashes, accountsRoots, chainHead, ok };
}

const replacer = (_: string, v: unknown): unknown => (typeof v === 'bigint' ? Number(v) : v);
const text = (v: unknown): string =>
  JSON.stringify(v, (_, x: unknown) => (typeof x === 'bigint' ? x.toString() : x)) ?? '';

/** One object. Amounts are small enough for JSON's numbers here: a village-month, in minor units and Wh. */
export const toJson = (result: DemoResult): string => JSON.stringify(result, replacer, 2);

export function printTable(r: DemoResult): string[] {
  const rows: [string, string | number][] = [
    ['village (simulated)', r.village],
    ['consoles', r.peers],
    ['readings', r.readings],
    ['frames in segments', `${r.frames} in ${r.segments}`],
    ['hours recorded', r.recordedHours],
    ['hours of gaps', r.flagged.gapHours],
    ['spikes held', `${r.flagged.spikes}, ${r.energyWh.held} Wh`],
    ['resets, duplicates', `${r.flagged.resets}, ${r.flagged.duplicates}`],
    ['breaks in chains', r.flagged.chainBreaks],
    ['circuits', `${r.energyWh.measured} Wh`],
    ['site total', r.energyWh.site === null ? 'not measured' : `${r.energyWh.site} Wh`],
    ['unattributed', r.energyWh.unattributed === null ? 'not known' : `${r.energyWh.unattributed} Wh`],
    ['host pays', `UGX ${r.moneyMinor.hostCharge}, gets ${r.moneyMinor.rent} back as rent`],
    ['neighbours pay', `UGX ${r.moneyMinor.neighboursPay}`],
    ['  to the grid provider', `UGX ${r.moneyMinor.grid}`],
    ['  to the owner', `UGX ${r.moneyMinor.ownerShare}`],
    ['  to the host', `UGX ${r.moneyMinor.hostShare}`],
    ['paid, received', `UGX ${r.moneyMinor.paid}, ${r.moneyMinor.received}; difference ${r.moneyMinor.difference}`],
    ['batch', r.batch?.digest ?? 'none'],
    ['signed by', r.batch?.signers.length ?? 0],
    ['transaction', r.batch ? `${r.batch.txHash} (${r.batch.gasUsed} gas${r.batch.final ? ', final' : ''})` : 'none'],
    ['chain head', r.chainHead ?? 'not reached'],
    ['state hash', [...new Set(r.stateHashes)].join(' / ')],
    ['accounts root', [...new Set(r.accountsRoots)].join(' / ')],
    ['everything ties', r.ok ? 'yes' : 'NO'],
  ];
  const width = Math.max(...rows.map(([k]) => k.length));
  return ['', ...rows.map(([k, v]) => `${k.padEnd(width)}  ${v}`)];
}
