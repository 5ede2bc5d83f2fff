import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { type BlockRequests, createBlockRequests } from './block-requests.ts';
import { createTurns, type Turns } from './block-turns.ts';
import { BLOCKS_PROTOCOL, CHUNK_BYTES, chunkFrame, lacksFrame, MAX_REQUEST_FRAME, type Want } from './block-wire.ts';
import { createFrameParser } from './frame-parser.ts';
import type { VillageBlocks } from './village-blocks.ts';

/** Fetches of one peer that are served at once. */
const STREAMS_PER_PEER = 4;
/** Read from disk together; one at a time from a peer that wanted a block under a wrong size. */
const BATCH_BLOCKS = 8;
/** Batches read at once for all peers: a peer may want small blocks that turn out large. */
const READS_AT_ONCE = 2;
/** A peer that takes nothing of what it wanted for so long is cut off, ms. */
const UNREAD_FOR_MS = 60_000;

export interface BlockServer {
  stop(): Promise<void>;
}

interface BlockPeers {
  /** Whether nothing is exchanged with the peer for now. */
  readonly isBarred: (peer: string) => boolean;
  readonly onViolation: (peer: string, reason: string) => void;
}

/** Serves the blocks of this disk to the peers of the village. */
export async function startBlockServer(
  libp2p: Pick<Libp2p, 'handle' | 'unhandle'>,
  blocks: Pick<VillageBlocks, 'readMany'>,
  { isBarred, onViolation }: BlockPeers,
): Promise<BlockServer> {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const turns = createTurns(READS_AT_ONCE);
  const onStream = (stream: Stream, { remotePeer }: Connection): void => {
    if (isBarred(remotePeer.toString())) {
      stream.abort(new Error('not now'));
      return;
    }
    const onProblem = (reason: string): void => onViolation(remotePeer.toString(), reason);
    const serving = serveStream(stream, { blocks, turns, onProblem, signal: stopping.signal }).finally(() =>
      running.delete(serving),
    );
    running.add(serving);
  };
  await libp2p.handle(BLOCKS_PROTOCOL, onStream, {
    maxInboundStreams: STREAMS_PER_PEER,
    runOnLimitedConnection: true,
  });
  return {
    async stop() {
      await libp2p.unhandle(BLOCKS_PROTOCOL);
      stopping.abort();
      await Promise.all(running);
    },
  };
}

interface Serving {
  readonly blocks: Pick<VillageBlocks, 'readMany'>;
  readonly turns: Turns;
  readonly onProblem: (reason: string) => void;
  readonly signal: AbortSignal;
}

/** Runs until the stream ends; never rejects. */
async function serveStream(stream: Stream, { blocks, turns, onProblem, signal }: Serving): Promise<void> {
  const requests = createBlockRequests();
  const parser = createFrameParser(MAX_REQUEST_FRAME);
  const refuse = (reason: string): void => {
    onProblem(reason);
    stream.abort(new Error(reason));
  };
  stream.addEventListener('message', ({ data }) => {
    try {
      for (const part of data instanceof Uint8Array ? [data] : data) {
        for (const frame of parser.push(part)) requests.take(frame);
      }
    } catch (error) {
      refuse(error instanceof Error ? error.message : 'it sent a request that cannot be read');
    }
  });
  stream.addEventListener('close', requests.end);
  stream.addEventListener('remoteCloseWrite', requests.end);
  const onStop = (): void => {
    requests.end();
    stream.abort(new Error('this node stops'));
  };
  signal.addEventListener('abort', onStop);
  // It may have ended before anybody listened.
  if (stream.status !== 'open' || signal.aborted) onStop();
  let batchBlocks = BATCH_BLOCKS;
  try {
    for (let wants = await requests.next(batchBlocks); wants; wants = await requests.next(batchBlocks)) {
      const held = await turns.run(() => readWanted(blocks, wants));
      if (held.isMisnamed) batchBlocks = 1;
      await sendBatch(stream, requests, wants, held.found);
    }
    stream.abort(new Error('the fetch is over'));
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
  } finally {
    signal.removeEventListener('abort', onStop);
  }
}

/** Lets go at once of what is not of the size that the peer named. */
async function readWanted(
  blocks: Pick<VillageBlocks, 'readMany'>,
  wants: readonly Want[],
): Promise<{ readonly found: (Uint8Array | undefined)[]; readonly isMisnamed: boolean }> {
  const read = await blocks.readMany(wants.map((want) => want.digest));
  const found = read.map((bytes, i) => (bytes && bytes.length === wants[i]?.bytes ? bytes : undefined));
  return { found, isMisnamed: read.some((bytes, i) => bytes !== undefined && found[i] === undefined) };
}

/** Blocks of a batch take turns by the chunk, so that a large one does not hold up the small ones. */
async function sendBatch(
  stream: Stream,
  requests: BlockRequests,
  wants: readonly Want[],
  found: readonly (Uint8Array | undefined)[],
): Promise<void> {
  const answerLacks = async (numbers: readonly number[]): Promise<void> => {
    if (numbers.length === 0) return;
    requests.answered(numbers);
    await send(stream, lacksFrame(numbers));
  };
  const lacking: number[] = [];
  let sending: { number: number; rest: Uint8Array }[] = [];
  wants.forEach(({ number }, i) => {
    const block = found[i];
    if (block && block.length > 0) sending.push({ number, rest: block });
    else lacking.push(number);
  });
  await answerLacks(lacking);
  while (sending.length > 0) {
    const cancelled = sending.filter(({ number }) => requests.isCancelled(number)).map(({ number }) => number);
    await answerLacks(cancelled);
    sending = sending.filter(({ number }) => !cancelled.includes(number));
    for (const block of sending) {
      const chunk = block.rest.subarray(0, CHUNK_BYTES);
      block.rest = block.rest.subarray(chunk.length);
      // The peer counts a want as answered once it has read this, so it must not be open here any more.
      if (block.rest.length === 0) requests.answered([block.number]);
      await send(stream, chunkFrame(block.number, chunk));
    }
    sending = sending.filter(({ rest }) => rest.length > 0);
  }
}

/** Resolves when the stream can take more; rejects when it ends or the peer does not read. */
async function send(stream: Stream, frame: Parameters<Stream['send']>[0]): Promise<void> {
  if (stream.send(frame) || !stream.writableNeedsDrain) return;
  await new Promise<void>((resolve, reject) => {
    const finish = (problem?: string): void => {
      clearTimeout(timer);
      stream.removeEventListener('drain', onDrain);
      stream.removeEventListener('close', onClose);
      if (problem === undefined) resolve();
      else reject(new Error(problem));
    };
    const onDrain = (): void => finish();
    const onClose = (): void => finish('the stream ended');
    const timer = setTimeout(() => finish('the peer does not take what it wanted'), UNREAD_FOR_MS);
    stream.addEventListener('drain', onDrain);
    stream.addEventListener('close', onClose);
  });
}
