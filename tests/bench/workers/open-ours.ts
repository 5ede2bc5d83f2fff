import { createRecordIndex, knownRecord } from '#core/village/record-index.ts';
import { foldVillage } from '#domain/village/fold.ts';
import { createTestDevice, startTestNode, TEST_VILLAGE } from '#p2p/test-village.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';

const { path, log, count } = readInput<{ path: string; log: string; count: number }>();
const device = createTestDevice();

const startMs = performance.now();
const node = await startTestNode({ device, dir: path });
const index = createRecordIndex({ recordBytes: () => undefined, settledRecords: () => 0 });
for await (const chunk of node.scan(log)) index.add(chunk.flatMap(({ bytes }) => knownRecord(bytes) ?? []));
const state = foldVillage(TEST_VILLAGE, [...index.outside.values()], { nowMs: Date.now() });
const seconds = secondsSince(startMs);

const right = index.size === count && state.outside.size === count;
await answer({ seconds, peakMb: peakMbOf('self'), right }, () => node.stop());
