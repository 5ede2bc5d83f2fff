import { hash } from 'node:crypto';
import { equalBytes } from '#domain/bytes.ts';
import type { BlockPipe } from './block-pipe.ts';
import { CHUNK_BYTES, cancelFrame, MAX_OPEN_WANTS, readAnswer, wantFrame } from './block-wire.ts';

/** A peer that answers no want and sends less than this in {@link StallLimit.stallMs} is too slow to wait for. */
const STALLED_BELOW_BYTES = 10 * 1024;
export const STALLED = 'it did not send what it was asked for';
/** A timer that comes later than this tells of this process, not of the peer, ms. */
const LATE_TIMER_MS = 1000;

/** A block to be had from somebody. */
export interface BlockName {
  readonly cid: string;
  /** sha-256, 32 bytes. */
  readonly digest: Uint8Array;
  readonly bytes: number;
}

/** Somebody who can be asked for blocks. */
export interface BlockSource<Block extends BlockName> {
  /** Undefined for bitswap, which asks many. */
  readonly peer: string | undefined;
  /** Bytes and number of wants that are not answered yet. */
  readonly openBytes: number;
  readonly openCount: number;
  readonly maxOpen: number;
  /** It told `onEnd`. */
  readonly isOver: boolean;
  want(blocks: readonly Block[]): void;
  /** The want stays open until its answer: the rest of the block may be on its way. */
  cancel(block: Block): void;
  close(): void;
}

/** What a source tells. Every want is answered by one of `onBlock` (the bytes match the name), `onLacks` and `onEnd`. */
export interface SourceListener<Block extends BlockName> {
  onBlock(source: BlockSource<Block>, block: Block, bytes: Uint8Array): void;
  onLacks(source: BlockSource<Block>, block: Block): void;
  onBytes(source: BlockSource<Block>, count: number): void;
  /** Once; with the blocks whose wants were open, and a reason when the peer is not to be asked again. */
  onEnd(source: BlockSource<Block>, open: readonly Block[], problem: string | undefined): void;
}

interface OpenWant<Block> {
  readonly block: Block;
  filled: number;
  buffer: Uint8Array | undefined;
  cancelled: boolean;
}

/** Asks one peer over one pipe. The peer sends nothing but what was wanted, so open wants bound its share of memory. */
export function createBlockSession<Block extends BlockName>(
  peer: string,
  pipe: BlockPipe,
  stallMs: number,
  listener: SourceListener<Block>,
): BlockSource<Block> {
  const open = new Map<number, OpenWant<Block>>();
  const numbers = new Map<Block, number>();
  let openBytes = 0;
  let nextNumber = 0;
  let ended = false;
  const stall = watchStall(stallMs, () => end(STALLED));

  const end = (problem: string | undefined): void => {
    if (ended) return;
    ended = true;
    stall.stop();
    pipe.abort(problem ?? 'the fetch is over');
    listener.onEnd(session, [...numbers.keys()], problem);
  };
  const settle = (number: number, want: OpenWant<Block>): void => {
    open.delete(number);
    numbers.delete(want.block);
    openBytes -= want.block.bytes;
    stall.answered(open.size > 0);
  };
  const onChunk = (number: number, chunk: Uint8Array): void => {
    const want = open.get(number);
    if (!want) throw new Error('it sent a block that it was not asked for');
    const left = want.block.bytes - want.filled;
    if (chunk.length !== Math.min(CHUNK_BYTES, left)) throw new Error('it sent a block of another size than announced');
    want.filled += chunk.length;
    if (!want.cancelled) keep(want, chunk);
    if (chunk.length < left) return;
    settle(number, want);
    const bytes = want.buffer;
    if (want.cancelled || !bytes) {
      listener.onLacks(session, want.block);
      return;
    }
    if (!equalBytes(hash('sha256', bytes, 'buffer'), want.block.digest)) {
      listener.onLacks(session, want.block);
      throw new Error('it sent a block whose bytes do not have its CID');
    }
    listener.onBlock(session, want.block, bytes);
  };
  const onLacks = (number: number): void => {
    const want = open.get(number);
    if (!want) throw new Error('it answered what it was not asked for');
    settle(number, want);
    listener.onLacks(session, want.block);
  };
  const read = (frame: Uint8Array): void => {
    const answer = readAnswer(frame);
    if (!answer) throw new Error('it sent an answer that cannot be read');
    if (answer.t === 'chunk') onChunk(answer.number, answer.bytes);
    else for (const number of answer.numbers) onLacks(number);
  };
  const session: BlockSource<Block> = {
    peer,
    get openBytes() {
      return openBytes;
    },
    get openCount() {
      return open.size;
    },
    maxOpen: MAX_OPEN_WANTS,
    get isOver() {
      return ended;
    },
    want(blocks) {
      if (open.size === 0) stall.begin();
      const wants = blocks.map((block) => {
        const number = nextNumber++;
        open.set(number, { block, filled: 0, buffer: undefined, cancelled: false });
        numbers.set(block, number);
        openBytes += block.bytes;
        return { number, bytes: block.bytes, digest: block.digest };
      });
      pipe.send(wantFrame(wants));
    },
    cancel(block) {
      const number = numbers.get(block);
      const want = number === undefined ? undefined : open.get(number);
      if (number === undefined || !want || want.cancelled) return;
      want.cancelled = true;
      want.buffer = undefined;
      pipe.send(cancelFrame([number]));
    },
    close: () => end(undefined),
  };
  pipe.read({
    onBytes(count) {
      if (ended) return;
      stall.received(count);
      listener.onBytes(session, count);
    },
    onFrame(frame) {
      if (!ended) read(frame);
    },
    onBroken: end,
    onEnd: () => end(undefined),
  });
  return session;
}

function keep(want: OpenWant<BlockName>, chunk: Uint8Array): void {
  if (chunk.length === want.block.bytes) {
    want.buffer = chunk;
    return;
  }
  want.buffer ??= new Uint8Array(want.block.bytes);
  want.buffer.set(chunk, want.filled - chunk.length);
}

interface StallWatch {
  begin(): void;
  received(bytes: number): void;
  answered(isMoreOpen: boolean): void;
  stop(): void;
}

/** Calls back when wants were open for `stallMs` and nothing worth waiting for came. */
function watchStall(stallMs: number, onStall: () => void): StallWatch {
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    clearTimeout(timer);
    bytes = 0;
    const dueAt = performance.now() + stallMs;
    timer = setTimeout(() => {
      if (bytes >= STALLED_BELOW_BYTES || performance.now() - dueAt > LATE_TIMER_MS) begin();
      else onStall();
    }, stallMs);
  };
  return {
    begin,
    received(count) {
      bytes += count;
    },
    answered(isMoreOpen) {
      if (!isMoreOpen) clearTimeout(timer);
      else bytes = STALLED_BELOW_BYTES;
    },
    stop: () => clearTimeout(timer),
  };
}
