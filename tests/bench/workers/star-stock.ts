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
// The address of a log follows from its name and who may write to it, so each opens it by itself.
const logs = await Promise.all(nodes.map((node) => openStockLog<SignedRecord>(node, 'records')));
if (new Set(logs.map((log) => log.address)).size !== 1) throw new Error('the nodes opened different logs');
for (const log of logs) for (const record of makeRecords(perNode).records) await log.add(record);

const countOf = async (log: (typeof logs)[number]): Promise<number> => {
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
