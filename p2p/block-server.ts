import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { type BlockPipe, createStreamPipe, type OutgoingFrame } from './block-pipe.ts';
import { type BlockRequests, createBlockRequests } from './block-requests.ts';
import { createTurns, type Turns } from './block-turns.ts';
import { BLOCKS_PROTOCOL, CHUNK_BYTES, chunkFrame, lacksFrame, MAX_REQUEST_FRAME, type Want } from './block-wire.ts';
import { type DoorContext, openChannelDoor } from './channel-door.ts';
import type { VillageBlocks } from './village-blocks.ts';

/** Fetches of one peer that are served at once. */
const STREAMS_PER_PEER = 4;
/** Read from disk together; one at a time from a peer that wanted a block under a wrong size. */
const BATCH_BLOCKS = 8;
/** Batches read at once for all peers: a peer may want small blocks that turn out large. */
const READS_AT_ONCE = 2;
/** A peer that takes nothing of what it wanted for so long is cut off, ms. */
const UNREAD_FOR_MS = 60_000;

export interface BlockServerContext {
  readonly libp2p: Pick<Libp2p, 'handle' | 'unhandle'>;
  readonly blocks: Pick<VillageBlocks, 'readMany'>;
  /** Whether nothing is exchanged with the peer for now. */
  readonly isBarred: (peer: string) => boolean;
  /** The peer broke the rules of the protocol. */
  readonly onRefused: (peer: string, reason: string) => void;
  readonly channels: Pick<DoorContext, 'host' | 'mayOffer'>;
}

export interface BlockServer {
  stop(): Promise<void>;
}

/** Serves the blocks of this disk to the peers of the village. */
export async function startBlockServer(context: BlockServerContext): Promise<BlockServer> {
  const { libp2p, blocks, isBarred, onRefused, channels } = context;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const turns = createTurns(READS_AT_ONCE);
  const serve = (pipe: BlockPipe, peer: string): void => {
    if (isBarred(peer)) {
      pipe.abort('not now');
      return;
    }
    const onProblem = (reason: string): void => onRefused(peer, reason);
    const serving = servePipe(pipe, { blocks, turns, onProblem, signal: stopping.signal }).finally(() =>
      running.delete(serving),
    );
    running.add(serving);
  };
  const onStream = (stream: Stream, { remotePeer }: Connection): void =>
    serve(createStreamPipe(stream, MAX_REQUEST_FRAME), remotePeer.toString());
  await libp2p.handle(BLOCKS_PROTOCOL, onStream, {
    maxInboundStreams: STREAMS_PER_PEER,
    runOnLimitedConnection: true,
  });
  const door = await openChannelDoor({ libp2p, ...channels, serve });
  return {
    async stop() {
      await door.stop();
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

/** Runs until the pipe ends; never rejects. */
async function servePipe(pipe: BlockPipe, { blocks, turns, onProblem, signal }: Serving): Promise<void> {
  const requests = createBlockRequests();
  pipe.read({
    onBytes: () => undefined,
    onFrame: (body) => requests.take(body),
    onBroken(reason) {
      onProblem(reason);
      pipe.abort(reason);
    },
    onEnd: requests.end,
  });
  const onStop = (): void => {
    requests.end();
    pipe.abort('this node stops');
  };
  signal.addEventListener('abort', onStop);
  if (signal.aborted) onStop();
  let batchBlocks = BATCH_BLOCKS;
  const readNext = async (): Promise<Batch | undefined> => {
    const wants = await requests.next(batchBlocks);
    return wants && (await turns.run(() => readWanted(blocks, wants)));
  };
  // While one batch is sent the next one is read.
  let reading = readNext();
  try {
    for (let batch = await reading; batch; batch = await reading) {
      if (batch.isMisnamed) batchBlocks = 1;
      reading = readNext();
      reading.catch(() => undefined);
      await sendBatch(pipe, requests, batch);
    }
    pipe.abort('the fetch is over');
  } catch (error) {
    pipe.abort(error instanceof Error ? error.message : String(error));
  } finally {
    signal.removeEventListener('abort', onStop);
    requests.end();
    await reading.catch(() => undefined);
  }
}

interface Batch {
  readonly wants: readonly Want[];
  readonly found: readonly (Uint8Array | undefined)[];
  /** A block is not of the size that the peer named. */
  readonly isMisnamed: boolean;
}

/** Lets go at once of what is not of the size that the peer named. */
async function readWanted(blocks: Pick<VillageBlocks, 'readMany'>, wants: readonly Want[]): Promise<Batch> {
  const read = await blocks.readMany(wants.map((want) => want.digest));
  const found = read.map((bytes, i) => (bytes && bytes.length === wants[i]?.bytes ? bytes : undefined));
  return { wants, found, isMisnamed: read.some((bytes, i) => bytes !== undefined && found[i] === undefined) };
}

/** Blocks of a batch take turns by the chunk, so that a large one does not hold up the small ones. */
async function sendBatch(pipe: BlockPipe, requests: BlockRequests, { wants, found }: Batch): Promise<void> {
  const answerLacks = async (numbers: readonly number[]): Promise<void> => {
    if (numbers.length === 0) return;
    requests.answered(numbers);
    await send(pipe, lacksFrame(numbers));
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
      await send(pipe, chunkFrame(block.number, chunk));
    }
    sending = sending.filter(({ rest }) => rest.length > 0);
  }
}

async function send(pipe: BlockPipe, frame: OutgoingFrame): Promise<void> {
  if (!pipe.send(frame)) await pipe.drained(UNREAD_FOR_MS);
}
