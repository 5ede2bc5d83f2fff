import { withBitswap } from '@helia/bitswap';
import { withLibp2pLight } from '@helia/libp2p';
import * as dagCbor from '@ipld/dag-cbor';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createHeliaLight } from 'helia';
import { base32 } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';
import { afterEach, expect, test } from 'vitest';
import type { VillageNode } from '#core/ports/village-node.ts';
import { toHex, utf8 } from '#domain/bytes.ts';
import { makeBlocks, putBlocks } from './test-peer.ts';
import { addressOf, createTestDevice, startTestNode, TEST_PSK } from './test-village.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
async function start(): Promise<VillageNode> {
  const node = await startTestNode({ device: createTestDevice() });
  stops.push(() => node.stop());
  return node;
}

/** Helia, libp2p and the protector of private networks as they ship; of ours only the key. */
async function startStockHelia() {
  const helia = withBitswap(
    withLibp2pLight(createHeliaLight({ codecs: [dagCbor] }), {
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionProtector: preSharedKey({ psk: utf8(`/key/swarm/psk/1.0.0/\n/base16/\n${toHex(TEST_PSK)}`) }),
      services: { identify: identify() },
    }),
  );
  await helia.start();
  stops.push(() => helia.stop());
  return helia;
}

test('a stock Helia with the key of the village fetches every block by bitswap', async () => {
  const node = await start();
  const blocks = [...makeBlocks(30, 60_000), ...makeBlocks(2, 3_000_000)];
  await putBlocks(node, blocks);
  const stock = await startStockHelia();
  await stock.libp2p.dial(multiaddr(addressOf(node)));
  await Promise.all(
    blocks.map(async ({ cid, block }) => {
      const parts: Uint8Array[] = [];
      const signal = AbortSignal.timeout(60_000);
      for await (const part of stock.blockstore.get(CID.parse(cid, base32), { signal })) parts.push(part);
      expect(Buffer.concat(parts).equals(block)).toBe(true);
    }),
  );
});

test('what only a stock Helia has comes from it by bitswap, the rest over our own protocol', async () => {
  const [node, other, stock] = [await start(), await start(), await startStockHelia()];
  const [ours, theirs] = [makeBlocks(10, 20_000), makeBlocks(10, 20_000)];
  await putBlocks(other, ours);
  for (const { cid, block } of theirs) await stock.blockstore.put(CID.parse(cid, base32), block);
  await node.dial(addressOf(other));
  await stock.libp2p.dial(multiaddr(addressOf(node)));
  const delivered: string[] = [];
  const missing = await node.fetchBlocks([...ours, ...theirs], {
    signal: AbortSignal.timeout(60_000),
    deliver(cid) {
      delivered.push(cid);
      return Promise.resolve();
    },
  });
  expect(missing).toEqual([]);
  expect(delivered.sort()).toEqual([...ours, ...theirs].map(({ cid }) => cid).sort());
  for (const { cid } of theirs) expect(await node.hasBlock(cid)).toBe(true);
});
