import type { WantedBlock } from '#core/ports/village-node.ts';
import { createTestDevice, startTestNode } from '#p2p/test-village.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';

const { dir, address, wanted } = readInput<{ address: string; wanted: WantedBlock[] }>();
const node = await startTestNode({ device: createTestDevice(), dir });
await node.dial(address);
let bytes = 0;

const cpu = process.cpuUsage();
const startMs = performance.now();
const missing = await node.fetchBlocks(wanted, {
  signal: AbortSignal.timeout(600_000),
  deliver(_cid, block) {
    bytes += block.length;
    return Promise.resolve();
  },
});
const seconds = secondsSince(startMs);
const used = process.cpuUsage(cpu);
const cpuSeconds = (used.user + used.system) / 1e6;
await answer({ seconds, cpuSeconds, bytes, missing: missing.length, peakMb: peakMbOf('self') }, () => node.stop());
