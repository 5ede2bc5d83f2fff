import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchEntry, type BenchOptions, compare, type Row, spreadOf, takeTurns } from './bench.ts';
import { runWorker } from './run-worker.ts';

interface Founded {
  readonly hash: string;
  readonly records: number;
  readonly closed: number;
  readonly atMs: number;
}
interface Opened {
  readonly seconds: number;
  readonly processSeconds: number;
  readonly outside: number;
  readonly hash: string;
  readonly peakMb: number | null;
}

const MONTHS = [1, 12, 120] as const;

/** One village for each number of closed months; each turn opens every one of them in a process of its own. */
async function measureOpen({ runs, note }: BenchOptions): Promise<Row> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-open-epochs-'));
  try {
    const villages: { readonly months: number; readonly home: string; readonly founded: Founded }[] = [];
    for (const months of MONTHS) {
      const home = join(dir, String(months));
      note(`writing ${months} closed months`);
      villages.push({ months, home, founded: await runWorker<Founded>('epochs-found', { home, months }) });
    }
    const turns = await takeTurns(runs, async () => {
      const opened: Opened[] = [];
      for (const { home, founded } of villages)
        opened.push(await runWorker<Opened>('epochs-open', { home, atMs: founded.atMs }));
      return opened;
    });
    const secondsOf = (i: number): number[] => turns.map((turn) => turn[i]?.seconds ?? Number.NaN);
    const last = MONTHS.length - 1;
    const ours = spreadOf(secondsOf(last));
    return {
      what: `open a console with ${MONTHS[last]} closed months, up to its state`,
      unit: 's',
      ours,
      references: [0, 1].map((i) => compare(ours, `the same with ${MONTHS[i]} closed`, secondsOf(i))),
      notes: {
        records: villages[last]?.founded.records ?? null,
        inMemory: turns[0]?.[last]?.outside ?? null,
        processSeconds: spreadOf(turns.map((turn) => turn[last]?.processSeconds ?? Number.NaN)).median,
        peakMb: turns[0]?.[last]?.peakMb ?? null,
      },
      right: villages.every(
        ({ months, founded }, i) => founded.closed === months && turns.every((turn) => turn[i]?.hash === founded.hash),
      ),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

export const openEpochsEntry: BenchEntry = { name: 'open-epochs', measure: measureOpen };
