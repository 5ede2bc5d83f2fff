import type { SignedRecord } from '#domain/books/record.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { openStockLog, startStockNode } from './stock-node.ts';

const { path, log, count } = readInput<{ path: string; log: string; count: number }>();

const startMs = performance.now();
const node = await startStockNode(path, 'writer');
const db = await openStockLog<SignedRecord>(node, log);
let read = 0;
for await (const { value } of db.iterator()) if (value.sig.length === 64) read += 1;
const seconds = secondsSince(startMs);

await answer({ seconds, peakMb: peakMbOf('self'), right: read === count }, () => node.stop());
