import type { SignedRecord } from '#domain/books/record.ts';
import { startTestNode } from '#p2p/test-village.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { BOOK, digestOf, groupRecords, makeRecords } from './test-records.ts';

const { dir, count, perEntry } = readInput<{ count: number; perEntry: number }>();
const { device, records } = makeRecords(count);
const node = await startTestNode({ device, dir });

const startMs = performance.now();
for (const group of groupRecords(records, perEntry)) await node.append(BOOK, group);
const seconds = secondsSince(startMs);

const stored: SignedRecord[] = [];
for await (const chunk of node.scan(BOOK)) stored.push(...chunk);
const right = stored.length === count && digestOf(stored) === digestOf(records);
await answer({ seconds, peakMb: peakMbOf('self'), right }, () => node.stop());
