import { startTestNode } from '#p2p/test-village.ts';
import { answer, readInput } from './answer.ts';
import { BOOK, groupRecords, makeRecords } from './test-records.ts';

const AT_ONCE = 500;

const { dir, count } = readInput<{ count: number }>();
const { device, records } = makeRecords(count);
const node = await startTestNode({ device, dir });
// one record to an entry
for (const group of groupRecords(records, AT_ONCE))
  await Promise.all(group.map((record) => node.append(BOOK, [record])));
await node.stop();
await answer({ path: dir, log: BOOK });
