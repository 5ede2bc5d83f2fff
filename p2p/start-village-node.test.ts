import { expect, test, vi } from 'vitest';
import type { NodeEvent, VillageNode } from '#core/ports/village-node.ts';
import { cidOf, encode, sha256, utf8 } from '#domain/bytes.ts';
import { MAX_BLOCK_BYTES } from './block-exchange.ts';
import { expectSame, nodesOfTests, WAIT } from './test-nodes.ts';
import { addressOf, createTestDevice, idsOf, makeTestDir, startTestNode } from './test-village.ts';

const { start, stop } = nodesOfTests();

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
  const told: string[] = [];
  const listen = (name: string) => (event: NodeEvent) => {
    if (event.type === 'records') told.push(...event.records.map((r) => `${name} ${event.origin} ${cidOf(r.bytes)}`));
  };
  nodeA.subscribe(listen('a'));
  nodeB.subscribe(listen('b'));
  const record = a.write('operations-2026-02');
  await nodeA.append('operations-2026-02', [record]);
  const id = cidOf(record.bytes);
  await vi.waitFor(() => expect(told).toEqual([`a local ${id}`, `b remote ${id}`]), WAIT);
});

test('a star of four converges through its hub although the leaves never meet', async () => {
  const devices = Array.from({ length: 4 }, () => createTestDevice());
  // A leaf listens nowhere, so no leaf can reach another.
  const nodes = await Promise.all(devices.map((device, i) => start({ device, ...(i > 0 ? { listen: [] } : {}) })));
  const [hub] = nodes as [VillageNode];
  for (const [i, node] of nodes.entries()) {
    const device = devices[i];
    for (let n = 0; n < 25; n++) if (device) await node.append('agreements', [device.write('agreements')]);
  }
  for (const leaf of nodes.slice(1)) await leaf.dial(addressOf(hub));
  await expectSame(nodes, 'agreements', 100);
  for (const leaf of nodes.slice(1)) expect(leaf.peers().filter((p) => p.connected)).toHaveLength(1);
});

test('entries of a device that is not granted wait, and join once it is', async () => {
  const [founder, newcomer] = [createTestDevice(), createTestDevice()];
  const granted = new Set([founder.key.id]);
  const nodeA = await start({ device: founder, admit: ({ device }) => (granted.has(device) ? 'accept' : 'wait') });
  const nodeB = await start({ device: newcomer });
  await nodeB.append('assets', [newcomer.write('assets')]);
  await nodeB.append('assets', [newcomer.write('assets')]);
  await nodeB.dial(addressOf(nodeA));
  await vi.waitFor(() => expect(nodeB.peers()[0]?.toSend).toBe(0), WAIT);
  await nodeA.append('assets', [founder.write('assets')]);
  await expectSame([nodeB], 'assets', 3);
  expect(await idsOf(nodeA, 'assets')).toHaveLength(1);
  expect(nodeA.peers()[0]?.inStep).toBe(false);

  granted.add(newcomer.key.id);
  await nodeA.reconsider();
  expect(await idsOf(nodeA, 'assets')).toHaveLength(3);
  await vi.waitFor(() => expect(nodeA.peers()[0]?.inStep).toBe(true), WAIT);
});

test('a grant that arrives in the members book admits what was waiting in other books', async () => {
  const [founder, newcomer] = [createTestDevice(), createTestDevice()];
  const granted = new Set([founder.key.id]);
  const grant = founder.write('members', { grants: newcomer.key.id });
  const nodeC = await start({
    device: createTestDevice(),
    admit: ({ device }) => (granted.has(device) ? 'accept' : 'wait'),
  });
  nodeC.subscribe((event) => {
    if (event.type === 'records' && event.book === 'members') granted.add(newcomer.key.id);
  });
  const nodeA = await start({ device: founder });
  const nodeB = await start({ device: newcomer });
  await nodeB.append('assets', [newcomer.write('assets')]);
  await nodeB.dial(addressOf(nodeC));
  await vi.waitFor(() => expect(nodeB.peers()[0]).toMatchObject({ connected: true, toSend: 0 }), WAIT);
  expect(nodeC.books()).toEqual([]);
  await nodeA.append('members', [grant]);
  await nodeA.dial(addressOf(nodeC));
  await expectSame([nodeC, nodeB], 'assets', 1);
});

test('what admission refuses is named, kept out and not asked for again', async () => {
  const [a, b] = [createTestDevice(), createTestDevice()];
  const nodeA = await start({ device: a, admit: () => ({ refuse: 'not of this village' }) });
  const nodeB = await start({ device: b });
  const refusals: NodeEvent[] = [];
  nodeA.subscribe((event) => {
    if (event.type === 'refused') refusals.push(event);
  });
  await nodeB.append('assets', [b.write('assets')]);
  await nodeB.dial(addressOf(nodeA));
  await vi.waitFor(() => expect(refusals).toHaveLength(1), WAIT);
  await nodeB.append('assets', [b.write('assets')]);
  await vi.waitFor(() => expect(refusals).toHaveLength(2), WAIT);
  expect(refusals).toMatchObject([
    { peer: nodeB.peerId, book: 'assets', reason: 'not of this village' },
    { peer: nodeB.peerId, book: 'assets', reason: 'it follows a refused entry' },
  ]);
  expect(nodeA.books()).toEqual([]);
});

test('a block is fetched from a peer, checked, kept, and named when nobody has it', async () => {
  const [a, b] = [createTestDevice(), createTestDevice()];
  const nodeA = await start({ device: a });
  const nodeB = await start({ device: b });
  const block = encode({ frames: new Uint8Array(300_000).fill(7) });
  const cid = cidOf(block);
  await nodeA.putBlock(cid, block);
  await expect(nodeB.getBlock(cid, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
    code: 'BLOCK_NOT_FOUND',
  });
  await nodeB.dial(addressOf(nodeA));
  const fetched = await nodeB.getBlock(cid, { signal: AbortSignal.timeout(30_000) });
  expect(cidOf(fetched)).toBe(cid);
  expect(await nodeB.hasBlock(cid)).toBe(true);
  expect((await nodeB.getBlock(cid, { signal: AbortSignal.timeout(1), localOnly: true })).length).toBe(block.length);
  await expect(nodeA.putBlock(cid, encode('other'))).rejects.toMatchObject({ code: 'BAD_BLOCK' });
  const nobody = cidOf(encode('nobody has this'));
  await expect(nodeB.getBlock(nobody, { signal: new AbortController().signal, localOnly: true })).rejects.toMatchObject(
    { code: 'BLOCK_NOT_FOUND' },
  );
});

test('a block that is asked for before anyone has it arrives once a peer puts it', async () => {
  const nodeA = await start({ device: createTestDevice() });
  const nodeB = await start({ device: createTestDevice() });
  await nodeB.dial(addressOf(nodeA));
  const block = encode({ late: true });
  const fetching = nodeB.getBlock(cidOf(block), { signal: AbortSignal.timeout(30_000) });
  await nodeA.putBlock(cidOf(block), block);
  expect(await fetching).toEqual(block);
});

test('a node with another pre-shared key cannot connect', async () => {
  const nodeA = await start({ device: createTestDevice() });
  const stranger = await start({ device: createTestDevice(), networkKeys: () => [sha256(utf8('another key'))] });
  await expect(stranger.dial(addressOf(nodeA))).rejects.toMatchObject({ code: 'DIAL_FAILED', retryable: true });
  expect(nodeA.peers().filter((p) => p.connected)).toEqual([]);
});

test('set offline a node cuts every wire but still writes; online again it catches up by itself', async () => {
  const [a, b] = [createTestDevice(), createTestDevice()];
  const nodeA = await start({ device: a });
  const nodeB = await start({ device: b });
  await nodeA.dial(addressOf(nodeB));
  await vi.waitFor(() => expect(nodeB.peers()).toMatchObject([{ connected: true, device: a.key.id }]), WAIT);
  await nodeA.setOnline(false);
  expect(nodeA.online).toBe(false);
  expect(nodeA.peers()).toMatchObject([{ connected: false }]);
  await vi.waitFor(() => expect(nodeB.peers()).toMatchObject([{ connected: false }]), WAIT);
  await expect(nodeB.dial(addressOf(nodeA))).rejects.toMatchObject({ code: 'DIAL_FAILED' });
  await expect(nodeA.dial(addressOf(nodeB))).rejects.toMatchObject({ code: 'DIAL_FAILED' });
  await nodeA.append('settlement', [a.write('settlement')]);
  await nodeB.append('settlement', [b.write('settlement')]);
  await nodeA.setOnline(true);
  await expectSame([nodeA, nodeB], 'settlement', 2);
});

test('addresses are remembered: a restarted node finds its peer without being told', async () => {
  const [a, b] = [createTestDevice(), createTestDevice()];
  const dir = makeTestDir();
  const nodeB = await start({ device: b });
  const first = await start({ device: a, dir });
  await first.dial(addressOf(nodeB));
  await stop(first);
  const again = await start({ device: a, dir });
  await vi.waitFor(() => expect(again.peers()).toMatchObject([{ peer: nodeB.peerId, connected: true }]), WAIT);
});

test('bad addresses are refused with their own code', async () => {
  const node = await start({ device: createTestDevice() });
  await expect(node.dial('next door')).rejects.toMatchObject({ code: 'BAD_ADDRESS' });
  await expect(node.dial(addressOf(node))).rejects.toMatchObject({ code: 'BAD_ADDRESS' });
});

test('a second node on the same directory is refused, and the first is unharmed', async () => {
  const device = createTestDevice();
  const dir = makeTestDir();
  const node = await start({ device, dir });
  await expect(startTestNode({ device, dir })).rejects.toMatchObject({ code: 'NODE_LOCKED' });
  await node.append('members', [device.write('members')]);
  await stop(node);
  const again = await start({ device, dir });
  expect(again.books()).toEqual(['members']);
});

test('a record that peers would refuse is never appended', async () => {
  const [device, other] = [createTestDevice(), createTestDevice()];
  const node = await start({ device });
  const wrongs = [
    other.write('assets'),
    device.write('members'),
    device.write('assets', 0, { village: 'ab'.repeat(32) }),
  ];
  for (const record of wrongs) {
    await expect(node.append('assets', [record])).rejects.toMatchObject({ code: 'BAD_RECORD' });
  }
  expect(node.books()).toEqual([]);
});

test('the largest block a bitswap message can carry is fetched, a larger one is not stored', async () => {
  const nodeA = await start({ device: createTestDevice() });
  const nodeB = await start({ device: createTestDevice() });
  await nodeB.dial(addressOf(nodeA));
  const cborHeadBytes = 5;
  const block = encode(new Uint8Array(MAX_BLOCK_BYTES - cborHeadBytes).fill(1));
  await nodeA.putBlock(cidOf(block), block);
  const fetched = await nodeB.getBlock(cidOf(block), { signal: AbortSignal.timeout(30_000) });
  expect(fetched.length).toBe(MAX_BLOCK_BYTES);
  const larger = encode(new Uint8Array(MAX_BLOCK_BYTES).fill(1));
  await expect(nodeA.putBlock(cidOf(larger), larger)).rejects.toMatchObject({ code: 'BAD_BLOCK' });
});

test('a node that cannot listen says so and leaves its directory free', async () => {
  const device = createTestDevice();
  const dir = makeTestDir();
  await expect(start({ device, dir, listen: ['nonsense'] })).rejects.toMatchObject({ code: 'BAD_ADDRESS' });
  const node = await start({ device, dir });
  expect(node.books()).toEqual([]);
});

test('a stopped node refuses to write and may be stopped again', async () => {
  const device = createTestDevice();
  const node = await start({ device });
  await node.append('assets', [device.write('assets')]);
  await stop(node);
  await node.stop();
  await expect(node.append('assets', [device.write('assets')])).rejects.toMatchObject({ code: 'NODE_STOPPED' });
});
