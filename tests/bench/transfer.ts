import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WantedBlock } from '#core/ports/village-node.ts';
import { type BenchEntry, type BenchOptions, compare, type Row, type Skipped, spreadOf, takeTurns } from './bench.ts';
import { runWorker, startWorker } from './run-worker.ts';

const DAYS = 365;

interface Transferred {
  readonly seconds: number;
  /** Of the fetching process, on all its threads. */
  readonly cpuSeconds: number;
  readonly bytes: number;
  readonly missing: number;
  readonly peakMb: number | null;
}
interface Turn {
  readonly ours: Transferred;
  readonly bitswap: Transferred;
  readonly hypercore: Transferred;
  readonly wantedBytes: number;
}

const mbPerSecond = ({ bytes, seconds }: Transferred): number => bytes / 1e6 / seconds;

/** Ours and stock Helia's bitswap, from one and the same serving console. */
async function transferOurs(days: number): Promise<Omit<Turn, 'hypercore'>> {
  const source = await startWorker<{ address: string; wanted: WantedBlock[] }>('serve-blocks', { days });
  try {
    const ours = await runWorker<Transferred>('fetch-blocks', source.answer);
    const bitswap = await runWorker<Transferred>('fetch-bitswap', source.answer);
    return { ours, bitswap, wantedBytes: source.answer.wanted.reduce((sum, { bytes }) => sum + bytes, 0) };
  } finally {
    await source.end();
  }
}

/** Hypercore over raw TCP: all blocks to another process's disk, from its first request on. */
export async function transferHypercore(days: number): Promise<Transferred> {
  const source = await startWorker<{ port: number; key: string }>('serve-hypercore', { days });
  try {
    return await runWorker<Transferred>('fetch-hypercore', source.answer);
  } finally {
    await source.end();
  }
}

export const isHypercoreInstalled = (): boolean => existsSync(join(import.meta.dirname, 'hypercore', 'node_modules'));

async function measureTransfer({ runs }: BenchOptions): Promise<Row | Skipped> {
  if (!isHypercoreInstalled()) return { skipped: 'Hypercore is not installed; npm run bench -- transfer installs it' };
  const turns = await takeTurns(runs, async () => ({
    ...(await transferOurs(DAYS)),
    hypercore: await transferHypercore(DAYS),
  }));
  const of = (pick: (turn: Turn) => Transferred): number[] => turns.map((turn) => mbPerSecond(pick(turn)));
  const ours = spreadOf(of((turn) => turn.ours));
  const hypercore = compare(
    ours,
    'Hypercore 11.36.1, raw TCP',
    of((turn) => turn.hypercore),
  );
  const bitswap = compare(
    ours,
    'stock Helia by bitswap',
    of((turn) => turn.bitswap),
  );
  return {
    what: 'a year of village-days (200 meters, 15 min) to another process: every block checked and on disk',
    unit: 'MB/s',
    ours,
    references: [hypercore, bitswap],
    figures: { ratioToHypercore: hypercore.ratio, ratioToBitswap: bitswap.ratio },
    notes: {
      blocks: DAYS,
      mb: Math.round((turns[0]?.wantedBytes ?? 0) / 1e6),
      oursCpuSeconds: spreadOf(turns.map((turn) => turn.ours.cpuSeconds)).median,
      hypercoreCpuSeconds: spreadOf(turns.map((turn) => turn.hypercore.cpuSeconds)).median,
      oursPeakMb: turns[0]?.ours.peakMb ?? null,
      hypercorePeakMb: turns[0]?.hypercore.peakMb ?? null,
    },
    right: turns.every(({ ours: own, bitswap: other, hypercore: reference, wantedBytes }) =>
      [own, other, reference].every(({ bytes, missing }) => bytes === wantedBytes && missing === 0),
    ),
  };
}

export const transferEntry: BenchEntry = { name: 'transfer', group: 'replicate', measure: measureTransfer };
