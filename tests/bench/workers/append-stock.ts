import type { SignedRecord } from '#domain/books/record.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { openStockLog, startStockNode } from './stock-node.ts';
import { digestOf, groupRecords, makeRecords } from './test-records.ts';

const { dir, count, perEntry } = readInput<{ count: number; perEntry: number }>();
const { records } = makeRecords(count);
const node = await startStockNode(dir, 'writer');
const db = await openStockLog<SignedRecord[]>(node, 'records');

const startMs = performance.now();
for (const group of groupRecords(records, perEntry)) await db.add(group);
const seconds = secondsSince(startMs);

const stored: SignedRecord[] = [];
for await (const { value } of db.iterator()) stored.push(...value);
const right = stored.length === count && digestOf(stored) === digestOf(records);
await answer({ seconds, peakMb: peakMbOf('self'), right }, () => node.stop());
