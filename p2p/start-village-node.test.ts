import { afterEach, expect, test, vi } from 'vitest';
import type { NodeEvent, VillageNode } from '#core/ports/village-node.ts';
import { addressOf, createTestDevice, idsOf, makeTestDir, startTestNode } from './test-village.ts';

const running = new Set<VillageNode>();
const start: typeof startTestNode = async (options) => {
  const node = await startTestNode(options);
  running.add(node);
  return node;
};
const stop = async (node: VillageNode): Promise<void> => {
  running.delete(node);
  await node.stop();
};
afterEach(async () => {
  await Promise.all([...running].map(stop));
});

const WAIT = { timeout: 30_000, interval: 20 };
const sorted = async (node: VillageNode, book: string): Promise<string[]> => (await idsOf(node, book)).sort();
async function expectSame(nodes: readonly VillageNode[], book: string, count: number): Promise<void> {
  await vi.waitFor(async () => {
    const [first, ...rest] = await Promise.all(nodes.map((node) => sorted(node, book)));
    expect(first).toHaveLength(count);
    for (const other of rest) expect(other).toEqual(first);
  }, WAIT);
}

test('a record is there after a restart and its order of joining is kept', async () => {
  const dir = makeTestDir();
  const device = createTestDevice();
  const records = Array.from({ length: 130 }, (_, i) => device.write('members', { i }));
  const first = await start({ device, dir });
  await first.append('members', records);
  const before = await idsOf(first, 'members');
  await stop(first);
  const again = await start({ device, dir });
  expect(before).toHaveLength(130);
  expect(await idsOf(again, 'members')).toEqual(before);
  expect(again.books()).toEqual(['members']);
});

test('two nodes that worked apart converge, and again after both restart', async () => {
  const [a, b] = [createTestDevice(), createTestDevice()];
  const [dirA, dirB] = [makeTestDir(), makeTestDir()];
  let nodeA = await start({ device: a, dir: dirA });
  let nodeB = await start({ device: b, dir: dirB });
  for (let i = 0; i < 20; i++) {
    await nodeA.append('assets', [a.write('assets')]);
    await nodeB.append('assets', [b.write('assets')]);
    await nodeB.append('market-2026-01', [b.write('market-2026-01')]);
  }
  await nodeA.dial(addressOf(nodeB));
  await expectSame([nodeA, nodeB], 'assets', 40);
  await expectSame([nodeA, nodeB], 'market-2026-01', 20);
  await vi.waitFor(() => expect(nodeA.peers()).toMatchObject([{ connected: true, inStep: true, toSend: 0 }]), WAIT);

  await stop(nodeA);
  await stop(nodeB);
  nodeA = await start({ device: a, dir: dirA });
  nodeB = await start({ device: b, dir: dirB });
  await nodeA.append('assets', [a.write('assets')]);
  await nodeB.append('assets', [b.write('assets')]);
  await nodeB.dial(addressOf(nodeA));
  await expectSame([nodeA, nodeB], 'assets', 42);
});

test('an append is told to connected peers and to local listeners', async () => {
  const [a, b] = [createTestDevice(), createTestDevice()];
  const nodeA = await start({ device: a });
  const nodeB = await start({ device: b });
  await nodeA.dial(addressOf(nodeB));
  const events: NodeEvent[] = [];
  nodeB.subscribe((event) => events.push(event));
  const record = a.write('operations-2026-02');
  await nodeA.append('operations-2026-02', [record]);
  await vi.waitFor(
    () =>
      expect(events).toContainEqual({
        type: 'records',
        book: 'operations-2026-02',
        origin: 'remote',
        records: [record],
      }),
    WAIT,
  );
});
