import { spawnSync } from 'node:child_process';
import { startConsole } from '../e2e/start-console.ts';
import { type BenchEntry, type BenchOptions, compare, type Row, spreadOf, takeTurns } from './bench.ts';
import { requireBuild } from './built-command.ts';
import { type Client, connect } from './connect.ts';
import { type PeakMemory, watchPeakMemory } from './peak-memory.ts';

interface Started extends PeakMemory {
  readonly seconds: number;
  readonly servingSeconds: number;
  readonly villageSeconds: number;
  readonly meters: number;
  readonly nothingSeconds: number;
}

/** Hang limit and pace of asking again; neither is a measure of ours. */
const HANG_MS = 10 * 60_000;
const ASK_MS = 100;

/** `gridpact gateway --open-demo` in an empty folder until a meter of the demo village was read after its making. */
async function startDemoVillage(): Promise<Started> {
  const nothingSeconds = startNothing();
  const tellPeak = watchPeakMemory();
  const startMs = performance.now();
  const passed = (): number => (performance.now() - startMs) / 1000;
  const started = await startConsole({ args: ['--open-demo'] });
  const servingSeconds = passed();
  try {
    const connection = await connect(started);
    try {
      const village = await waitForVillage(connection.client);
      const villageSeconds = passed();
      const meters = await waitForReading(connection.client, village);
      return { seconds: passed(), servingSeconds, villageSeconds, meters, nothingSeconds, ...tellPeak() };
    } finally {
      connection.close();
    }
  } finally {
    tellPeak();
    await started.remove();
  }
}

function startNothing(): number {
  const startMs = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return (performance.now() - startMs) / 1000;
}

async function askUntil<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (const endMs = performance.now() + HANG_MS; performance.now() < endMs; ) {
    const found = await ask();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
  throw new Error(`${what} did not come within ${HANG_MS / 60_000} minutes`);
}

/** The job that makes the village, to its end. */
async function waitForVillage(client: Client): Promise<string> {
  const job = await askUntil(
    'the job of the demo',
    async () => (await client.villages.state({})).demo.job ?? undefined,
  );
  for await (const state of await client.jobs.watch({ job })) {
    if (state.state === 'done') return String(state.result?.['village']);
    if (state.state !== 'running') throw new Error(`the demo's job ${state.state}: ${state.error?.detail ?? ''}`);
  }
  throw new Error('the watch of the job ended before the job');
}

/** How many meters there are, once one was read later than any had been when the village was ready. */
async function waitForReading(client: Client, village: string): Promise<number> {
  const lastReadings = async (): Promise<number[]> =>
    (await client.meters.list({ village })).meters.map((meter) => meter.last?.atMs ?? 0);
  const before = Math.max(...(await lastReadings()));
  return await askUntil('a live reading', async () => {
    const last = await lastReadings();
    return Math.max(...last) > before ? last.length : undefined;
  });
}

async function measureStart({ runs }: BenchOptions): Promise<Row> {
  requireBuild();
  const turns = await takeTurns(runs, startDemoVillage);
  const medianOf = (pick: (turn: Started) => number): number => Number(spreadOf(turns.map(pick)).median.toFixed(1));
  const ours = spreadOf(turns.map((turn) => turn.seconds));
  const largest = turns.reduce((a, b) => ((b.peakMb ?? 0) > (a.peakMb ?? 0) ? b : a));
  return {
    what: 'gridpact gateway --open-demo, installed and built, until a demo village lives (first live reading)',
    unit: 's',
    ours,
    references: [
      compare(
        ours,
        'node -e 0',
        turns.map((turn) => turn.nothingSeconds),
      ),
    ],
    notes: {
      aim: 'about 60 s where install is done',
      servingAfterS: medianOf((turn) => turn.servingSeconds),
      villageReadyAfterS: medianOf((turn) => turn.villageSeconds),
      meters: largest.meters,
      largestProcessMb: largest.peakMb,
      largestProcess: largest.process,
    },
    right: turns.every((turn) => turn.meters > 0),
  };
}

export const startEntry: BenchEntry = { name: 'start', measure: measureStart };
