import { join } from 'node:path';
import { multiaddr } from '@multiformats/multiaddr';
import type { SignedRecord } from '#domain/books/record.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { openStockLog, startStockNode } from './stock-node.ts';
import { makeRecords } from './test-records.ts';

const { dir, nodes: count, perNode, waitMs } = readInput<{ nodes: number; perNode: number; waitMs: number }>();

const nodes = await Promise.all(
  Array.from({ length: count }, (_, i) => startStockNode(join(dir, String(i)), `node ${i}`)),
);
const [hub, ...leaves] = nodes;
if (!hub) throw new Error('a star needs a hub');
const first = await openStockLog<SignedRecord>(hub, 'records');
const logs = [first, ...(await Promise.all(leaves.map((leaf) => openStockLog<SignedRecord>(leaf, first.address))))];
for (const log of logs) for (const record of makeRecords(perNode).records) await log.add(record);

const countOf = async (log: typeof first): Promise<number> => {
  let entries = 0;
  for await (const _ of log.iterator()) entries += 1;
  return entries;
};
const startMs = performance.now();
const [address] = hub.libp2p.getMultiaddrs();
for (const leaf of leaves) await leaf.libp2p.dial(multiaddr(address?.toString() ?? ''));
await new Promise((resolve) => setTimeout(resolve, waitMs));
const counts = await Promise.all(logs.map(countOf));
const converged = counts.every((entries) => entries === count * perNode);
await answer({ seconds: Math.round(secondsSince(startMs)), converged }, () =>
  Promise.all(nodes.map((node) => node.stop())),
);
