import { type BenchEntry, type BenchOptions, compare, type Row, spreadOf, takeTurns } from './bench.ts';
import { runWorker, startWorker } from './run-worker.ts';

interface Served {
  readonly address: string;
  readonly log: string;
  readonly digest: string;
}
interface Fetched {
  readonly seconds: number;
  readonly peakMb: number | null;
  readonly digest: string;
}
interface Replicated extends Fetched {
  readonly right: boolean;
}

/** From the first dial until the last record is joined, in a process that knew nothing. */
async function replicate(side: 'ours' | 'stock', count: number): Promise<Replicated> {
  const source = await startWorker<Served>(`serve-${side}`, { count });
  try {
    const fetched = await runWorker<Fetched>(`fetch-${side}`, { count, ...source.answer });
    return { ...fetched, right: fetched.digest === source.answer.digest };
  } finally {
    await source.end();
  }
}

async function measureReplicate({ runs }: BenchOptions): Promise<Row> {
  const count = 10_000;
  const turns = await takeTurns(runs, async () => ({
    ours: await replicate('ours', count),
    stock: await replicate('stock', count),
  }));
  const ours = spreadOf(turns.map((turn) => turn.ours.seconds));
  return {
    what: `replicate ${count} records, one to an entry, to another process, verified`,
    unit: 's',
    ours,
    references: [
      compare(
        ours,
        'stock OrbitDB',
        turns.map((turn) => turn.stock.seconds),
      ),
    ],
    figures: {
      speedup: Number((spreadOf(turns.map((turn) => turn.stock.seconds)).median / ours.median).toPrecision(3)),
    },
    notes: {
      records: count,
      oursPerSecond: Math.round(count / ours.median),
      oursPeakMb: turns[0]?.ours.peakMb ?? null,
      stockPeakMb: turns[0]?.stock.peakMb ?? null,
    },
    right: turns.every((turn) => turn.ours.right && turn.stock.right),
  };
}

export const replicateEntry: BenchEntry = { name: 'records10k', group: 'replicate', measure: measureReplicate };
