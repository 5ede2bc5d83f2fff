import { get } from 'node:http';
import { startConsole } from '../e2e/start-console.ts';
import { connect } from './connect.ts';
import { cpuSecondsOf, peakMbOf } from './peak-memory.ts';

/** A console of the built product, opened by a new process: what a person waits for. */
export interface Opened {
  /** From the start of the process to what the first screen asks: villages, today, meters. */
  readonly seconds: number;
  /** Until it serves: modules loaded, villages open. */
  readonly servingSeconds: number;
  readonly todaySeconds: number;
  readonly metersSeconds: number;
  /** The longest that the process kept a small request waiting meanwhile. */
  readonly longestBlockMs: number;
  readonly cpuSeconds: number;
  readonly peakMb: number | null;
  readonly stateHash: string;
  readonly records: number;
  readonly meters: number;
  /** Of the meters, how many were read in all of the week before. */
  readonly wholeWeeks: number;
}

const WEEK_HOURS = 160;

/** Opens the console in `home` at an instant, as `gridpact gateway` does, and asks as a window does. */
export async function openBuilt(home: string, nowMs: number): Promise<Opened> {
  const startMs = performance.now();
  const passed = (): number => (performance.now() - startMs) / 1000;
  const console = await startConsole({ dataDir: home, clock: { offsetMs: nowMs - Date.now() } });
  const servingSeconds = passed();
  const pings = keepAsking(console.url);
  try {
    const { client, close } = await connect(console);
    const [village] = (await client.villages.state()).villages;
    const id = village?.id ?? '';
    await client.today.get({ village: id });
    const todaySeconds = passed() - servingSeconds;
    const { meters } = await client.meters.list({ village: id });
    const seconds = passed();
    const cpuSeconds = cpuSecondsOf(console.pid);
    const longestBlockMs = await pings.stop();
    const { stateHash, records } = await client.sync.status({ village: id });
    close();
    return {
      seconds,
      servingSeconds,
      todaySeconds,
      metersSeconds: seconds - servingSeconds - todaySeconds,
      longestBlockMs,
      cpuSeconds,
      peakMb: peakMbOf(console.pid),
      stateHash,
      records,
      meters: meters.length,
      wholeWeeks: meters.filter((m) => m.week.measuredHours > WEEK_HOURS).length,
    };
  } finally {
    await pings.stop();
    await console.stop();
  }
}

/** Asks for a file again as soon as it came. */
function keepAsking(url: string): { stop(): Promise<number> } {
  let isStopped = false;
  let longestMs = 0;
  const ask = (): Promise<void> =>
    new Promise((resolve) => {
      const fromMs = performance.now();
      const done = (): void => {
        longestMs = Math.max(longestMs, performance.now() - fromMs);
        resolve();
      };
      get(url, (res) => res.resume().once('close', done)).once('error', done);
    });
  const asking = (async () => {
    while (!isStopped) await ask();
  })();
  return {
    async stop() {
      isStopped = true;
      await asking;
      return longestMs;
    },
  };
}
