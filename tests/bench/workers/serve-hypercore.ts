import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { answer, readInput } from './answer.ts';
import { openHypercore, replicateOver } from './hypercore.ts';
import { makeVillageDays } from './village-days.ts';

const { dir, days } = readInput<{ days: number }>();
const core = await openHypercore(dir);
for (const { block } of makeVillageDays(days)) await core.append(block);
const server = createServer((socket) => replicateOver(core, false, socket));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
await answer({ port, key: core.key.toString('hex') }, async () => {
  server.close();
  await core.close();
});
