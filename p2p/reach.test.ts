import { expect, test, vi } from 'vitest';
import type { VillageNode } from '#core/ports/village-node.ts';
import { cidOf, encode } from '#domain/bytes.ts';
import { expectSame, nodesOfTests, WAIT } from './test-nodes.ts';
import { addressOf, createTestDevice, idsOf, makeTestDir, type TestDevice } from './test-village.ts';

const { start, stop } = nodesOfTests();

const linkTo = (node: VillageNode, other: VillageNode) => node.peers().find((p) => p.peer === other.peerId);
const isDirect = (node: VillageNode, other: VillageNode): boolean => {
  const link = linkTo(node, other);
  return link?.connected === true && !link.relayed;
};
const devices = (count: number): TestDevice[] => Array.from({ length: count }, () => createTestDevice());
const membersOf = (list: readonly TestDevice[]) => () => list.map((d) => d.key.id);

test.each([3, 5])(
  '%i nodes that were told of one neighbour each find each other',
  async (count) => {
    const village = devices(count);
    const nodes: VillageNode[] = [];
    for (const device of village) nodes.push(await start({ device, members: membersOf(village) }));
    for (const [i, node] of nodes.entries()) {
      const next = nodes[i + 1];
      if (next) await node.dial(addressOf(next));
    }
    await vi.waitFor(() => {
      for (const node of nodes) for (const other of nodes) if (node !== other) expect(isDirect(node, other)).toBe(true);
    }, WAIT);
  },
  60_000,
);

test('a peer that comes back on another port is found again through one that both know', async () => {
  const village = devices(3);
  const [a, b, c] = village as [TestDevice, TestDevice, TestDevice];
  const members = membersOf(village);
  const dirC = makeTestDir();
  const nodeB = await start({ device: b, members });
  const nodeA = await start({ device: a, members });
  const before = await start({ device: c, members, dir: dirC });
  await nodeA.dial(addressOf(nodeB));
  await before.dial(addressOf(nodeB));
  await vi.waitFor(() => expect(isDirect(nodeA, before)).toBe(true), WAIT);
  const oldAddress = addressOf(before);
  await stop(before);
  await vi.waitFor(() => expect(linkTo(nodeA, before)?.connected).toBe(false), WAIT);
  // It knows nobody but B, and A's address for it is dead.
  const after = await start({ device: c, members });
  expect(addressOf(after)).not.toBe(oldAddress);
  await after.dial(addressOf(nodeB));
  await vi.waitFor(() => expect(isDirect(nodeA, after)).toBe(true), WAIT);
}, 60_000);

test('two nodes that cannot dial each other replicate records and blocks through a relay of the village', async () => {
  const village = devices(3);
  const [r, a, b] = village as [TestDevice, TestDevice, TestDevice];
  const members = membersOf(village);
  // The relay keeps no book in step: it admits nothing, so that what arrives came through a relayed connection.
  const relay = await start({ device: r, members, relay: true, admit: () => 'wait' });
  const nodeA = await start({ device: a, members, listen: [] });
  const nodeB = await start({ device: b, members, listen: [] });
  for (let i = 0; i < 20; i++) await nodeA.append('assets', [a.write('assets')]);
  const block = encode({ frames: new Uint8Array(3_000_000).fill(9) });
  await nodeA.putBlock(cidOf(block), block);
  await nodeA.dial(addressOf(relay));
  await nodeB.dial(addressOf(relay));
  await vi.waitFor(() => expect(linkTo(nodeB, nodeA)).toMatchObject({ connected: true, relayed: true }), WAIT);
  await nodeB.append('assets', [b.write('assets')]);
  await expectSame([nodeA, nodeB], 'assets', 21);
  expect(await idsOf(relay, 'assets')).toEqual([]);
  expect(await nodeB.getBlock(cidOf(block), { signal: AbortSignal.timeout(30_000) })).toEqual(block);
  const other = encode({ frames: new Uint8Array(500_000).fill(8) });
  await nodeA.putBlock(cidOf(other), other);
  const fetched: Uint8Array[] = [];
  // Two that dial each other at once drop one of the connections, and a fetch may end with it.
  await vi.waitFor(async () => {
    await nodeB.fetchBlocks([{ cid: cidOf(other), bytes: other.length }], {
      signal: AbortSignal.timeout(30_000),
      async deliver(_cid, bytes) {
        fetched.push(bytes);
      },
    });
    expect(fetched.length).toBe(1);
  }, WAIT);
  expect(fetched).toEqual([other]);
  expect(nodeA.addresses()).toContainEqual(expect.stringContaining('/p2p-circuit'));
}, 90_000);

test('a relayed connection gives way to a direct one as soon as there is one', async () => {
  const village = devices(3);
  const [r, a, b] = village as [TestDevice, TestDevice, TestDevice];
  const members = membersOf(village);
  const relay = await start({ device: r, members, relay: true });
  const nodeA = await start({ device: a, listen: [], members });
  const nodeB = await start({ device: b, members });
  await nodeB.dial(addressOf(relay));
  await nodeA.dial(addressOf(relay));
  await vi.waitFor(() => {
    expect(isDirect(nodeA, nodeB)).toBe(true);
    expect(isDirect(nodeB, nodeA)).toBe(true);
  }, WAIT);
  await nodeA.append('assets', [a.write('assets')]);
  await expectSame([nodeA, nodeB], 'assets', 1);
}, 60_000);

test('a relay that comes back is used again', async () => {
  const village = devices(3);
  const [r, a, b] = village as [TestDevice, TestDevice, TestDevice];
  const members = membersOf(village);
  const dir = makeTestDir();
  const first = await start({ device: r, members, relay: true, dir });
  const listen = [addressOf(first).replace(/\/p2p\/.*/, '')];
  const nodeA = await start({ device: a, members, listen: [] });
  const nodeB = await start({ device: b, members, listen: [] });
  for (const node of [nodeA, nodeB]) await node.dial(addressOf(first));
  await vi.waitFor(() => expect(linkTo(nodeA, nodeB)?.relayed).toBe(true), WAIT);
  await stop(first);
  await vi.waitFor(() => expect(linkTo(nodeA, nodeB)?.connected).toBe(false), WAIT);
  await start({ device: r, members, relay: true, dir, listen });
  await vi.waitFor(() => expect(linkTo(nodeA, nodeB)).toMatchObject({ connected: true, relayed: true }), WAIT);
}, 90_000);

test('where only websockets pass, two nodes replicate over them, under the key of the network', async () => {
  const [a, b] = devices(2) as [TestDevice, TestDevice];
  const listen = ['/ip4/127.0.0.1/tcp/0/ws'];
  const nodeA = await start({ device: a, listen });
  const nodeB = await start({ device: b, listen: [] });
  for (let i = 0; i < 50; i++) await nodeA.append('assets', [a.write('assets', { text: 'x'.repeat(10_000) })]);
  expect(addressOf(nodeA)).toContain('/ws/p2p/');
  await nodeB.dial(addressOf(nodeA));
  await expectSame([nodeA, nodeB], 'assets', 50);
  const stranger = await start({ device: createTestDevice(), listen: [], networkKeys: () => [new Uint8Array(32)] });
  await expect(stranger.dial(addressOf(nodeA))).rejects.toMatchObject({ code: 'DIAL_FAILED' });
  expect(linkTo(stranger, nodeA)?.keyRefused).toBe(true);
}, 60_000);
