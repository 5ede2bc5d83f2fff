import { type BenchEntry, type BenchOptions, compare, type Row, spreadOf, takeTurns } from './bench.ts';
import { runWorker } from './run-worker.ts';

interface Appended {
  readonly seconds: number;
  readonly peakMb: number | null;
  readonly right: boolean;
}

const SIDES = ['append-ours', 'append-stock', 'append-file'] as const;

async function measureAppend(perEntry: number, count: number, { runs }: BenchOptions): Promise<Row> {
  const turns = await takeTurns(runs, async () => {
    const [ours, stock, file] = [
      await runWorker<Appended>(SIDES[0], { count, perEntry }),
      await runWorker<Appended>(SIDES[1], { count, perEntry }),
      await runWorker<Appended>(SIDES[2], { count, perEntry }),
    ];
    return { ours, stock, file };
  });
  const rates = (side: 'ours' | 'stock' | 'file'): number[] => turns.map((turn) => count / turn[side].seconds);
  const ours = spreadOf(rates('ours'));
  return {
    what: `append records, ${perEntry} to an entry, each entry on disk (fsync) before the next`,
    unit: 'records/s',
    ours,
    references: [
      compare(ours, 'stock OrbitDB, no fsync', rates('stock')),
      compare(ours, 'the same bytes to a file, fsync', rates('file')),
    ],
    notes: {
      records: count,
      oursPeakMb: turns[0]?.ours.peakMb ?? null,
      stockPeakMb: turns[0]?.stock.peakMb ?? null,
    },
    right: turns.every((turn) => turn.ours.right && turn.stock.right && turn.file.right),
  };
}

export const appendEntries: readonly BenchEntry[] = [
  { name: 'append-1', measure: (options) => measureAppend(1, options.full ? 5_000 : 1_000, options) },
  { name: 'append-64', measure: (options) => measureAppend(64, options.full ? 64_000 : 12_800, options) },
];
