import type { Stream } from '@libp2p/interface';

/** What yamux keeps of a stream, beyond the interface of libp2p. */
interface YamuxWindow {
  recvWindow: number;
  readonly recvWindowCapacity: number;
  sendWindowUpdate(): void;
}

const hasWindow = (stream: object): stream is YamuxWindow =>
  'recvWindow' in stream &&
  typeof stream.recvWindow === 'number' &&
  'recvWindowCapacity' in stream &&
  typeof stream.recvWindowCapacity === 'number' &&
  'sendWindowUpdate' in stream &&
  typeof stream.sendWindowUpdate === 'function';

/**
 * Lets the other side send so much before it hears from here, and lets it hear once half of that has come. Yamux begins
 * with 256 KiB, as its specification says, and widens by guesses about round trips, which are wrong on a busy processor:
 * the sender then waits for this process again and again. It also answers every message, however short, which makes two
 * messages of each. Only for streams whose bytes are bounded by what was asked for. Another muxer goes on as it is.
 */
export function widenWindow(stream: Stream, bytes: number): void {
  if (!hasWindow(stream) || stream.recvWindow >= bytes) return;
  stream.recvWindow = bytes;
  stream.sendWindowUpdate();
  const update = stream.sendWindowUpdate.bind(stream);
  stream.sendWindowUpdate = () => {
    if (2 * stream.recvWindowCapacity <= stream.recvWindow) update();
  };
}
