import { verifyEd25519 } from '#core/crypto/device-keys.ts';
import type { Admit } from '#core/ports/village-node.ts';
import { openRecord, type SignedRecord } from '#domain/books/record.ts';
import { createTestDevice, startTestNode } from '#p2p/test-village.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { BOOK, digestOf } from './test-records.ts';

const { dir, count, address } = readInput<{ count: number; address: string }>();
// The node verifies entries; a console also opens and verifies every record, so that belongs to the price.
const admit: Admit = ({ records }) =>
  records.every((record) => openRecord(record, verifyEd25519).ok) ? 'accept' : { refuse: 'a record is not signed' };
const node = await startTestNode({ device: createTestDevice(), dir, admit });
let joined = 0;
const complete = new Promise<void>((resolve) => {
  node.subscribe((event) => {
    if (event.type === 'records') joined += event.records.length;
    if (joined >= count) resolve();
  });
});

const startMs = performance.now();
await node.dial(address);
await complete;
const seconds = secondsSince(startMs);

const stored: SignedRecord[] = [];
for await (const chunk of node.scan(BOOK)) stored.push(...chunk);
await answer({ seconds, peakMb: peakMbOf('self'), digest: digestOf(stored) }, () => node.stop());
