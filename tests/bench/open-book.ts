import { type BenchEntry, type BenchOptions, compare, type Row, spreadOf, takeTurns } from './bench.ts';
import { runWorker, startWorker } from './run-worker.ts';

const COUNT = 50_000;
/** A hang limit: stock OrbitDB takes minutes to be given that many, and several times as long on a busy machine. */
const FILL_HANG_MS = 60 * 60_000;

interface Filled {
  readonly path: string;
  readonly log: string;
}
interface Opened {
  readonly seconds: number;
  readonly peakMb: number | null;
  readonly right: boolean;
}

/** Both books are filled once, before any clock runs, and opened by a new process each time. */
async function measureOpenBook({ runs, note }: BenchOptions): Promise<Row> {
  const ours = await startWorker<Filled>('fill-ours', { count: COUNT }, { hangMs: FILL_HANG_MS });
  note(`stock OrbitDB is given ${COUNT} records; that alone takes several minutes`);
  const stock = await startWorker<Filled>('fill-stock', { count: COUNT }, { hangMs: FILL_HANG_MS });
  try {
    const turns = await takeTurns(runs, async () => ({
      ours: await runWorker<Opened>('open-ours', { ...ours.answer, count: COUNT }),
      stock: await runWorker<Opened>('open-stock', { ...stock.answer, count: COUNT }),
    }));
    const seconds = spreadOf(turns.map((turn) => turn.ours.seconds));
    const others = turns.map((turn) => turn.stock.seconds);
    return {
      what: `open a book of ${COUNT} entries: start the node, read and open every record, fold them`,
      unit: 's',
      ours: seconds,
      references: [compare(seconds, 'stock OrbitDB: start, open, iterate', others)],
      figures: { speedup: Number((spreadOf(others).median / seconds.median).toPrecision(3)) },
      notes: {
        records: COUNT,
        oursPeakMb: turns[0]?.ours.peakMb ?? null,
        stockPeakMb: turns[0]?.stock.peakMb ?? null,
      },
      right: turns.every((turn) => turn.ours.right && turn.stock.right),
    };
  } finally {
    await ours.end();
    await stock.end();
  }
}

export const openBookEntry: BenchEntry = { name: 'open50k', group: 'replicate', measure: measureOpenBook };
