import { addressOf, startTestNode } from '#p2p/test-village.ts';
import { answer, readInput } from './answer.ts';
import { BOOK, digestOf, makeRecords } from './test-records.ts';

const { dir, count } = readInput<{ count: number }>();
const { device, records } = makeRecords(count);
const node = await startTestNode({ device, dir });
// one record to an entry, as people's acts come
await Promise.all(records.map((record) => node.append(BOOK, [record])));
await answer({ address: addressOf(node), log: BOOK, digest: digestOf(records) }, () => node.stop());
