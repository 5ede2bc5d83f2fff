import { withBitswap } from '@helia/bitswap';
import { withLibp2pLight } from '@helia/libp2p';
import * as dagCbor from '@ipld/dag-cbor';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { gossipsub } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import type { Libp2p } from '@libp2p/interface';
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht';
import { mdns } from '@libp2p/mdns';
import { noise } from '@libp2p/noise';
import { ping } from '@libp2p/ping';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { LevelDatastore } from 'datastore-level';
import { createHeliaLight, type Helia } from 'helia';
import { AppError } from '#core/ports/errors.ts';
import type { VillageNodeOptions } from '#core/ports/village-node.ts';
import { toHex, utf8 } from '#domain/bytes.ts';
import { openDatabase } from './level-database.ts';
import type { VillageBlocks } from './village-blocks.ts';

const MDNS_EVERY_MS = 5000;
/** A loaded single-board computer needs more than the default second. */
const PSK_TIMEOUT_MS = 3000;

/** Helia over libp2p, reachable only by holders of the village's pre-shared key. */
export interface VillageHost {
  readonly helia: Helia;
  readonly libp2p: Libp2p;
  stop(): Promise<void>;
}

type HostOptions = Pick<VillageNodeOptions, 'village' | 'psk' | 'listen' | 'mdns'> & { readonly seed: Uint8Array };

/** `isOnline` is asked before every connection, in or out. */
export async function startVillageHost(
  options: HostOptions,
  blocks: VillageBlocks,
  dataPath: string,
  isOnline: () => boolean,
): Promise<VillageHost> {
  const prefix = options.village.slice(0, 16);
  const data = await openDatabase(dataPath);
  const datastore = new LevelDatastore(data);
  const isOffline = (): boolean => !isOnline();
  const psk = utf8(`/key/swarm/psk/1.0.0/\n/base16/\n${toHex(options.psk)}`);
  const helia = withBitswap(
    withLibp2pLight(createHeliaLight({ blockstore: blocks.blockstore, datastore, codecs: [dagCbor] }), {
      privateKey: await generateKeyPairFromSeed('Ed25519', options.seed),
      datastore,
      addresses: { listen: [...options.listen] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionProtector: preSharedKey({ psk, timeout: PSK_TIMEOUT_MS }),
      peerDiscovery: options.mdns
        ? [mdns({ interval: MDNS_EVERY_MS, serviceTag: `_gridpact-${prefix}._udp.local` })]
        : [],
      connectionGater: {
        denyDialPeer: isOffline,
        denyDialMultiaddr: isOffline,
        denyInboundConnection: isOffline,
        denyInboundUpgradedConnection: isOffline,
        denyOutboundUpgradedConnection: isOffline,
      },
      services: {
        identify: identify(),
        ping: ping(),
        pubsub: gossipsub({ allowPublishToZeroTopicPeers: true, floodPublish: true }),
        dht: kadDHT({
          protocol: `/gridpact/${prefix}/kad/1.0.0`,
          clientMode: false,
          peerInfoMapper: passthroughMapper,
        }),
      },
    }),
  );
  try {
    await helia.start();
  } catch (error) {
    await helia.stop().catch(() => undefined);
    await data.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError('BAD_ADDRESS', `the node cannot listen on ${options.listen.join(', ')}: ${reason}`, {
      cause: error,
    });
  }
  return {
    helia,
    libp2p: helia.libp2p,
    async stop() {
      await helia.stop();
      await data.close();
    },
  };
}
