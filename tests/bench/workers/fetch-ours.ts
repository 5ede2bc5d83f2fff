import { createRecordIndex, knownRecord } from '#core/village/record-index.ts';
import type { SignedRecord } from '#domain/books/record.ts';
import { createTestDevice, startTestNode } from '#p2p/test-village.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { BOOK, digestOf } from './test-records.ts';

const { dir, count, address } = readInput<{ count: number; address: string }>();
const node = await startTestNode({ device: createTestDevice(), dir });
// The node verifies entries and records; a console also opens every record, so that belongs to the price.
const index = createRecordIndex({ recordBytes: () => undefined, settledRecords: () => 0 });
const complete = new Promise<void>((resolve) => {
  node.subscribe((event) => {
    if (event.type !== 'records') return;
    index.add(event.records.flatMap(({ bytes }) => knownRecord(bytes) ?? []));
    if (index.size >= count) resolve();
  });
});

const startMs = performance.now();
await node.dial(address);
await complete;
const seconds = secondsSince(startMs);

const stored: SignedRecord[] = [];
for await (const chunk of node.scan(BOOK)) stored.push(...chunk);
await answer({ seconds, peakMb: peakMbOf('self'), digest: digestOf(stored) }, () => node.stop());
