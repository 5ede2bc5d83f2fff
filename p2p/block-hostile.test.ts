import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Libp2p, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, expect, test, vi } from 'vitest';
import type { VillageNode } from '#core/ports/village-node.ts';
import { digestOf, toHex } from '#domain/bytes.ts';
import { MAX_BLOCK_BYTES } from './block-exchange.ts';
import { createBlockFetcher } from './block-fetcher.ts';
import {
  BLOCKS_PROTOCOL,
  CHUNK_BYTES,
  cancelFrame,
  chunkFrame,
  lacksFrame,
  MAX_OPEN_WANTS,
  type Want,
  wantFrame,
} from './block-wire.ts';
import { toFrame } from './frame-parser.ts';
import { bareAddressOf, makeBlocks, putBlocks, serveWants, startBarePeer, type TestBlock } from './test-peer.ts';
import { addressOf, createTestDevice, makeTestDir, startTestNode } from './test-village.ts';
import { openVillageBlocks } from './village-blocks.ts';

const WAIT = { timeout: 30_000, interval: 20 };
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
async function start(): Promise<VillageNode> {
  const node = await startTestNode({ device: createTestDevice() });
  stops.push(() => node.stop());
  return node;
}
async function startPeer(): Promise<Libp2p> {
  const peer = await startBarePeer();
  stops.push(() => peer.stop());
  return peer;
}
function watchRefusals(node: VillageNode): { peer: string; reason: string }[] {
  const refused: { peer: string; reason: string }[] = [];
  node.subscribe((event) => {
    if (event.type === 'refused') refused.push({ peer: event.peer, reason: event.reason });
  });
  return refused;
}
async function fetchAll(node: Pick<VillageNode, 'fetchBlocks'>, blocks: readonly TestBlock[]) {
  const cids: string[] = [];
  const missing = await node.fetchBlocks(blocks, {
    signal: AbortSignal.timeout(60_000),
    deliver(cid) {
      cids.push(cid);
      return Promise.resolve();
    },
  });
  return { missing, cids: cids.sort() };
}
const find = (blocks: readonly TestBlock[], want: Want): TestBlock =>
  blocks.find(({ cid }) => toHex(digestOf(cid)) === toHex(want.digest)) ?? expect.unreachable('nobody wanted it');

type Lie = (stream: Stream, wants: readonly Want[], blocks: readonly TestBlock[]) => void;
const LIES: readonly (readonly [string, string, Lie])[] = [
  [
    'bytes that do not match the CID',
    'it sent a block whose bytes do not have its CID',
    (stream, wants) => {
      for (const { number, bytes } of wants) stream.send(chunkFrame(number, randomBytes(bytes)));
    },
  ],
  [
    'more bytes than announced',
    'it sent a block of another size than announced',
    (stream, wants, blocks) => {
      for (const want of wants) {
        stream.send(chunkFrame(want.number, Buffer.concat([find(blocks, want).block, randomBytes(1)])));
      }
    },
  ],
  [
    'chunks of a byte',
    'it sent a block of another size than announced',
    (stream, wants) => {
      for (const { number } of wants) stream.send(chunkFrame(number, randomBytes(1)));
    },
  ],
  [
    'blocks that nobody wanted',
    'it sent a block that it was not asked for',
    (stream) => void stream.send(chunkFrame(4_000_000, randomBytes(1000))),
  ],
  [
    'answers to what nobody asked',
    'it answered what it was not asked for',
    (stream) => void stream.send(lacksFrame([4_000_000])),
  ],
  [
    'garbage in frames',
    'it sent an answer that cannot be read',
    (stream) => void stream.send(toFrame(Uint8Array.of(9, 1, 2, 3))),
  ],
  [
    'a frame of a gigabyte',
    'a frame of 1073741824 bytes is outside 1..262149',
    (stream) => void stream.send(Uint8Array.of(0x40, 0, 0, 0, 3, 0, 0)),
  ],
];

test.each(LIES)(
  'a peer that sends %s is named and dropped, and its blocks come from another',
  async (_what, reason, lie) => {
    const [honest, node] = await Promise.all([start(), start()]);
    const liar = await startPeer();
    const blocks = makeBlocks(12, 20_000);
    await putBlocks(honest, blocks);
    await serveWants(liar, (wants, stream) => lie(stream, wants, blocks));
    const refused = watchRefusals(node);
    await node.dial(bareAddressOf(liar));
    expect((await fetchAll(node, blocks)).missing).toHaveLength(12);
    expect(refused).toEqual([{ peer: liar.peerId.toString(), reason }]);
    await node.dial(addressOf(honest));
    expect(await fetchAll(node, blocks)).toEqual({ missing: [], cids: blocks.map(({ cid }) => cid).sort() });
    expect(refused).toHaveLength(1);
  },
);

test('peers that say nothing, trickle, or break off are left behind while another sends everything', async () => {
  const dir = makeTestDir();
  const own = await openVillageBlocks(join(dir, 'blocks'), async () => undefined);
  stops.push(() => own.close());
  const [self, silent, trickling, breaking] = await Promise.all([startPeer(), startPeer(), startPeer(), startPeer()]);
  const honest = await start();
  const blocks = makeBlocks(40, 300_000);
  await putBlocks(honest, blocks);
  await serveWants(silent, () => undefined);
  await serveWants(breaking, (_wants, stream) => stream.abort(new Error('gone')));
  await serveWants(trickling, ([want], stream) => {
    if (!want) return;
    const frame = chunkFrame(want.number, find(blocks, want).block.subarray(0, CHUNK_BYTES)).subarray();
    let at = 0;
    const timer = setInterval(() => {
      if (stream.writeStatus === 'writable') stream.send(frame.subarray(at, ++at));
      else clearInterval(timer);
    }, 50);
  });
  const refused: string[] = [];
  const fetcher = createBlockFetcher(
    {
      libp2p: self,
      helia: { blockstore: own.blockstore as never },
      blocks: own,
      hasRoom: () => true,
      onRefused: (peer) => refused.push(peer),
      onChange: () => undefined,
      stallMs: 1000,
    },
    MAX_BLOCK_BYTES,
  );
  stops.push(() => fetcher.stop());
  for (const peer of [silent, trickling, breaking]) await self.dial(multiaddr(bareAddressOf(peer)));
  expect((await fetchAll(fetcher, blocks)).missing).toHaveLength(40);
  expect(refused.sort()).toEqual([silent.peerId.toString(), trickling.peerId.toString()].sort());
  await self.dial(multiaddr(addressOf(honest)));
  expect((await fetchAll(fetcher, blocks)).missing).toEqual([]);
  expect(refused).toHaveLength(2);
});

test('a block of a gigabyte is neither asked for nor taken, and memory stays where it was', async () => {
  const node = await start();
  const liar = await startPeer();
  const [block] = makeBlocks(1, 3_000_000) as [TestBlock];
  const asked: number[] = [];
  let sentBytes = 0;
  await serveWants(liar, (wants, stream) => {
    asked.push(...wants.map(({ bytes }) => bytes));
    const chunk = chunkFrame(wants[0]?.number ?? 0, randomBytes(CHUNK_BYTES)).subarray();
    const pour = (): void => {
      while (sentBytes < 1024 ** 3 && stream.writeStatus === 'writable' && stream.send(chunk))
        sentBytes += chunk.length;
    };
    stream.addEventListener('drain', pour);
    pour();
  });
  await node.dial(bareAddressOf(liar));
  const refused = watchRefusals(node);
  const before = process.memoryUsage().rss;
  const [gigabyte] = makeBlocks(1, 10) as [TestBlock];
  const { missing } = await fetchAll(node, [block, { ...gigabyte, bytes: 1024 ** 3 }]);
  expect(missing).toHaveLength(2);
  expect(asked).toEqual([block.bytes]);
  expect(refused.map(({ reason }) => reason)).toEqual(['it sent a block of another size than announced']);
  expect(sentBytes).toBeLessThan(64 * 1024 * 1024);
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
});

const want = (number: number): Want => ({ number, bytes: 1000, digest: randomBytes(32) });
test.each([
  ['garbage', [toFrame(Uint8Array.of(7, 7))], 'it sent a request that cannot be read'],
  ['a frame over the limit', [Uint8Array.of(0x40, 0, 0, 0)], 'a frame of 1073741824 bytes is outside 1..10241'],
  ['one number twice', [wantFrame([want(1), want(1)])], 'it wanted two blocks under one number'],
  [
    'more wants than are allowed at once',
    [1, 2].map((part) => wantFrame(Array.from({ length: MAX_OPEN_WANTS }, (_, i) => want(part * 1000 + i)))),
    'it wanted more blocks at once than it may',
  ],
] as const)(
  'a peer that asks with %s is named and cut off, and others are served on',
  async (_what, frames, reason) => {
    const node = await start();
    const asker = await startPeer();
    const refused = watchRefusals(node);
    const stream = await asker.dialProtocol(multiaddr(addressOf(node)), BLOCKS_PROTOCOL);
    stream.send(Buffer.concat(frames));
    await vi.waitFor(() => expect(refused).toEqual([{ peer: asker.peerId.toString(), reason }]), WAIT);
    await vi.waitFor(() => expect(stream.status).not.toBe('open'), WAIT);
    const [blocks, other] = [makeBlocks(3, 5000), await start()];
    await putBlocks(node, blocks);
    await other.dial(addressOf(node));
    expect((await fetchAll(other, blocks)).missing).toEqual([]);
  },
);

test('a cancelled want is answered, and a peer may not have more than four streams', async () => {
  const node = await start();
  const asker = await startPeer();
  const address = multiaddr(addressOf(node));
  const stream = await asker.dialProtocol(address, BLOCKS_PROTOCOL);
  const received: Uint8Array[] = [];
  stream.addEventListener('message', ({ data }) => received.push(data.subarray()));
  stream.send(Buffer.concat([wantFrame([want(5)]), cancelFrame([5, 6])]));
  await vi.waitFor(() => expect(Buffer.concat(received)).toEqual(Buffer.from(lacksFrame([5]))), WAIT);
  const more = await Promise.all([1, 2, 3].map(() => asker.dialProtocol(address, BLOCKS_PROTOCOL)));
  const fifth = await asker.dialProtocol(address, BLOCKS_PROTOCOL).catch(() => undefined);
  await vi.waitFor(() => expect(fifth?.status ?? 'reset').not.toBe('open'), WAIT);
  expect(more.every(({ status }) => status === 'open')).toBe(true);
});
