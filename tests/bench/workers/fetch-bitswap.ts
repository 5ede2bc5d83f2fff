import { join } from 'node:path';
import { withBitswap } from '@helia/bitswap';
import { withLibp2pLight } from '@helia/libp2p';
import * as dagCbor from '@ipld/dag-cbor';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { LevelBlockstore } from 'blockstore-level';
import { LevelDatastore } from 'datastore-level';
import { createHeliaLight } from 'helia';
import { base32 } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';
import type { WantedBlock } from '#core/ports/village-node.ts';
import { toHex, utf8 } from '#domain/bytes.ts';
import { TEST_PSK } from '#p2p/test-village.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';

/** Helia as it ships, with the key of the village network: what a peer does that knows nothing of our protocol. */
const AT_ONCE = 32;

const { dir, address, wanted } = readInput<{ address: string; wanted: WantedBlock[] }>();
const blockstore = new LevelBlockstore(join(dir, 'blocks'));
const datastore = new LevelDatastore(join(dir, 'data'));
await blockstore.open();
await datastore.open();
const helia = withBitswap(
  withLibp2pLight(createHeliaLight({ blockstore, datastore, codecs: [dagCbor] }), {
    datastore,
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionProtector: preSharedKey({ psk: utf8(`/key/swarm/psk/1.0.0/\n/base16/\n${toHex(TEST_PSK)}`) }),
    services: { identify: identify() },
  }),
);
await helia.start();
await helia.libp2p.dial(multiaddr(address));

const open = [...wanted];
let bytes = 0;
const fetchOpen = async (): Promise<void> => {
  for (let next = open.shift(); next; next = open.shift()) {
    const cid = CID.parse(next.cid, base32);
    for await (const chunk of helia.blockstore.get(cid, { signal: AbortSignal.timeout(600_000) }))
      bytes += chunk.length;
  }
};
const cpu = process.cpuUsage();
const startMs = performance.now();
await Promise.all(Array.from({ length: AT_ONCE }, fetchOpen));
const seconds = secondsSince(startMs);
const used = process.cpuUsage(cpu);
const cpuSeconds = (used.user + used.system) / 1e6;
await answer({ seconds, cpuSeconds, bytes, missing: 0, peakMb: peakMbOf('self') }, async () => {
  await helia.stop();
  await blockstore.close();
  await datastore.close();
});
