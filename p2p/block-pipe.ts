import type { Stream } from '@libp2p/interface';
import { createFrameParser } from './frame-parser.ts';

/** What the protocol of blocks runs over: a stream of libp2p, or a socket of its own. */
export interface BlockPipe {
  /** At most once; what came before is told at once. */
  read(reader: PipeReader): void;
  /** A whole frame, with its length. False: wait for {@link BlockPipe.drained}. A pipe that ended takes it to nowhere. */
  send(frame: OutgoingFrame): boolean;
  /** Resolves when more can be taken; rejects when the pipe ended, or the other side took nothing for `withinMs`. */
  drained(withinMs: number): Promise<void>;
  abort(reason: string): void;
}

export interface PipeReader {
  /** The body of a frame; throws when the peer broke the rules. */
  readonly onFrame: (body: Uint8Array) => void;
  readonly onBytes: (count: number) => void;
  /** The peer broke the rules. */
  readonly onBroken: (reason: string) => void;
  readonly onEnd: () => void;
}

export type OutgoingFrame = Uint8Array | (Iterable<Uint8Array> & { readonly byteLength: number });

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'it sent what cannot be read');

/** Tells a reader of frames, and what was found wrong with them; says whether nothing was. */
export function readFrames(reader: PipeReader, frames: () => Iterable<Uint8Array>): boolean {
  try {
    for (const frame of frames()) reader.onFrame(frame);
    return true;
  } catch (error) {
    reader.onBroken(reasonOf(error));
    return false;
  }
}

export function createStreamPipe(stream: Stream, maxFrameBytes: number): BlockPipe {
  const parser = createFrameParser(maxFrameBytes);
  return {
    read(reader) {
      stream.addEventListener('message', ({ data }) => {
        reader.onBytes(data.byteLength);
        for (const part of data instanceof Uint8Array ? [data] : data) {
          if (!readFrames(reader, () => parser.push(part))) return;
        }
      });
      stream.addEventListener('close', reader.onEnd);
      stream.addEventListener('remoteCloseWrite', reader.onEnd);
      // It may have ended before anybody listened.
      if (stream.status !== 'open') reader.onEnd();
    },
    send(frame) {
      if (stream.writeStatus !== 'writable') return false;
      return stream.send(frame as Parameters<Stream['send']>[0]) || !stream.writableNeedsDrain;
    },
    drained: (withinMs) =>
      waitForDrain(withinMs, (settle) => {
        if (stream.status !== 'open') settle('the stream ended');
        const onDrain = (): void => settle();
        const onClose = (): void => settle('the stream ended');
        stream.addEventListener('drain', onDrain);
        stream.addEventListener('close', onClose);
        return () => {
          stream.removeEventListener('drain', onDrain);
          stream.removeEventListener('close', onClose);
        };
      }),
    abort: (reason) => stream.abort(new Error(reason)),
  };
}

/** `listen` hears once whether the pipe drained, or why it never will, and says how to stop. */
export async function waitForDrain(
  withinMs: number,
  listen: (settle: (problem?: string) => void) => () => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const settle = (problem?: string): void => (problem === undefined ? resolve() : reject(new Error(problem)));
  const stop = listen(settle);
  const timer = setTimeout(() => settle('the peer does not take what it wanted'), withinMs);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    stop();
  }
}
