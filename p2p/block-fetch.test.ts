import type { Libp2p } from '@libp2p/interface';
import { afterEach, expect, test, vi } from 'vitest';
import type { VillageNode } from '#core/ports/village-node.ts';
import { cidOf, digestOf, toHex } from '#domain/bytes.ts';
import { MAX_BLOCK_BYTES } from './block-exchange.ts';
import { chunkFrame } from './block-wire.ts';
import { bareAddressOf, makeBlocks, putBlocks, serveWants, startBarePeer, type TestBlock } from './test-peer.ts';
import { addressOf, createTestDevice, makeTestDir, startTestNode } from './test-village.ts';

const WAIT = { timeout: 30_000, interval: 20 };
const running: (VillageNode | Libp2p)[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(async (node) => node.stop()));
});
async function start(options: Partial<Parameters<typeof startTestNode>[0]> = {}): Promise<VillageNode> {
  const node = await startTestNode({ device: createTestDevice(), ...options });
  running.push(node);
  return node;
}
async function startPeer(): Promise<Libp2p> {
  const peer = await startBarePeer();
  running.push(peer);
  return peer;
}
const cidsOf = (blocks: readonly TestBlock[]): string[] => blocks.map(({ cid }) => cid).sort();

interface Fetched {
  readonly missing: readonly string[];
  readonly cids: string[];
}
/** Fetches and checks that what is delivered is right and lies on the disk. */
async function fetchAll(
  node: VillageNode,
  wanted: readonly TestBlock[],
  options: { signal?: AbortSignal; onBlock?: (count: number) => Promise<void> | void } = {},
): Promise<Fetched> {
  const cids: string[] = [];
  const missing = await node.fetchBlocks(wanted, {
    signal: options.signal ?? AbortSignal.timeout(60_000),
    async deliver(cid, bytes) {
      expect(cidOf(bytes)).toBe(cid);
      expect(await node.hasBlock(cid)).toBe(true);
      cids.push(cid);
      await options.onBlock?.(cids.length);
    },
  });
  return { missing, cids: cids.sort() };
}

test('blocks are fetched from everybody who has some of them, each delivered once and named when nobody has it', async () => {
  const [a, b, c] = await Promise.all([start(), start(), start()]);
  const blocks = makeBlocks(40, 50_000);
  const nobodys = makeBlocks(3, 100);
  await putBlocks(a, blocks.slice(0, 25));
  await putBlocks(b, blocks.slice(15));
  await Promise.all([c.dial(addressOf(a)), c.dial(addressOf(b))]);
  const { missing, cids } = await fetchAll(c, [...blocks, ...nobodys]);
  expect(cids).toEqual(cidsOf(blocks));
  expect([...missing].sort()).toEqual(cidsOf(nobodys));
  expect(c.fetching()).toEqual([]);
});

test('small blocks and the largest allowed come together, and one that is already here is not asked for', async () => {
  const [a, c] = await Promise.all([start(), start()]);
  const largest = makeBlocks(2, MAX_BLOCK_BYTES - 5);
  expect(largest[0]?.bytes).toBe(MAX_BLOCK_BYTES);
  const blocks = [...largest, ...makeBlocks(300, 200)];
  const own = makeBlocks(2, 1000);
  await putBlocks(a, blocks);
  await putBlocks(c, own);
  await c.dial(addressOf(a));
  const { missing, cids } = await fetchAll(c, [...own, ...blocks]);
  expect(missing).toEqual([]);
  expect(cids).toEqual(cidsOf([...own, ...blocks]));
});

test('a block that is not of the announced size, over the limit or no block at all is missing, and nobody is blamed', async () => {
  const [a, c] = await Promise.all([start(), start()]);
  const [small, other, own] = makeBlocks(3, 5000) as [TestBlock, TestBlock, TestBlock];
  await putBlocks(a, [small, other]);
  await putBlocks(c, [own]);
  await c.dial(addressOf(a));
  const refused: string[] = [];
  c.subscribe((event) => event.type === 'refused' && refused.push(event.reason));
  const wanted = [
    { ...small, bytes: small.bytes - 1 },
    { ...own, bytes: own.bytes + 1 },
    { ...other, cid: 'not-a-cid' },
    { ...other, bytes: 1024 ** 3 },
    { ...other, bytes: 0 },
  ];
  const { missing, cids } = await fetchAll(c, wanted);
  expect(missing).toEqual(wanted.map(({ cid }) => cid));
  expect(cids).toEqual([]);
  expect(refused).toEqual([]);
});

test('a peer that vanishes midway costs nothing but its share: the rest comes from another', async () => {
  const [a, b, c] = await Promise.all([start(), start(), start()]);
  const blocks = makeBlocks(60, 100_000);
  await Promise.all([putBlocks(a, blocks), putBlocks(b, blocks)]);
  await Promise.all([c.dial(addressOf(a)), c.dial(addressOf(b))]);
  const { missing, cids } = await fetchAll(c, blocks, {
    onBlock: (count) => (count === 5 ? a.setOnline(false) : undefined),
  });
  expect(missing).toEqual([]);
  expect(cids).toEqual(cidsOf(blocks));
});

test('a peer that comes while a fetch runs takes part in it', async () => {
  const [a, b, c] = await Promise.all([start(), start(), start()]);
  const [first, second] = [makeBlocks(20, 10_000), makeBlocks(20, 10_000)];
  await Promise.all([putBlocks(a, first), putBlocks(b, second)]);
  await c.dial(addressOf(a));
  const { missing } = await fetchAll(c, [...first, ...second], {
    onBlock: (count) => (count === 1 ? c.dial(addressOf(b)) : undefined),
  });
  expect(missing).toEqual([]);
});

test('a fetch that was stopped goes on later without fetching anything twice', async () => {
  const [a, dir, device] = [await start(), makeTestDir(), createTestDevice()];
  const blocks = makeBlocks(60, 100_000);
  await putBlocks(a, blocks);
  const before = await start({ dir, device });
  await before.dial(addressOf(a));
  const pause = new AbortController();
  const first = await fetchAll(before, blocks, {
    signal: pause.signal,
    onBlock: (count) => (count === 10 ? pause.abort() : undefined),
  });
  expect(first.missing.length).toBe(blocks.length - first.cids.length);
  expect(first.cids.length).toBeGreaterThanOrEqual(10);
  await before.stop();

  const after = await start({ dir, device });
  const stored = new Set<string>();
  for (const { cid } of blocks) if (await after.hasBlock(cid)) stored.add(cid);
  expect(stored.size).toBeGreaterThanOrEqual(first.cids.length);
  const witness = await startPeer();
  const asked: string[] = [];
  const byDigest = new Map(blocks.map((block) => [toHex(digestOf(block.cid)), block]));
  await serveWants(witness, (wants, stream) => {
    for (const { number, digest } of wants) {
      const block = byDigest.get(toHex(digest));
      if (!block) continue;
      asked.push(block.cid);
      stream.send(chunkFrame(number, block.block));
    }
  });
  await after.dial(bareAddressOf(witness));
  const { missing, cids } = await fetchAll(after, blocks);
  expect(missing).toEqual([]);
  expect(cids).toEqual(cidsOf(blocks));
  expect(asked.filter((cid) => stored.has(cid))).toEqual([]);
});

test('a reader that does not keep up holds the fetch back', async () => {
  const [a, c] = await Promise.all([start(), start()]);
  const blocks = makeBlocks(40, 1_000_000);
  await putBlocks(a, blocks);
  await c.dial(addressOf(a));
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let taken = 0;
  const fetching = c.fetchBlocks(blocks, {
    signal: AbortSignal.timeout(60_000),
    deliver() {
      taken += 1;
      return released;
    },
  });
  // 24 MiB are held at most, and then nothing more is asked for.
  await vi.waitFor(() => expect(taken).toBe(25), WAIT);
  const [state] = c.fetching();
  expect(state).toMatchObject({ askedBlocks: 0, askedBytes: 0, receivedBlocks: 25 });
  expect(state?.bytesPerSecond).toBeGreaterThan(0);
  release();
  expect(await fetching).toEqual([]);
  expect(taken).toBe(40);
});

test('a reader that fails ends the fetch with its error', async () => {
  const [a, c] = await Promise.all([start(), start()]);
  const blocks = makeBlocks(10, 1000);
  await putBlocks(a, blocks);
  await c.dial(addressOf(a));
  const deliver = (): Promise<void> => Promise.reject(new Error('no more'));
  await expect(c.fetchBlocks(blocks, { signal: AbortSignal.timeout(60_000), deliver })).rejects.toThrow('no more');
  expect(c.fetching()).toEqual([]);
});

test('a connection that breaks and comes back costs nothing but the time between', async () => {
  const [a, c] = await Promise.all([start(), start()]);
  const blocks = makeBlocks(60, 200_000);
  await putBlocks(a, blocks);
  await c.dial(addressOf(a));
  const { missing } = await fetchAll(c, blocks, {
    onBlock: async (count) => {
      if (count !== 5) return;
      await c.setOnline(false);
      await c.setOnline(true);
    },
  });
  expect(missing).toEqual([]);
});
