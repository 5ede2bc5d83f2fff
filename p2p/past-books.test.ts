import { afterEach, expect, test, vi } from 'vitest';
import type { PeerState, VillageNode } from '#core/ports/village-node.ts';
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
    expect(linked.length).toBe(count);
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
