import * as z from 'zod';
import { startConsole } from '#core/start-core.ts';
import { joinVillage } from '#core/villages/invitations.ts';
import { composeOptions } from '#main/compose.ts';

/** Joins a village and stays, until it is killed at the step that GRIDPACT_KILL_AT names. */
const { dataDir, text, pin, atMs } = z
  .object({ dataDir: z.string(), text: z.string(), pin: z.string(), atMs: z.int() })
  .parse(JSON.parse(process.argv[2] ?? '{}'));
const { console } = await startConsole({
  ...composeOptions({
    dataDir,
    host: 'command-line',
    listen: ['/ip4/127.0.0.1/tcp/0'],
    mdns: false,
    log: (line) => process.stderr.write(`${line}\n`),
  }),
  clock: { now: () => atMs },
  autoPoll: false,
});
await joinVillage(console, { text, name: 'Okot', pin });
