import { afterEach, expect, test, vi } from 'vitest';
import type { EntryBundle, PeerState, VillageNode } from '#core/ports/village-node.ts';
import { addressOf, createTestDevice, idsOf, makeTestDir, startTestNode, type TestDevice } from './test-village.ts';

const WAIT = { timeout: 30_000, interval: 20 };
const BOOK = 'segments-2026-01';
const running = new Set<VillageNode>();
const start: typeof startTestNode = async (options) => {
  const node = await startTestNode(options);
  running.add(node);
  return node;
};
afterEach(async () => {
  await Promise.all([...running].map((node) => node.stop()));
  running.clear();
});
async function write(node: VillageNode, device: TestDevice, book: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await node.append(book, [device.write(book)]);
}
const peersInStep = (node: VillageNode, count: number) =>
  vi.waitFor(() => {
    const linked: PeerState[] = node.peers().filter((p) => p.connected);
    expect(linked.length).toBeGreaterThanOrEqual(count);
    for (const peer of linked) expect(peer).toMatchObject({ inStep: true, toSend: 0, toFetch: 0 });
  }, WAIT);
const idsIn = async (node: VillageNode): Promise<string[]> => (await idsOf(node, BOOK)).sort();

test('a node that joins where a month was let go of is in step, gets what came late, and all of it from who kept it', async () => {
  const [a, b, c] = [createTestDevice(), createTestDevice(), createTestDevice()];
  const [nodeA, nodeC] = [await start({ device: a }), await start({ device: c })];
  await write(nodeA, a, 'members', 2);
  await write(nodeA, a, BOOK, 5);
  await nodeC.dial(addressOf(nodeA));
  await vi.waitFor(() => expect(nodeC.size(BOOK)).toBe(5), WAIT);
  await nodeC.setOnline(false);
  await nodeA.releaseBook(BOOK);

  const dir = makeTestDir();
  let nodeB = await start({ device: b, dir });
  await nodeB.dial(addressOf(nodeA));
  await vi.waitFor(() => expect(nodeB.size('members')).toBe(2), WAIT);
  await peersInStep(nodeB, 1);
  await peersInStep(nodeA, 1);
  expect(nodeB.size(BOOK)).toBe(0);

  await write(nodeA, a, BOOK, 1);
  await vi.waitFor(() => expect(nodeB.size(BOOK)).toBe(1), WAIT);
  await write(nodeB, b, BOOK, 1);
  await vi.waitFor(() => expect(nodeA.size(BOOK)).toBe(7), WAIT);
  await peersInStep(nodeB, 1);
  await nodeB.stop();
  running.delete(nodeB);
  nodeB = await start({ device: b, dir });
  await nodeB.dial(addressOf(nodeA));
  await peersInStep(nodeB, 1);
  expect(nodeB.size(BOOK)).toBe(2);

  await nodeC.setOnline(true);
  await nodeB.dial(addressOf(nodeC));
  await vi.waitFor(() => expect([nodeB.size(BOOK), nodeC.size(BOOK)]).toEqual([7, 7]), WAIT);
  expect(await idsIn(nodeB)).toEqual(await idsIn(nodeC));
  for (const node of [nodeA, nodeB, nodeC])
    await vi.waitFor(
      () =>
        expect(
          node
            .peers()
            .filter((p) => p.connected)
            .every((p) => p.inStep),
        ).toBe(true),
      WAIT,
    );
});

test('books that are never let go of wait for their parents, whatever a peer says is gone', async () => {
  const [a, b] = [createTestDevice(), createTestDevice()];
  const nodeA = await start({ device: a });
  await write(nodeA, a, 'assets', 3);
  await nodeA.releaseBook('assets');
  await write(nodeA, a, 'assets', 1);
  await write(nodeA, a, 'members', 1);
  const nodeB = await start({ device: b });
  await nodeB.dial(addressOf(nodeA));
  await vi.waitFor(() => expect(nodeB.size('members')).toBe(1), WAIT);
  await vi.waitFor(() => expect(nodeB.peers().some((p) => p.toFetch > 0)).toBe(true), WAIT);
  expect(nodeB.size('assets')).toBe(0);
  expect(nodeB.peers().some((p) => p.inStep)).toBe(false);
});

test('a node that holds half of a month and one that let go of it are in step, whoever wrote late, also after both started again', async () => {
  const [a, b] = [createTestDevice(), createTestDevice()];
  const dirs = [makeTestDir(), makeTestDir()] as const;
  let nodeA = await start({ device: a, dir: dirs[0] });
  let nodeB = await start({ device: b, dir: dirs[1] });
  await write(nodeA, a, 'members', 1);
  await write(nodeA, a, BOOK, 3);
  await nodeB.dial(addressOf(nodeA));
  await vi.waitFor(() => expect(nodeB.size(BOOK)).toBe(3), WAIT);
  await nodeB.setOnline(false);
  await write(nodeA, a, BOOK, 3);
  await nodeA.releaseBook(BOOK);
  await nodeB.setOnline(true);
  await nodeB.dial(addressOf(nodeA));
  await peersInStep(nodeA, 1);
  await peersInStep(nodeB, 1);
  expect([nodeA.size(BOOK), nodeB.size(BOOK)]).toEqual([6, 3]);

  await write(nodeB, b, BOOK, 1);
  await vi.waitFor(() => expect(nodeA.size(BOOK)).toBe(7), WAIT);
  await peersInStep(nodeA, 1);
  await peersInStep(nodeB, 1);
  expect(nodeB.size(BOOK)).toBe(4);
  await write(nodeA, a, BOOK, 1);
  await vi.waitFor(() => expect(nodeB.size(BOOK)).toBe(5), WAIT);
  await peersInStep(nodeA, 1);
  await peersInStep(nodeB, 1);
  for (const node of [nodeA, nodeB]) {
    await node.stop();
    running.delete(node);
  }
  nodeA = await start({ device: a, dir: dirs[0] });
  nodeB = await start({ device: b, dir: dirs[1] });
  await nodeB.dial(addressOf(nodeA));
  await peersInStep(nodeA, 1);
  await peersInStep(nodeB, 1);
  expect([nodeA.size(BOOK), nodeB.size(BOOK)]).toEqual([8, 5]);
});

test('two nodes that hold different halves of a month that a third let go of come to all of it', async () => {
  const [a, b, c] = [createTestDevice(), createTestDevice(), createTestDevice()];
  const [nodeA, nodeB, nodeC] = [await start({ device: a }), await start({ device: b }), await start({ device: c })];
  await write(nodeA, a, BOOK, 3);
  await nodeB.dial(addressOf(nodeA));
  await vi.waitFor(() => expect(nodeB.size(BOOK)).toBe(3), WAIT);
  await nodeB.setOnline(false);
  await nodeA.releaseBook(BOOK);
  await write(nodeA, a, BOOK, 3);
  await nodeC.dial(addressOf(nodeA));
  await vi.waitFor(() => expect(nodeC.size(BOOK)).toBe(3), WAIT);
  await nodeA.releaseBook(BOOK);
  await write(nodeC, c, BOOK, 1);
  await peersInStep(nodeC, 1);
  await nodeB.setOnline(true);
  await nodeB.dial(addressOf(nodeA));
  await vi.waitFor(() => expect(nodeA.size(BOOK)).toBe(7), WAIT);
  await peersInStep(nodeB, 1);
  expect(nodeB.size(BOOK)).toBe(4);
  await nodeC.dial(addressOf(nodeB));
  await vi.waitFor(() => expect([nodeB.size(BOOK), nodeC.size(BOOK)]).toEqual([7, 7]), WAIT);
  await peersInStep(nodeA, 2);
  await peersInStep(nodeB, 2);
  await peersInStep(nodeC, 2);
  expect(await idsIn(nodeB)).toEqual(await idsIn(nodeC));
  expect(new Set(await idsIn(nodeB)).size).toBe(7);
});

test('a node that joins where all that is left of a month follows what nobody keeps gets that much, and is in step', async () => {
  const [a, b, c] = [createTestDevice(), createTestDevice(), createTestDevice()];
  const [nodeA, nodeB] = [await start({ device: a }), await start({ device: b })];
  await write(nodeA, a, BOOK, 3);
  await nodeA.releaseBook(BOOK);
  await write(nodeA, a, BOOK, 2);
  await nodeB.dial(addressOf(nodeA));
  await vi.waitFor(() => expect(nodeB.size(BOOK)).toBe(2), WAIT);
  await nodeA.stop();
  running.delete(nodeA);
  const nodeC = await start({ device: c });
  await nodeC.dial(addressOf(nodeB));
  await vi.waitFor(() => expect(nodeC.size(BOOK)).toBe(2), WAIT);
  await peersInStep(nodeC, 1);
  await peersInStep(nodeB, 1);
});

test('a month that a node takes back from a file goes on to whoever lacks it, over the links that are up', async () => {
  const [a, b] = [createTestDevice(), createTestDevice()];
  const [nodeA, nodeB] = [await start({ device: a }), await start({ device: b })];
  await write(nodeA, a, BOOK, 4);
  const file: EntryBundle[] = [];
  for await (const part of nodeA.exportEntries()) file.push(part);
  await nodeA.releaseBook(BOOK);
  await write(nodeA, a, BOOK, 1);
  await nodeB.dial(addressOf(nodeA));
  await vi.waitFor(() => expect(nodeB.size(BOOK)).toBe(1), WAIT);
  await peersInStep(nodeB, 1);
  for (const part of file) expect(await nodeA.importEntries(part)).toMatchObject({ restored: 4 });
  await vi.waitFor(() => expect(nodeB.size(BOOK)).toBe(5), WAIT);
  await peersInStep(nodeA, 1);
  await peersInStep(nodeB, 1);
});
