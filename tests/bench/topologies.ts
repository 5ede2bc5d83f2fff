import { type BenchEntry, type BenchOptions, compare, type Row, spreadOf, takeTurns } from './bench.ts';
import { type Converged, runTopology, type Shape } from './run-topology.ts';
import { runWorker } from './run-worker.ts';

interface StockStar {
  readonly seconds: number;
  readonly converged: boolean;
}
interface Verified {
  readonly seconds: number;
  readonly threads: number;
}

const PER_NODE = 1000;
/** Every run and every machine measures the same mesh. */
const MESH_SEED = 20_260;
/** A star of stock OrbitDB nodes is known to stay apart; it is given this long. */
const STOCK_WAIT_MS = 20_000;
/** Of an entry and of its record. */
const SIGNATURES_PER_ENTRY = 2;
/** So many are measured; the rest is calculated. */
const MEASURED_SIGNATURES = 20_000;

/** What all consoles together cannot do without, on the cores of this machine. */
async function measureFloor(nodes: number): Promise<Verified> {
  const signatures = SIGNATURES_PER_ENTRY * nodes * PER_NODE * (nodes - 1);
  const count = Math.min(signatures, MEASURED_SIGNATURES);
  const { seconds, threads } = await runWorker<Verified>('year-verify', { count, by: 'libsodium' });
  return { seconds: (seconds * signatures) / count, threads };
}

async function measureTopology(shape: Shape, nodes: number, { runs }: BenchOptions): Promise<Row> {
  const turns = await takeTurns(runs, async () => ({
    floor: await measureFloor(nodes),
    ours: await runTopology({ shape, nodes, perNode: PER_NODE, seed: MESH_SEED }),
  }));
  const stock =
    shape === 'star'
      ? await runWorker<StockStar>('star-stock', { nodes, perNode: PER_NODE, waitMs: STOCK_WAIT_MS })
      : undefined;
  const median = (pick: (turn: Converged) => number): number => spreadOf(turns.map((t) => pick(t.ours))).median;
  const ours = spreadOf(turns.map((turn) => turn.ours.seconds));
  const floor = compare(
    ours,
    `Ed25519 alone, of all signatures that all consoles check, on ${turns[0]?.floor.threads} threads`,
    turns.map((turn) => turn.floor.seconds),
  );
  return {
    what: `${nodes} consoles, each a process, in a ${shape} with ${PER_NODE} divergent records each, from the last link's return until all have verified all`,
    unit: 's',
    ours,
    references: [floor],
    figures: { ratioToVerifying: floor.ratio, entriesSentPerNeeded: median(({ sent, needed }) => sent / needed) },
    notes: {
      records: nodes * PER_NODE,
      entriesSentPerNeeded: median(({ sent, needed }) => sent / needed),
      secondsFromFirstLink: median((t) => t.secondsFromFirstLink),
      cpuSecondsOfAll: median((t) => t.cpuSeconds),
      ...(shape === 'mesh' ? { seed: MESH_SEED } : {}),
      peakMb: turns[0]?.ours.peakMb ?? null,
      ...(stock ? { stock: stock.converged ? `${stock.seconds} s` : `still apart after ${stock.seconds} s` } : {}),
    },
    right: turns.every((turn) => turn.ours.right),
  };
}

const entryOf = (name: string, shape: Shape, nodes: number): BenchEntry => ({
  name,
  group: 'replicate',
  measure: (options) => measureTopology(shape, nodes, options),
});

export const topologiesEntries: readonly BenchEntry[] = [
  entryOf('topologies-star5', 'star', 5),
  entryOf('topologies-line10', 'line', 10),
  entryOf('topologies-mesh10', 'mesh', 10),
];
