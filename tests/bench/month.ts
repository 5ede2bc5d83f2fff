import { type BenchEntry, type BenchOptions, compare, type Row, spreadOf, takeTurns } from './bench.ts';
import { runWorker } from './run-worker.ts';

interface Imported {
  readonly seconds: number;
  readonly peakMb: number | null;
  readonly hours: number;
  readonly wh: number;
}
interface ImportedIntoVillage extends Imported {
  readonly frames: number;
  readonly segments: number;
  readonly right: boolean;
}
interface Closed {
  readonly seconds: number;
  readonly againSeconds: number;
  readonly sqlSeconds: number;
  readonly verifySeconds: number;
  readonly peakMb: number | null;
  readonly records: number;
  readonly frames: number;
  readonly right: boolean;
}

async function measureImport({ runs }: BenchOptions): Promise<Row> {
  const turns = await takeTurns(runs, async () => ({
    ours: await runWorker<ImportedIntoVillage>('import-ours', {}),
    rows: await runWorker<Imported>('import-rows', {}),
  }));
  const ours = spreadOf(turns.map((turn) => turn.ours.seconds));
  const first = turns[0];
  return {
    what: 'import the month of the site that ships with the project: signed, encrypted, announced in the books',
    unit: 's',
    ours,
    references: [
      compare(
        ours,
        'csv-parse and one fsynced SQLite transaction',
        turns.map((turn) => turn.rows.seconds),
      ),
    ],
    notes: {
      hours: first?.ours.hours ?? null,
      frames: first?.ours.frames ?? null,
      segments: first?.ours.segments ?? null,
      oursPeakMb: first?.ours.peakMb ?? null,
      referencePeakMb: first?.rows.peakMb ?? null,
    },
    right: turns.every(
      ({ ours: village, rows }) => village.right && village.hours === rows.hours && village.wh === rows.wh,
    ),
  };
}

async function measureClose({ runs }: BenchOptions): Promise<Row> {
  const turns = await takeTurns(runs, () => runWorker<Closed>('close-month', {}));
  const of = (pick: (turn: Closed) => number): number[] => turns.map(pick);
  const ours = spreadOf(of((turn) => turn.seconds));
  return {
    what: 'close that month: recompute its accounts from the cut, as every co-signing console does',
    unit: 's',
    ours,
    references: [
      compare(
        ours,
        'SHA-256 and Ed25519 of every frame',
        of((turn) => turn.verifySeconds),
      ),
      compare(
        ours,
        'bills by one SQL sum, no proofs',
        of((turn) => turn.sqlSeconds),
      ),
    ],
    notes: {
      againSeconds: Number(spreadOf(of((turn) => turn.againSeconds)).median.toFixed(3)),
      records: turns[0]?.records ?? null,
      frames: turns[0]?.frames ?? null,
      oursPeakMb: turns[0]?.peakMb ?? null,
    },
    right: turns.every((turn) => turn.right),
  };
}

export const monthEntries: readonly BenchEntry[] = [
  { name: 'import-month', measure: measureImport },
  { name: 'close-month', measure: measureClose },
];
