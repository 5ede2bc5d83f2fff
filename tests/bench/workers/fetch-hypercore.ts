import { once } from 'node:events';
import { connect } from 'node:net';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { openHypercore, replicateOver } from './hypercore.ts';

const { dir, port, key } = readInput<{ port: number; key: string }>();
const core = await openHypercore(dir, key);
const socket = connect(port, '127.0.0.1');
await once(socket, 'connect');

// Ours is connected with its handshakes done when its clock starts, so Hypercore's starts after its own too.
replicateOver(core, true, socket);
await core.update({ wait: true });
const cpu = process.cpuUsage();
const startMs = performance.now();
await core.download({ start: 0, end: core.length }).done();
const seconds = secondsSince(startMs);
const used = process.cpuUsage(cpu);
const cpuSeconds = (used.user + used.system) / 1e6;
await answer({ seconds, cpuSeconds, bytes: core.byteLength, missing: 0, peakMb: peakMbOf('self') }, async () => {
  socket.destroy();
  await core.close();
});
