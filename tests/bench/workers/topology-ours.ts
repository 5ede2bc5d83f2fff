import { subscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import type { VillageNode } from '#core/ports/village-node.ts';
import { ENTRIES_SENT } from '#p2p/entry-sender.ts';
import { addressOf, startTestNode } from '#p2p/test-village.ts';
import { createRandom } from '../../soak/random.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { BOOK, makeRecords } from './test-records.ts';

interface Input {
  readonly shape: string;
  readonly nodes: number;
  readonly perNode: number;
  /** Of a random mesh. */
  readonly seed: number;
}
const { dir, shape, nodes: count, perNode, seed } = readInput<Input>();

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

const at = (i: number): VillageNode => nodes[i] as VillageNode;

/** Pairs of nodes that are linked; a mesh is a random tree with as many links again between random nodes. */
function linksOf(): [VillageNode, VillageNode][] {
  if (shape === 'line') return nodes.slice(1).map((node, i) => [node, at(i)]);
  if (shape === 'star') return nodes.slice(1).map((node) => [node, at(0)]);
  const random = createRandom(seed);
  const pairs = new Map<string, [number, number]>();
  const link = (a: number, b: number): unknown => pairs.set(`${Math.min(a, b)} ${Math.max(a, b)}`, [a, b]);
  for (let i = 1; i < count; i++) link(i, random.int(i));
  while (pairs.size < 2 * (count - 1)) {
    const a = random.int(count);
    link(a, (a + 1 + random.int(count - 1)) % count);
  }
  return [...pairs.values()].map(([a, b]) => [at(a), at(b)]);
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
