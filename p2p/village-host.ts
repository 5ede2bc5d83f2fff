import { withBitswap } from '@helia/bitswap';
import { withLibp2pLight } from '@helia/libp2p';
import * as dagCbor from '@ipld/dag-cbor';
import { circuitRelayServer } from '@libp2p/circuit-relay-v2';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { dcutr } from '@libp2p/dcutr';
import { identify } from '@libp2p/identify';
import type { Libp2p } from '@libp2p/interface';
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht';
import { mdns } from '@libp2p/mdns';
import { noise } from '@libp2p/noise';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { webSockets } from '@libp2p/websockets';
import { yamux } from '@libp2p/yamux';
import { createHeliaLight, type Helia } from 'helia';
import { AppError } from '#core/ports/errors.ts';
import type { VillageNodeOptions } from '#core/ports/village-node.ts';
import { announceAddresses } from './announced-addresses.ts';
import { openDatabase } from './level-database.ts';
import { NETWORK_LIMITS } from './network-limits.ts';
import { PeerDatastore } from './peer-datastore.ts';
import { createRelayClient } from './relay-client.ts';
import type { VillageBlocks } from './village-blocks.ts';
import type { VillageGate } from './village-gate.ts';
import type { VillageProtector } from './village-protector.ts';

const MDNS_EVERY_MS = 5000;

/** Helia over libp2p, reachable only by holders of the village's pre-shared key. */
export interface VillageHost {
  readonly helia: Helia;
  readonly libp2p: Libp2p;
  stop(): Promise<void>;
}

type HostOptions = Pick<VillageNodeOptions, 'village' | 'listen' | 'mdns' | 'relay'> & { readonly seed: Uint8Array };

interface HostParts {
  readonly blocks: VillageBlocks;
  readonly dataPath: string;
  readonly gate: VillageGate;
  readonly protector: VillageProtector;
}

/** The gate is asked before every connection, in or out. */
export async function startVillageHost(
  options: HostOptions,
  { blocks, dataPath, gate, protector }: HostParts,
): Promise<VillageHost> {
  const prefix = options.village.slice(0, 16);
  const data = await openDatabase(dataPath);
  const datastore = new PeerDatastore(data);
  const relayClient = createRelayClient();
  const helia = withBitswap(
    withLibp2pLight(createHeliaLight({ blockstore: blocks.blockstore, datastore, codecs: [dagCbor] }), {
      privateKey: await generateKeyPairFromSeed('Ed25519', options.seed),
      datastore,
      addresses: { listen: [...options.listen] },
      transports: [tcp(), webSockets(), relayClient.transport],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux({ maxInboundStreams: NETWORK_LIMITS.streamsPerConnection })],
      connectionProtector: protector.asComponent,
      connectionManager: {
        maxConnections: NETWORK_LIMITS.connections,
        maxIncomingPendingConnections: NETWORK_LIMITS.pending,
        inboundConnectionThreshold: NETWORK_LIMITS.openedPerHostPerSecond,
        inboundUpgradeTimeout: NETWORK_LIMITS.handshakeMs,
      },
      peerDiscovery: options.mdns
        ? [mdns({ interval: MDNS_EVERY_MS, serviceTag: `_gridpact-${prefix}._udp.local` })]
        : [],
      connectionGater: gate.gater,
      // A console that is busy for seconds is not dead: a session that hears nothing for long hangs up by itself.
      connectionMonitor: { abortConnectionOnPingFailure: false },
      services: {
        identify: identify(),
        ping: ping(),
        dht: kadDHT({
          protocol: `/gridpact/${prefix}/kad/1.0.0`,
          clientMode: false,
          peerInfoMapper: passthroughMapper,
          maxInboundStreams: NETWORK_LIMITS.dhtStreams,
        }),
        dcutr: dcutr(),
        announceAddresses,
        relayClient: relayClient.service,
        ...(options.relay ? { relay: relayServer() } : {}),
      },
    }),
    { runOnLimitedConnections: true },
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
  gate.attach(helia.libp2p);
  return {
    helia,
    libp2p: helia.libp2p,
    async stop() {
      await helia.stop();
      await data.close();
    },
  };
}

/** The library's own limits, 128 KiB and 2 minutes to a connection, are made for signalling: replication needs more. */
const relayServer = () =>
  circuitRelayServer({
    maxInboundHopStreams: NETWORK_LIMITS.relayHopStreams,
    reservations: {
      maxReservations: NETWORK_LIMITS.relayReservations,
      defaultDataLimit: NETWORK_LIMITS.relayBytes,
      defaultDurationLimit: NETWORK_LIMITS.relayMs,
    },
  });
