import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { multiaddr } from '@multiformats/multiaddr';
import { AppError } from '#core/ports/errors.ts';
import type { PeerState, StartVillageNode, VillageNode, VillageNodeOptions } from '#core/ports/village-node.ts';
import { listeningHost } from './addresses.ts';
import { startBlockExchange } from './block-exchange.ts';
import { STALLED } from './block-session.ts';
import { openBookDatabase } from './book-database.ts';
import { type BookReplication, startBookReplication } from './book-replication.ts';
import { countBuffersIntoHeap } from './buffer-memory.ts';
import { createDeviceIdentity } from './device-identity.ts';
import { createEntryBundles } from './entry-bundles.ts';
import { createIdentityStore } from './identity-store.ts';
import { createNodeEvents, type NodeEvents } from './node-events.ts';
import { deviceOfPeer } from './peer-device.ts';
import { createPeerLinks, type PeerLink } from './peer-links.ts';
import { createPeerPenalties } from './peer-penalties.ts';
import { createRefusals } from './refusals.ts';
import { createStagedEntries } from './staged-entries.ts';
import { openVillageBlocks, releaseBlocks, type VillageBlocks } from './village-blocks.ts';
import { openVillageBooks, type VillageBooks } from './village-books.ts';
import { createVillageGate } from './village-gate.ts';
import { startVillageHost, type VillageHost } from './village-host.ts';
import { createVillageProtector } from './village-protector.ts';

/** Starts the node over libp2p, Helia and OrbitDB's log. The device key is also the libp2p and the OrbitDB key. */
export const startVillageNode: StartVillageNode = async (options) => {
  checkOptions(options);
  countBuffersIntoHeap();
  mkdirSync(options.dir, { recursive: true });
  const events = createNodeEvents();
  const disk = await openDisk(options, events);
  const { members, isRevoked, clock, hasRoom = () => true } = options;
  const protector = createVillageProtector(options.networkKeys);
  const penalties = createPeerPenalties(() => performance.now());
  const gate = createVillageGate({ members, isRevoked, isCutOff: penalties.isCutOff, protector });
  let host: VillageHost;
  try {
    const hostOptions = { ...options, seed: options.device.seed };
    const parts = { blocks: disk.blocks, dataPath: join(options.dir, 'data'), gate, protector };
    host = await startVillageHost(hostOptions, parts);
  } catch (error) {
    await disk.close();
    throw error;
  }
  const { libp2p } = host;
  const accuse = (peer: string, reason: string): void => {
    events.emit({ type: 'refused', peer, book: '', reason });
    if (reason !== STALLED && penalties.note(peer)) gate.cutOff(peer);
  };
  const isBarred = (peer: string): boolean => penalties.leftMs(peer) > 0;
  const replication = await startBookReplication({
    libp2p,
    village: options.village,
    penalties,
    books: disk.books,
    hasRoom,
    allowance: options.allowance,
    isStranger: gate.isStranger,
    onViolation: accuse,
    onChange: () => events.peersChanged(),
  });
  disk.onChange(replication);
  const links = createPeerLinks({
    libp2p,
    addressFile: join(options.dir, 'peers.json'),
    gate,
    protector,
    members,
    now: () => clock.now(),
    onChange: () => events.peersChanged(),
  });
  const exchange = await startBlockExchange({
    helia: host.helia,
    libp2p,
    blocks: disk.blocks,
    hasRoom,
    isBarred,
    channels: {
      host: listeningHost(options.listen),
      mayOffer: (peer) => !gate.isRevoked(peer) && !gate.isStranger(peer) && !isBarred(peer),
    },
    onRefused: accuse,
    onChange: () => events.peersChanged(),
  });
  await links.setOnline(true);

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    events.stop();
    await links.stop();
    await exchange.stop();
    await replication.stop();
    await host.stop();
    await disk.close();
  };
  const node: VillageNode = {
    peerId: libp2p.peerId.toString(),
    addresses: () => libp2p.getMultiaddrs().map((a) => multiaddr(a.toString()).toString()),
    append: (book, records) => disk.books.append(book, records),
    scan: (book, after) => disk.books.scan(book, after),
    size: (book) => disk.books.size(book),
    books: () => disk.books.names(),
    reconsider: () => disk.books.reconsider(),
    subscribe: (listener) => events.subscribe(listener),
    ...createEntryBundles(disk.books),
    bringBack: async (book, options) => replication.bringBack(book, await disk.books.released(book), options),
    releaseBlocks: (cids) => releaseBlocks(disk.blocks, cids),
    putBlock: exchange.putBlock,
    hasBlock: exchange.hasBlock,
    heldBlocks: exchange.heldBlocks,
    getBlock: exchange.getBlock,
    fetchBlocks: exchange.fetchBlocks,
    fetching: exchange.fetching,
    dial: (address) => links.dial(address),
    peers: () => links.list().map((link) => toPeerState(link, replication, clock.now())),
    forget: (peer) => links.forget(peer),
    recheckPeers: () => links.recheck(),
    setOnline: (online) => links.setOnline(online),
    get online() {
      return links.online;
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
  return node;
};

type ChangeListener = Pick<BookReplication, 'offer' | 'restored'>;

interface Disk {
  readonly blocks: VillageBlocks;
  readonly books: VillageBooks;
  onChange(listener: ChangeListener): void;
  close(): Promise<void>;
}

async function openDisk(options: VillageNodeOptions, events: NodeEvents): Promise<Disk> {
  const device = createDeviceIdentity(options.device.seed);
  if (device.device !== options.device.id) throw new AppError('BAD_KEY', 'the device id does not belong to its seed');
  let books: VillageBooks | undefined;
  let listener: ChangeListener | undefined;
  const readEntry = async (hash: string): Promise<Uint8Array | undefined> => books?.entryBytes(hash);
  const blocks = await openVillageBlocks(join(options.dir, 'blocks'), readEntry, (cid) =>
    events.emit({ type: 'damaged', cid }),
  );
  try {
    books = await openVillageBooks(await openBookDatabase(join(options.dir, 'books')), {
      village: options.village,
      device,
      identity: device.identity,
      admit: options.admit,
      identities: createIdentityStore(blocks),
      staged: createStagedEntries(),
      refusals: createRefusals(),
      onJoined({ book, origin, records, hashes }) {
        events.emit({ type: 'records', book, origin, records });
        listener?.offer(book, hashes, origin);
      },
      onRestored: () => listener?.restored(),
      onRefused: (refused) => events.emit({ type: 'refused', ...refused }),
    });
  } catch (error) {
    await blocks.close();
    throw error;
  }
  const opened = books;
  return {
    blocks,
    books: opened,
    onChange(told) {
      listener = told;
    },
    async close() {
      await opened.close();
      await blocks.close();
    },
  };
}

function checkOptions({ village, networkKeys, device }: VillageNodeOptions): void {
  if (!/^[0-9a-f]{64}$/.test(village)) throw new AppError('BAD_OPTIONS', 'the village is not 64 hex digits');
  const keys = networkKeys();
  if (keys.length === 0 || keys.some((key) => key.length !== 32))
    throw new AppError('BAD_OPTIONS', 'a key of the village network is not 32 bytes');
  if (device.seed.length !== 32) throw new AppError('BAD_OPTIONS', 'the device seed is not 32 bytes');
}

function toPeerState(link: PeerLink, replication: BookReplication, nowMs: number): PeerState {
  const { peer, connected, relayed, keyRefused, addresses } = link;
  const state = replication.state(peer);
  const heardAt = replication.heardAt(peer);
  return {
    peer,
    device: deviceOfPeer(peer),
    connected,
    relayed,
    keyRefused,
    addresses,
    heardAt: heardAt === undefined ? undefined : Math.round(nowMs - (performance.now() - heardAt)),
    inStep: state?.inStep ?? false,
    toSend: state?.toSend ?? 0,
    toFetch: state?.toFetch ?? 0,
  };
}
