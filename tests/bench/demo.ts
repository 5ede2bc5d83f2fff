import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text as readText } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { findReferenceFile } from '#meter-drivers/reference-data.ts';
import { type BenchEntry, type BenchOptions, type Row, type Skipped, spreadOf, takeTurns } from './bench.ts';
import { BUILT_COMMAND, requireBuild } from './built-command.ts';
import { DEMO_CASES, type DemoCase, type MonthFigures } from './demo-cases.ts';
import { type PeakMemory, watchPeakMemory } from './peak-memory.ts';

interface DemoAnswer {
  readonly ok: boolean;
  readonly readings: number;
  readonly recordedHours: number;
  readonly flagged: { readonly spikes: number };
  readonly energyWh: {
    readonly held: number;
    readonly measured: number;
    readonly site: number | null;
    readonly unattributed: number | null;
  };
  readonly moneyMinor: Pick<
    MonthFigures,
    'hostCharge' | 'rent' | 'neighboursPay' | 'grid' | 'ownerShare' | 'hostShare'
  > & { readonly difference: number };
}

interface Played extends PeakMemory {
  readonly seconds: number;
  readonly readings: number;
  readonly right: boolean;
}

function figuresOf({ recordedHours, flagged, energyWh, moneyMinor }: DemoAnswer): MonthFigures {
  const { hostCharge, rent, neighboursPay, grid, ownerShare, hostShare } = moneyMinor;
  return {
    recordedHours,
    spikes: flagged.spikes,
    heldWh: energyWh.held,
    circuitsWh: energyWh.measured,
    siteWh: energyWh.site,
    unattributedWh: energyWh.unattributed,
    hostCharge,
    rent,
    neighboursPay,
    grid,
    ownerShare,
    hostShare,
  };
}

/** `gridpact demo` from its start to its exit. */
async function playDemo(args: readonly string[], expected: MonthFigures): Promise<Played> {
  const tellPeak = watchPeakMemory();
  const startMs = performance.now();
  const child = spawn(process.execPath, [BUILT_COMMAND, 'demo', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  const output = await readText(child.stdout);
  await exited;
  const seconds = (performance.now() - startMs) / 1000;
  const peak = tellPeak();
  if (child.exitCode !== 0 && output === '') throw new Error(`the demo ended with exit code ${child.exitCode}`);
  const answer = JSON.parse(output) as DemoAnswer;
  const ties = answer.ok && child.exitCode === 0 && answer.moneyMinor.difference === 0;
  const right = ties && isDeepStrictEqual(figuresOf(answer), expected);
  return { seconds, readings: answer.readings, right, ...peak };
}

async function measureDemo({ site, figures }: DemoCase, { runs }: BenchOptions): Promise<Row | Skipped> {
  requireBuild();
  const args: string[] = [];
  if (site) {
    const file = findReferenceFile('data', 'villages', `${site.village}-hourly-wh.csv`);
    if (file === null) return { skipped: `the readings of ${site.village} are not here; set GRIDPACT_REFERENCE` };
    args.push('--site', file, '--from', site.from);
  }
  const turns = await takeTurns(runs, () => playDemo(args, figures));
  const largest = turns.reduce((a, b) => ((b.peakMb ?? 0) > (a.peakMb ?? 0) ? b : a));
  return {
    what: 'gridpact demo, three consoles: read, sign, close, co-sign and settle a month',
    unit: 's',
    ours: spreadOf(turns.map((turn) => turn.seconds)),
    references: [],
    notes: {
      aim: 'about 60 s and under 600 MB a process on 2 cores',
      largestProcessMb: largest.peakMb,
      largestProcess: largest.process,
      readings: largest.readings,
    },
    right: turns.every((turn) => turn.right),
  };
}

export const demoEntries: readonly BenchEntry[] = DEMO_CASES.map((demo) => ({
  name: demo.name,
  measure: (options) => measureDemo(demo, options),
}));
