import { expect, test } from 'vitest';
import type { VillageNode } from '#core/ports/village-node.ts';
import { orbitHashOf } from './orbit-hash.ts';
import { expectSame, nodesOfTests } from './test-nodes.ts';
import { addressOf, createTestDevice, type ForgedEntry, idsOf, makeEntry, type TestDevice } from './test-village.ts';

const nodes = nodesOfTests();
const BOOK = 'segments-2026-10';
const give = (node: VillageNode, { identity, bytes }: ForgedEntry) =>
  node.importEntries({ book: BOOK, identities: [identity], entries: [bytes] });
const entryOf = (author: TestDevice, place: { time: number; next?: string[] }): Promise<ForgedEntry> =>
  makeEntry(author, BOOK, [author.write(BOOK)], place);

test('an entry with a clock at the end of all numbers and a parent that nobody keeps does not end its book', async () => {
  const [own, thief] = [createTestDevice(), createTestDevice()];
  const node = await nodes.start({ device: own });
  const other = await nodes.start({ device: createTestDevice() });
  const nowhere = await entryOf(thief, { time: 1 });
  await give(node, await entryOf(thief, { time: Number.MAX_SAFE_INTEGER, next: [nowhere.hash] }));
  await node.joinWithoutParents();
  await node.append(BOOK, [own.write(BOOK)]);
  await node.append(BOOK, [own.write(BOOK)]);
  await other.dial(addressOf(node));
  await expectSame([node, other], BOOK, 3);
});

test('a clock that is not after a parent is judged alike by who has the parent and who was told that it is gone', async () => {
  const thief = createTestDevice();
  const a = await nodes.start({ device: createTestDevice() });
  const b = await nodes.start({ device: createTestDevice() });
  const parent = await entryOf(thief, { time: 10 });
  const child = await entryOf(thief, { time: 5, next: [parent.hash] });
  await give(a, parent);
  await give(a, child);
  await give(b, child);
  await b.joinWithoutParents();
  expect(await idsOf(b, BOOK)).toHaveLength(1);
  await b.dial(addressOf(a));
  await expectSame([a, b], BOOK, 2);
});

test('entries that name parents without end, which nobody keeps, fill neither the memory nor the row of their book', async () => {
  const thief = createTestDevice();
  const node = await nodes.start({ device: createTestDevice() });
  const names = (i: number) => Array.from({ length: 4096 }, (_, n) => orbitHashOf(Uint8Array.of(i, n >> 8, n & 255)));
  for (let i = 0; i < 20; i++) await give(node, await entryOf(thief, { time: 1, next: names(i) }));
  await node.joinWithoutParents();
  // Of 4096 parents each, 50,000 in all.
  expect((await idsOf(node, BOOK)).length).toBeLessThanOrEqual(12);
});
