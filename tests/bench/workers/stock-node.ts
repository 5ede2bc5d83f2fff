import { join } from 'node:path';
import { withBitswap } from '@helia/bitswap';
import { withLibp2pLight } from '@helia/libp2p';
import * as dagCbor from '@ipld/dag-cbor';
import { gossipsub } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import type { Libp2p } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createOrbitDB, type EventsDatabase, IPFSAccessController, type OrbitDB } from '@orbitdb/core';
import { LevelBlockstore } from 'blockstore-level';
import { LevelDatastore } from 'datastore-level';
import { createHeliaLight } from 'helia';

/** OrbitDB as it ships, over Helia with LevelDB, TCP, noise and yamux: the reference of the books. */
export interface StockNode {
  readonly orbitdb: OrbitDB;
  readonly libp2p: Libp2p;
  stop(): Promise<void>;
}

export async function startStockNode(dir: string, id: string): Promise<StockNode> {
  const blockstore = new LevelBlockstore(join(dir, 'blocks'));
  const datastore = new LevelDatastore(join(dir, 'data'));
  await blockstore.open();
  await datastore.open();
  const helia = withBitswap(
    withLibp2pLight(createHeliaLight({ blockstore, datastore, codecs: [dagCbor] }), {
      datastore,
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: {
        identify: identify(),
        pubsub: gossipsub({ allowPublishToZeroTopicPeers: true, floodPublish: true }),
      },
    }),
  );
  await helia.start();
  const orbitdb = await createOrbitDB({ ipfs: helia, id, directory: join(dir, 'orbitdb') });
  return {
    orbitdb,
    libp2p: helia.libp2p,
    async stop() {
      await orbitdb.stop();
      await helia.stop();
      await blockstore.close();
      await datastore.close();
    },
  };
}

/** A log that every identity may write to; identities and entries are still verified on joining. */
export async function openStockLog<T>(node: StockNode, address: string): Promise<EventsDatabase<T>> {
  const AccessController = IPFSAccessController({ write: ['*'] });
  const db = await node.orbitdb.open<T>(address, { type: 'events', AccessController });
  db.events.on('error', (error) => process.stderr.write(`stock OrbitDB: ${error.message}\n`));
  return db;
}
