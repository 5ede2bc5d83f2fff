import type { Stream } from '@libp2p/interface';
import { createFrameParser, MAX_FRAME_BYTES, toFrame } from './frame-parser.ts';

/** Unread bytes beyond which the sender is held back by the stream's own flow control. */
const PAUSE_ABOVE_BYTES = 4 * 1024 * 1024;
/** What a frame takes up beside its bytes. */
const FRAME_WEIGHT = 256;
/** Control messages queued beyond this mean that the peer does not read. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;

export interface FrameStream {
  /** Frames in the order of arrival; ends when the stream closes, throws when it breaks or breaks the rules. */
  frames(): AsyncIterable<Uint8Array>;
  /** Resolves when the stream can take more. */
  send(body: Uint8Array): Promise<void>;
  abort(error: Error): void;
}

/** What frames need of a libp2p stream. */
export type DuplexStream = Pick<
  Stream,
  | 'send'
  | 'pause'
  | 'resume'
  | 'abort'
  | 'readStatus'
  | 'writeBufferLength'
  | 'writableNeedsDrain'
  | 'maxReadBufferLength'
  | 'addEventListener'
>;

export function createFrameStream(stream: DuplexStream): FrameStream {
  const parser = createFrameParser();
  const queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let ended = false;
  let failure: Error | undefined;
  let wake: (() => void) | undefined;
  const notify = (): void => {
    wake?.();
    wake = undefined;
  };
  const waiting = new Set<() => void>();
  const releaseSenders = (): void => {
    for (const release of waiting) release();
    waiting.clear();
  };
  stream.maxReadBufferLength = 2 * PAUSE_ABOVE_BYTES + MAX_FRAME_BYTES;

  const abort = (error: Error): void => {
    failure ??= error;
    ended = true;
    notify();
    releaseSenders();
    stream.abort(error);
  };
  stream.addEventListener('message', (event) => {
    if (ended) return;
    try {
      for (const frame of parser.push(event.data.subarray())) {
        queue.push(frame);
        queuedBytes += weightOf(frame);
      }
    } catch (error) {
      abort(new FrameError(error instanceof Error ? error.message : 'unreadable frame'));
      return;
    }
    if (queuedBytes > PAUSE_ABOVE_BYTES && stream.readStatus === 'readable') stream.pause();
    notify();
  });
  stream.addEventListener('close', (event) => {
    failure ??= event.error;
    ended = true;
    notify();
    releaseSenders();
  });
  stream.addEventListener('drain', releaseSenders);
  stream.addEventListener('remoteCloseWrite', () => {
    ended = true;
    notify();
  });

  return {
    async *frames() {
      for (;;) {
        const frame = queue.shift();
        if (frame) {
          queuedBytes -= weightOf(frame);
          if (queuedBytes <= PAUSE_ABOVE_BYTES && stream.readStatus === 'paused') stream.resume();
          yield frame;
          continue;
        }
        if (failure) throw failure;
        if (ended) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async send(body) {
      if (ended) throw failure ?? new Error('the stream is closed');
      if (stream.writeBufferLength > MAX_UNSENT_BYTES) throw new Error('the peer does not read');
      // stream.onDrain() resolves at once after its first use, so the event is awaited here.
      if (!stream.send(toFrame(body)) && stream.writableNeedsDrain) {
        await new Promise<void>((resolve) => waiting.add(resolve));
      }
    },
    abort,
  };
}

const weightOf = (frame: Uint8Array): number => FRAME_WEIGHT + frame.length;

/** The peer broke the framing rules. */
export class FrameError extends Error {}
