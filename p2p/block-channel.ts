import type { Socket } from 'node:net';
import { type BlockPipe, type PipeReader, readFrames, waitForDrain } from './block-pipe.ts';
import { createRecordOpener, createRecordSealer } from './sealed-records.ts';

/** A channel on which nothing moves for so long is closed, ms. */
const IDLE_FOR_MS = 5 * 60_000;
const LENGTH_BYTES = 4;

export interface ChannelKeys {
  readonly sealing: Uint8Array;
  readonly opening: Uint8Array;
}

/** A pipe over a socket of its own: every frame is a sealed record. The first record of each side is empty. */
export interface BlockChannel {
  readonly pipe: BlockPipe;
  /** Bytes that came over the socket. */
  readonly receive: (bytes: Uint8Array) => void;
}

interface ChannelOptions {
  readonly keys: ChannelKeys;
  /** What one side may send the other in one frame. */
  readonly maxFrameBytes: number;
  /** The other side proved that it has its key. */
  readonly onProved?: () => void;
}

/**
 * A record that was changed on its way ends the channel, which tells nothing about the peer: anybody in between could
 * have done it. What is wrong inside a record was said by the peer.
 */
export function createBlockChannel(socket: Socket, options: ChannelOptions): BlockChannel {
  const { keys, maxFrameBytes, onProved } = options;
  const seal = createRecordSealer(keys.sealing);
  const opener = createRecordOpener(keys.opening, LENGTH_BYTES + maxFrameBytes);
  let isProved = false;
  let reader: PipeReader | undefined;
  const sendRecord = (parts: Iterable<Uint8Array>): boolean => {
    let canSendMore = true;
    socket.cork();
    for (const bytes of seal(parts)) canSendMore = socket.write(bytes);
    socket.uncork();
    return canSendMore;
  };
  const bodyIn = (record: Uint8Array): Uint8Array => {
    const length = record.length < LENGTH_BYTES ? 0 : new DataView(record.buffer, record.byteOffset).getUint32(0);
    if (length === 0 || length !== record.length - LENGTH_BYTES) throw new Error('it sent a record that is no frame');
    return record.subarray(LENGTH_BYTES);
  };
  const take = (record: Uint8Array): void => {
    if (isProved) {
      if (reader) readFrames(reader, () => [bodyIn(record)]);
      return;
    }
    if (record.length > 0) throw new Error('the first record is not empty');
    isProved = true;
    onProved?.();
  };
  socket.setNoDelay(true);
  socket.setTimeout(IDLE_FOR_MS, () => socket.destroy());
  sendRecord([]);
  return {
    receive(bytes) {
      reader?.onBytes(bytes.length);
      try {
        for (const record of opener.push(bytes)) {
          if (socket.destroyed) return;
          take(record);
        }
      } catch {
        socket.destroy();
      }
    },
    pipe: {
      read(theirs) {
        reader = theirs;
        if (socket.destroyed) theirs.onEnd();
        else socket.once('close', theirs.onEnd);
      },
      send: (frame) => !socket.destroyed && sendRecord(frame instanceof Uint8Array ? [frame] : frame),
      drained: (withinMs) =>
        waitForDrain(withinMs, (settle) => {
          if (socket.destroyed) settle('the channel ended');
          if (!socket.writableNeedDrain) settle();
          const onDrain = (): void => settle();
          const onClose = (): void => settle('the channel ended');
          socket.once('drain', onDrain).once('close', onClose);
          return () => socket.off('drain', onDrain).off('close', onClose);
        }),
      abort: () => socket.destroy(),
    },
  };
}
