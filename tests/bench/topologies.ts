import { type BenchEntry, type BenchOptions, type Row, spreadOf, takeTurns } from './bench.ts';
import { runWorker } from './run-worker.ts';

interface Converged {
  readonly seconds: number;
  readonly secondsWithLinking: number;
  readonly sent: number;
  readonly needed: number;
  readonly peakMb: number | null;
  readonly right: boolean;
}
interface StockStar {
  readonly seconds: number;
  readonly converged: boolean;
}

const PER_NODE = 1000;
/** Every run and every machine measures the same mesh. */
const MESH_SEED = 20_260;
/** A star of stock OrbitDB nodes is known to stay apart; it is given this long. */
const STOCK_WAIT_MS = 20_000;

async function measureTopology(shape: string, nodes: number, { runs }: BenchOptions): Promise<Row> {
  const turns = await takeTurns(runs, () =>
    runWorker<Converged>('topology-ours', { shape, nodes, perNode: PER_NODE, seed: MESH_SEED }),
  );
  const stock =
    shape === 'star'
      ? await runWorker<StockStar>('star-stock', { nodes, perNode: PER_NODE, waitMs: STOCK_WAIT_MS })
      : undefined;
  const ratios = turns.map((turn) => turn.sent / turn.needed);
  return {
    what: `${nodes} nodes in a ${shape} with ${PER_NODE} divergent records each, from the last link's return until all have all`,
    unit: 's',
    ours: spreadOf(turns.map((turn) => turn.seconds)),
    references: [],
    notes: {
      records: nodes * PER_NODE,
      secondsFromFirstLink: spreadOf(turns.map((turn) => turn.secondsWithLinking)).median,
      ...(shape === 'mesh' ? { seed: MESH_SEED } : {}),
      entriesSentPerNeeded: spreadOf(ratios).median,
      peakMb: turns[0]?.peakMb ?? null,
      processes: 'all nodes in one, with the cores of one machine between them',
      ...(stock ? { stock: stock.converged ? `${stock.seconds} s` : `still apart after ${stock.seconds} s` } : {}),
    },
    right: turns.every((turn) => turn.right),
  };
}

const entryOf = (name: string, shape: string, nodes: number): BenchEntry => ({
  name,
  group: 'replicate',
  measure: (options) => measureTopology(shape, nodes, options),
});

export const topologiesEntries: readonly BenchEntry[] = [
  entryOf('topologies-star5', 'star', 5),
  entryOf('topologies-line10', 'line', 10),
  entryOf('topologies-mesh10', 'mesh', 10),
];
