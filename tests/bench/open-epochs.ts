import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchEntry, type BenchOptions, compare, type Row, spreadOf, takeTurns } from './bench.ts';
import { requireBuild } from './built-command.ts';
import { type Opened, openBuilt } from './open-built.ts';
import { runWorker } from './run-worker.ts';

interface Folded {
  readonly hash: string;
  readonly records: number;
  readonly closed: number;
  readonly outside: number;
}
interface Village extends Folded {
  readonly months: number;
  readonly home: string;
  readonly atMs: number;
}

const MONTHS = [1, 12, 120] as const;

/** One village for each number of closed months; each turn opens every one of them in a process of its own. */
async function measureOpen({ runs, note }: BenchOptions): Promise<Row> {
  requireBuild();
  const dir = mkdtempSync(join(tmpdir(), 'bench-open-epochs-'));
  try {
    const villages: Village[] = [];
    for (const months of MONTHS) {
      const home = join(dir, String(months));
      note(`writing ${months} closed months`);
      const { atMs } = await runWorker<{ atMs: number }>('epochs-found', { home, months });
      const folded = await runWorker<Folded>('epochs-open', { home, atMs });
      villages.push({ ...folded, months, home, atMs });
    }
    const turns = await takeTurns(runs, async () => {
      const opened: Opened[] = [];
      for (const { home, atMs } of villages) opened.push(await openBuilt(home, atMs));
      return opened;
    });
    return rowOf(villages, turns);
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

function rowOf(villages: readonly Village[], turns: readonly (readonly Opened[])[]): Row {
  const allOf = (i: number, of: (o: Opened) => number): number[] =>
    turns.map((turn) => (turn[i] ? of(turn[i]) : Number.NaN));
  const middle = (i: number, of: (o: Opened) => number): number => spreadOf(allOf(i, of)).median;
  const last = MONTHS.length - 1;
  const ours = spreadOf(allOf(last, (o) => o.seconds));
  const notes: Record<string, string | number | null> = {
    records: villages[last]?.records ?? null,
    inMemory: villages[last]?.outside ?? null,
  };
  for (const [i, months] of MONTHS.entries()) {
    notes[`months${months}CpuMs`] = Math.round(1000 * middle(i, (o) => o.cpuSeconds));
    notes[`months${months}PeakMb`] = turns[0]?.[i]?.peakMb ?? null;
    notes[`months${months}BlockMs`] = Math.round(middle(i, (o) => o.longestBlockMs));
  }
  return {
    what: `open a console with ${MONTHS[last]} closed months, built, from the start of its process to the first screen (villages, today, meters)`,
    unit: 's',
    ours,
    references: [0, 1].map((i) =>
      compare(
        ours,
        `the same with ${MONTHS[i]} closed`,
        allOf(i, (o) => o.seconds),
      ),
    ),
    notes,
    right: villages.every(
      ({ months, closed, hash }, i) => closed === months && turns.every((turn) => turn[i]?.stateHash === hash),
    ),
  };
}

export const openEpochsEntry: BenchEntry = { name: 'open-epochs', measure: measureOpen };
