import * as dagCbor from '@ipld/dag-cbor';
import type { Connection, Libp2p, PeerId } from '@libp2p/interface';
import type { Helia } from 'helia';
import { base32 } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';
import { AppError } from '#core/ports/errors.ts';
import { step } from '#core/ports/steps.ts';
import type { FetchOptions, PeerFetch, WantedBlock } from '#core/ports/village-node.ts';
import { bestConnection } from './best-connection.ts';
import { createBitswapSource } from './block-bitswap.ts';
import { type BlockNetwork, fetchFromPeers } from './block-fetch.ts';
import type { BlockBytes } from './block-intake.ts';
import { type BlockPipe, createStreamPipe } from './block-pipe.ts';
import { createBlockProgress } from './block-progress.ts';
import { type BlockName, createBlockSession } from './block-session.ts';
import { BLOCKS_PROTOCOL, MAX_ANSWER_FRAME } from './block-wire.ts';
import { createChannelDialler } from './channel-dialler.ts';
import { createRecentMap } from './recent-map.ts';
import { widenWindow } from './stream-window.ts';
import type { VillageBlocks } from './village-blocks.ts';

const OPEN_TIMEOUT_MS = 10_000;
/** More than a peer is ever asked for at once. */
const WINDOW_BYTES = 8 * 1024 * 1024;
/** A peer that sends nothing worth waiting for over so long is left out, ms. */
const STALL_MS = 10_000;
/** A peer that was left out of a fetch is asked again after this, ms. */
const PENALTY_MS = 30_000;
/** Read from this disk together. */
const READ_AT_ONCE = 8;

export interface BlockFetcherContext {
  readonly helia: Pick<Helia, 'blockstore'>;
  readonly libp2p: Libp2p;
  readonly blocks: VillageBlocks;
  /** Whether this disk takes anything from others. */
  readonly hasRoom: () => boolean;
  readonly onRefused: (peer: string, reason: string) => void;
  readonly onChange: () => void;
  readonly stallMs?: number;
}

/** Runs the fetches of this node. */
export interface BlockFetcher {
  readonly fetchBlocks: (wanted: readonly WantedBlock[], options: FetchOptions) => Promise<readonly string[]>;
  readonly fetching: () => PeerFetch[];
  /** Ends all fetches; resolves when nothing is written any more, without waiting for any reader. */
  stop(): Promise<void>;
}

export function createBlockFetcher(context: BlockFetcherContext, maxBytes: number): BlockFetcher {
  const { blocks, onChange } = context;
  const progress = createBlockProgress(() => performance.now());
  const barredUntilMs = createRecentMap<number>();
  const network = createBlockNetwork(context, (peer) => (barredUntilMs.get(peer) ?? 0) > performance.now());
  const stopping = new AbortController();
  let running = 0;
  const storing = new Set<Promise<void>>();
  const store = (list: readonly BlockBytes<BlockName>[]): Promise<void> => {
    if (!context.hasRoom()) return Promise.reject(noRoom());
    const write = blocks.putMany(list.map(({ block, bytes }) => ({ digest: block.digest, bytes })));
    const settled = write.catch(() => undefined).finally(() => storing.delete(settled));
    storing.add(settled);
    return write;
  };

  const fetchBlocks = async (
    wanted: readonly WantedBlock[],
    { signal: theirs, deliver }: FetchOptions,
  ): Promise<readonly string[]> => {
    const signal = AbortSignal.any([theirs, stopping.signal]);
    const delivered = new Set<string>();
    const deliverOnce = async (cid: string, bytes: Uint8Array): Promise<void> => {
      await deliver(cid, bytes);
      delivered.add(cid);
      onChange();
    };
    const names = nameBlocks(wanted, maxBytes);
    const elsewhere = await deliverLocal(blocks, names, { signal, deliver: deliverOnce });
    await fetchFromPeers(elsewhere, {
      network,
      signal,
      deliver(cid, bytes) {
        step('sync.block-fetched');
        return deliverOnce(cid, bytes);
      },
      store,
      progress,
      onProblem(peer, reason) {
        barredUntilMs.set(peer, performance.now() + PENALTY_MS);
        context.onRefused(peer, reason);
      },
    });
    return wanted.flatMap(({ cid }) => (delivered.has(cid) ? [] : [cid]));
  };
  return {
    async fetchBlocks(wanted, options) {
      running += 1;
      try {
        return await fetchBlocks(wanted, options);
      } finally {
        running -= 1;
        if (running === 0) progress.clear();
        onChange();
      }
    },
    fetching: () => progress.list(),
    async stop() {
      stopping.abort();
      await Promise.all(storing);
    },
  };
}

const noRoom = (): AppError =>
  new AppError('DISK_FULL', 'This disk has no room for the readings that others send; make room, then they come.', {
    retryable: true,
  });

/** The blocks that can be asked for at all, each once. */
function nameBlocks(wanted: readonly WantedBlock[], maxBytes: number): BlockName[] {
  const names = new Map<string, BlockName>();
  for (const { cid, bytes } of wanted) {
    const digest = bytes > 0 && bytes <= maxBytes ? digestIn(cid) : undefined;
    // Somebody may have announced the same block as longer or shorter than it is.
    if (digest) names.set(`${cid} ${bytes}`, { cid, digest, bytes });
  }
  return [...names.values()];
}

/** Of the CID of a dag-cbor block under sha2-256; other blocks are not stored here. */
function digestIn(text: string): Uint8Array | undefined {
  try {
    const { version, code, multihash } = CID.parse(text, base32);
    return version === 1 && code === dagCbor.code && multihash.code === 0x12 && multihash.digest.length === 32
      ? multihash.digest
      : undefined;
  } catch {
    return undefined;
  }
}

/** Hands on what lies on this disk and answers the rest. */
async function deliverLocal(
  blocks: VillageBlocks,
  names: readonly BlockName[],
  { signal, deliver }: FetchOptions,
): Promise<BlockName[]> {
  const are = await blocks.hasMany(names.map(({ digest }) => digest));
  const elsewhere = names.filter((_, i) => !are[i]);
  const here = names.filter((_, i) => are[i]);
  for (let at = 0; at < here.length && !signal.aborted; at += READ_AT_ONCE) {
    const part = here.slice(at, at + READ_AT_ONCE);
    const found = await blocks.readMany(part.map(({ digest }) => digest));
    await Promise.all(
      part.map(async (name, i) => {
        const bytes = found[i];
        if (!bytes) elsewhere.push(name);
        else if (bytes.length === name.bytes) await deliver(name.cid, bytes);
      }),
    );
  }
  return elsewhere;
}

function createBlockNetwork(context: BlockFetcherContext, isBarred: (peer: string) => boolean): BlockNetwork {
  const { libp2p, helia, stallMs = STALL_MS } = context;
  const channels = createChannelDialler();
  return {
    connectedPeers: () => libp2p.getPeers().map((peer) => peer.toString()),
    onConnect(listener) {
      const onConnect = ({ detail }: CustomEvent<PeerId>): void => listener(detail.toString());
      libp2p.addEventListener('peer:connect', onConnect);
      return () => libp2p.removeEventListener('peer:connect', onConnect);
    },
    async open(peer, listener) {
      const connection = bestConnection(libp2p, peer);
      if (isBarred(peer)) return 'barred';
      if (!connection) return 'gone';
      try {
        const pipe = (await channels.open(connection)) ?? (await openStream(connection));
        return createBlockSession(peer, pipe, stallMs, listener);
      } catch (error) {
        return error instanceof Error && error.name === 'UnsupportedProtocolError' ? 'stock' : 'gone';
      }
    },
    openBitswap: (listener, onDiskError) => createBitswapSource(helia, listener, onDiskError),
  };
}

async function openStream(connection: Connection): Promise<BlockPipe> {
  const signal = AbortSignal.timeout(OPEN_TIMEOUT_MS);
  const stream = await connection.newStream(BLOCKS_PROTOCOL, { signal, runOnLimitedConnection: true });
  widenWindow(stream, WINDOW_BYTES);
  return createStreamPipe(stream, MAX_ANSWER_FRAME);
}
