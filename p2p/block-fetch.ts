import type { FetchOptions } from '#core/ports/village-node.ts';
import { type BlockBytes, createBlockIntake } from './block-intake.ts';
import type { BlockProgress } from './block-progress.ts';
import { createBlockQueue, type Source, type Wanted } from './block-queue.ts';
import type { BlockName, SourceListener } from './block-session.ts';

/** Wanted of one peer and not answered. It is filled up when half of it has come. */
const PEER_WINDOW_BYTES = 4 * 1024 * 1024;
/** Wanted of all peers, on the way to the disk, and held by the reader. */
const HELD_BYTES = 24 * 1024 * 1024;
/** How often it is looked for a peer that keeps others waiting, ms. */
const LOOK_EVERY_MS = 500;
/** Within one fetch, to a peer whose stream breaks. */
const STREAMS_TO_A_PEER = 5;
/** A peer whose connection broke is usually back within this, ms. */
const BACK_WITHIN_MS = 3000;

/** What the network is to a fetch. */
export interface BlockNetwork {
  connectedPeers(): readonly string[];
  onConnect(listener: (peer: string) => void): () => void;
  /** 'stock': the peer does not speak our protocol; 'gone': its connection broke; 'barred': not now. */
  open(peer: string, listener: SourceListener<Wanted>): Promise<Source | 'stock' | 'gone' | 'barred'>;
  /** Asks the peers that speak bitswap only; what it brings lies on this disk already. */
  openBitswap(listener: SourceListener<Wanted>, onDiskError: (error: unknown) => void): Source;
}

export interface BlockFetchContext extends FetchOptions {
  readonly network: BlockNetwork;
  readonly store: (blocks: readonly BlockBytes<BlockName>[]) => Promise<void>;
  readonly progress: BlockProgress;
  /** The peer broke the rules of the protocol, or was too slow to wait for. */
  readonly onProblem: (peer: string, reason: string) => void;
}

/** Fetches from everybody at once; resolves with the blocks that could not be had. Rejects when the disk or the reader failed. */
export async function fetchFromPeers(
  names: readonly BlockName[],
  context: BlockFetchContext,
): Promise<readonly BlockName[]> {
  const { network, signal } = context;
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const fetch = createBlockFetch(names, context, end);
  if (signal.aborted) return names;
  signal.addEventListener('abort', end as () => void);
  const stopListening = network.onConnect(fetch.join);
  const timer = setInterval(fetch.feed, LOOK_EVERY_MS);
  for (const peer of network.connectedPeers()) fetch.join(peer);
  fetch.feed();
  await ended;
  signal.removeEventListener('abort', end as () => void);
  clearInterval(timer);
  stopListening();
  return fetch.stop();
}

interface BlockFetch {
  /** Takes a connected peer in. */
  readonly join: (peer: string) => void;
  /** Asks everybody for what fits. */
  readonly feed: () => void;
  stop(): Promise<readonly BlockName[]>;
}

function createBlockFetch(names: readonly BlockName[], context: BlockFetchContext, end: () => void): BlockFetch {
  const { network, progress } = context;
  const queue = createBlockQueue(names, () => performance.now());
  const sources = new Set<Source>();
  const opening = new Set<string>();
  /** Peers that connected while a stream to them was being opened, perhaps over a connection that was breaking. */
  const cameBack = new Set<string>();
  const openings = new Map<string, number>();
  let bitswap: 'unneeded' | 'needed' | 'open' = 'unneeded';
  let heldBytes = 0;
  let lostAtMs = Number.NEGATIVE_INFINITY;
  let failure: { readonly error: unknown } | undefined;
  let over = false;

  const intake = createBlockIntake<Wanted>({
    store: context.store,
    deliver: context.deliver,
    onDelivered(block) {
      heldBytes -= block.bytes;
      feed();
    },
    onError: (error) => fail(error),
  });
  const fail = (error: unknown): void => {
    failure ??= { error };
    end();
  };
  const ask = (source: Source): void => {
    if (source.openBytes > PEER_WINDOW_BYTES / 2) return;
    let openBytes = source.openBytes;
    const batch: Wanted[] = [];
    while (source.openCount + batch.length < source.maxOpen) {
      const block = queue.next(source);
      if (!block || (openBytes > 0 && openBytes + block.bytes > PEER_WINDOW_BYTES)) break;
      if (heldBytes > 0 && heldBytes + block.bytes > HELD_BYTES) break;
      queue.asked(block, source);
      openBytes += block.bytes;
      heldBytes += block.bytes;
      batch.push(block);
    }
    if (batch.length === 0) return;
    if (source.peer !== undefined) progress.asked(source.peer, batch.length, openBytes - source.openBytes);
    source.want(batch);
  };
  const isExhausted = (): boolean =>
    heldBytes === 0 &&
    opening.size === 0 &&
    performance.now() - lostAtMs > BACK_WITHIN_MS &&
    [...sources].every((source) => source.openCount === 0 && queue.next(source) === undefined);
  const feed = (): void => {
    if (over) return;
    for (const source of sources) ask(source);
    if (!queue.isDone && !isExhausted()) return;
    if (queue.isDone || bitswap !== 'needed') {
      end();
      return;
    }
    bitswap = 'open';
    const source = network.openBitswap(listener, fail);
    sources.add(source);
    ask(source);
  };
  const giveBack = (source: Source, block: Wanted): void => {
    if (source.peer !== undefined) progress.answered(source.peer, block.bytes, false);
    heldBytes -= block.bytes;
  };
  const listener: SourceListener<Wanted> = {
    onBlock(source, block, bytes) {
      for (const other of queue.arrived(block, source)) other.cancel(block);
      if (source.peer === undefined) intake.handOn(block, bytes);
      else {
        progress.answered(source.peer, block.bytes, true);
        intake.store(block, bytes);
      }
      feed();
    },
    onLacks(source, block) {
      giveBack(source, block);
      queue.lacked(block, source);
      feed();
    },
    onBytes: ({ peer }, count) => {
      if (peer !== undefined) progress.received(peer, count);
    },
    onEnd(source, open, problem) {
      sources.delete(source);
      for (const block of open) {
        giveBack(source, block);
        queue.failed(block, source);
      }
      if (over) return;
      if (source.peer !== undefined && problem !== undefined) context.onProblem(source.peer, problem);
      else if (source.peer !== undefined) lost(source.peer);
      feed();
    },
  };
  const lost = (peer: string): void => {
    lostAtMs = performance.now();
    join(peer);
  };
  const open = async (peer: string): Promise<void> => {
    const source = await network.open(peer, listener);
    opening.delete(peer);
    const isBack = cameBack.delete(peer);
    if (source === 'gone') lostAtMs = performance.now();
    if (source === 'gone' && isBack) join(peer);
    if (source === 'stock' && bitswap === 'unneeded') bitswap = 'needed';
    if (typeof source !== 'string') {
      if (over) source.close();
      else if (source.isOver) lost(peer);
      else sources.add(source);
    }
    feed();
  };
  const join = (peer: string): void => {
    const before = openings.get(peer) ?? 0;
    if (opening.has(peer)) cameBack.add(peer);
    const isAsked = opening.has(peer) || [...sources].some((source) => source.peer === peer);
    if (over || isAsked || before >= STREAMS_TO_A_PEER) return;
    openings.set(peer, before + 1);
    opening.add(peer);
    void open(peer);
  };
  return {
    join,
    feed,
    async stop() {
      over = true;
      for (const source of sources) source.close();
      await intake.idle();
      if (failure) throw failure.error;
      return queue.left();
    },
  };
}
