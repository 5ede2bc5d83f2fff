import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchEntry, type BenchOptions, compare, type Row, spreadOf, takeTurns } from './bench.ts';
import { requireBuild } from './built-command.ts';
import { type Opened, openBuilt } from './open-built.ts';
import { runWorker } from './run-worker.ts';

interface Closed {
  readonly nowMs: number;
  readonly readings: number;
  readonly frames: number;
  readonly right: boolean;
}
interface OneRow {
  readonly seconds: number;
  readonly right: boolean;
}
interface Size extends Closed {
  readonly months: number;
  readonly opened: readonly Opened[];
  readonly row: readonly OneRow[];
}

const MONTHS = [1, 4, 12] as const;
const METERS = 200;
const middle = (values: readonly number[]): number => spreadOf(values).median;

/** A village for each size; each turn opens all of them by new processes, so that a busy moment falls on every size. */
async function closeAndOpen({ runs, note }: BenchOptions): Promise<Size[]> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-year-'));
  try {
    const villages: (Closed & { readonly months: number; readonly home: string })[] = [];
    for (const months of MONTHS) {
      const home = join(dir, String(months));
      note(`openYear: sealing and closing ${months} months, outside the clock`);
      const closed = await runWorker<Closed>('year-close', { home, months });
      // What the evening before looked at lies judged on the disk, as it does for a console in use.
      await openBuilt(home, closed.nowMs);
      villages.push({ ...closed, months, home });
    }
    const turns = await takeTurns(runs, async () => {
      const turn: { opened: Opened; row: OneRow }[] = [];
      for (const { home, nowMs } of villages)
        turn.push({ opened: await openBuilt(home, nowMs), row: await runWorker<OneRow>('year-row', { home }) });
      return turn;
    });
    return villages.map((village, i) => {
      const own = turns.flatMap((turn) => turn[i] ?? []);
      return { ...village, opened: own.map((t) => t.opened), row: own.map((t) => t.row) };
    });
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measureOpenYear(options: BenchOptions): Promise<Row> {
  requireBuild();
  const sizes = await closeAndOpen(options);
  const [first, year] = [sizes[0], sizes.at(-1)];
  if (!first || !year) throw new Error('the row needs its sizes');
  const secondsOf = (s: Size): number[] => s.opened.map((o) => o.seconds);
  const ours = spreadOf(secondsOf(year));
  const notes: Record<string, string | number | null> = { readings: year.readings, frames: year.frames };
  for (const s of sizes) {
    notes[`months${s.months}Ms`] = Math.round(1000 * middle(secondsOf(s)));
    const phase = (of: (o: Opened) => number): number => Math.round(1000 * middle(s.opened.map(of)));
    notes[`months${s.months}Phases`] =
      `serving ${phase((o) => o.servingSeconds)} ms, today ${phase((o) => o.todaySeconds)} ms, meters ${phase((o) => o.metersSeconds)} ms, processor ${phase((o) => o.cpuSeconds)} ms`;
  }
  notes['longestBlockMs'] = Math.round(middle(year.opened.map((o) => o.longestBlockMs)));
  notes['peakMb'] = Math.max(...year.opened.map((o) => o.peakMb ?? 0)) || null;
  return {
    what: 'open a console with a year of 200 meters by the quarter of an hour, 12 months closed, built: from the start of the process to the first screen (villages, today, meters)',
    unit: 's',
    ours,
    references: [
      compare(ours, 'the same with 1 closed month', secondsOf(first)),
      compare(
        ours,
        'the same SQLite file opened, one row read',
        year.row.map((r) => r.seconds),
      ),
    ],
    notes,
    right: sizes.every(
      (s) =>
        s.right && s.opened.every((o) => o.meters === METERS && o.wholeWeeks === METERS) && s.row.every((r) => r.right),
    ),
  };
}

export const openYearEntry: BenchEntry = { name: 'openYear', group: 'replicate', measure: measureOpenYear };
