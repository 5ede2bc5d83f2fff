import { subscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import type { VillageNode } from '#core/ports/village-node.ts';
import { ENTRIES_SENT } from '#p2p/entry-sender.ts';
import { addressOf, startTestNode } from '#p2p/test-village.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { BOOK, makeRecords } from './test-records.ts';

const { dir, shape, nodes: count, perNode } = readInput<{ shape: string; nodes: number; perNode: number }>();

let sent = 0;
subscribe(ENTRIES_SENT, (entries) => {
  sent += Number(entries);
});
const nodes: VillageNode[] = [];
for (let i = 0; i < count; i++) {
  const { device, records } = makeRecords(perNode);
  const node = await startTestNode({ device, dir: join(dir, String(i)) });
  await Promise.all(records.map((record) => node.append(BOOK, [record])));
  nodes.push(node);
}
const total = count * perNode;
const sizeOf = (node: VillageNode): number => (node.marks().get(BOOK) ?? []).reduce((sum, mark) => sum + mark.count, 0);
const complete = new Promise<void>((resolve) => {
  const check = (): void => {
    if (nodes.every((node) => sizeOf(node) === total)) resolve();
  };
  for (const node of nodes) node.subscribe(check);
});

/** Pairs of nodes that are linked: a tree in the order of the nodes, and for a mesh as many links again. */
function linksOf(): [VillageNode, VillageNode][] {
  const at = (i: number): VillageNode => nodes[i] as VillageNode;
  const tree = nodes.slice(1).map((node, i): [VillageNode, VillageNode] => [node, shape === 'line' ? at(i) : at(0)]);
  if (shape !== 'mesh') return tree;
  // Fixed steps around the ring stand for chance, so that every run is the same mesh.
  const ring = nodes.map((node, i): [VillageNode, VillageNode] => [node, at((i + 1) % count)]);
  return [...ring, ...nodes.map((node, i): [VillageNode, VillageNode] => [node, at((i * 3 + 4) % count)])].filter(
    ([a, b]) => a !== b,
  );
}

// Every link is known beforehand and cut; the clock starts when all come back.
const links = linksOf();
for (const node of nodes) await node.setOnline(false);
const startMs = performance.now();
for (const node of nodes) await node.setOnline(true);
await Promise.all(links.map(([from, to]) => from.dial(addressOf(to))));
const linkedMs = performance.now();
await complete;
const seconds = secondsSince(linkedMs);
const secondsWithLinking = secondsSince(startMs);
const right = nodes.every((node) => sizeOf(node) === total);
const result = { seconds, secondsWithLinking, sent, needed: total * (count - 1), peakMb: peakMbOf('self'), right };
await answer(result, () => Promise.all(nodes.map((node) => node.stop())));
