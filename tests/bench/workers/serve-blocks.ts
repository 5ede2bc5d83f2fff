import { addressOf, createTestDevice, startTestNode } from '#p2p/test-village.ts';
import { answer, readInput } from './answer.ts';
import { makeVillageDays } from './village-days.ts';

const { dir, days } = readInput<{ days: number }>();
const node = await startTestNode({ device: createTestDevice(), dir });
const blocks = makeVillageDays(days);
for (const { cid, block } of blocks) await node.putBlock(cid, block);
const wanted = blocks.map(({ cid, bytes }) => ({ cid, bytes }));
await answer({ address: addressOf(node), wanted }, () => node.stop());
