import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ContractRouterClient } from '@orpc/contract';
import { createRouterClient } from '@orpc/server';
import type { Contract } from '#api/contract.ts';
import { startCore } from '#core/start-core.ts';
import { composeOptions } from '#main/compose.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput } from './answer.ts';
import { createLedClock } from './village-month.ts';

/** Opens the console and answers what the first screen asks, as a window does: villages, today, meters. */
const { home, nowMs } = readInput<{ home: string; nowMs: number }>();
const blocked = monitorEventLoopDelay({ resolution: 5 });
// performance.now() counts from the start of the process; what comes before this is the loading of modules.
const loadedMs = performance.now();
const core = await startCore({
  ...composeOptions({
    dataDir: home,
    host: 'command-line',
    mdns: false,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    log: (line) => void process.stderr.write(`${line}\n`),
  }),
  clock: createLedClock(nowMs),
  autoPoll: false,
});
const startedMs = performance.now();
const client = createRouterClient(core.router, {
  context: core.context({ kind: 'operator' }),
}) as unknown as ContractRouterClient<Contract>;
blocked.enable();
const [village] = (await client.villages.state()).villages;
const id = village?.id ?? '';
const today = await client.today.get({ village: id });
const todayMs = performance.now();
const { meters } = await client.meters.list({ village: id });
const shownMs = performance.now();
blocked.disable();
const right = meters.length === 200 && meters.every((m) => m.week.measuredHours > 160) && today.nowMs === nowMs;
await answer(
  {
    seconds: (shownMs - loadedMs) / 1000,
    loadSeconds: loadedMs / 1000,
    startSeconds: (startedMs - loadedMs) / 1000,
    todaySeconds: (todayMs - startedMs) / 1000,
    metersSeconds: (shownMs - todayMs) / 1000,
    longestBlockMs: blocked.max / 1e6,
    peakMb: peakMbOf('self'),
    right,
  },
  () => core.stop(),
);
