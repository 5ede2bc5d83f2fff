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
interface Size extends Closed {
  readonly months: number;
  readonly opened: readonly Opened[];
  readonly row: readonly { readonly seconds: number; readonly right: boolean }[];
}

const MONTHS = [1, 4, 12] as const;
const METERS = 200;
const middle = (values: readonly number[]): number => spreadOf(values).median;

/** One village that grows; at each size its console is opened by a new process, as often as each side is measured. */
async function growAndOpen({ runs, note }: BenchOptions): Promise<Size[]> {
  const home = mkdtempSync(join(tmpdir(), 'bench-year-'));
  const sizes: Size[] = [];
  try {
    for (const [i, months] of MONTHS.entries()) {
      note(`openYear: sealing and closing up to ${months} months, outside the clock`);
      const closed = await runWorker<Closed>('year-close', { home, from: MONTHS[i - 1] ?? 0, to: months });
      const { nowMs } = closed;
      // What the evening before looked at lies judged on the disk, as it does for a console in use.
      await openBuilt(home, nowMs);
      const turns = await takeTurns(runs, async () => ({
        opened: await openBuilt(home, nowMs),
        row: await runWorker<{ seconds: number; right: boolean }>('year-row', { home }),
      }));
      sizes.push({ ...closed, months, opened: turns.map((t) => t.opened), row: turns.map((t) => t.row) });
    }
    return sizes;
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measureOpenYear(options: BenchOptions): Promise<Row> {
  requireBuild();
  const sizes = await growAndOpen(options);
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
