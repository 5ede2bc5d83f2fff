import type { SignedRecord } from '#domain/books/record.ts';
import { answer, readInput } from './answer.ts';
import { openStockLog, startStockNode } from './stock-node.ts';
import { makeRecords } from './test-records.ts';

const { dir, count } = readInput<{ count: number }>();
const { records } = makeRecords(count);
const node = await startStockNode(dir, 'writer');
const db = await openStockLog<SignedRecord>(node, 'records');
for (const record of records) await db.add(record);
const log = db.address;
await node.stop();
await answer({ path: dir, log });
