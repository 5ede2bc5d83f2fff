import { connect, type Socket } from 'node:net';
import type { Connection } from '@libp2p/interface';
import { type BlockChannel, createBlockChannel } from './block-channel.ts';
import type { BlockPipe } from './block-pipe.ts';
import { MAX_ANSWER_FRAME } from './block-wire.ts';
import { CHANNEL_PROTOCOL, type ChannelOffer, readOffer } from './channel-offer.ts';
import { createFrameStream } from './frame-stream.ts';

/** A channel that is not there by then is done without, ms. */
const WITHIN_MS = 2000;
/** After a channel failed beside a connection none is tried there for so long, ms. */
const NOT_AGAIN_FOR_MS = 5 * 60_000;
/** One buffer takes all that a socket reads. */
const READ_BUFFER_BYTES = 256 * 1024;

/** Opens channels to peers that are connected. */
export interface ChannelDialler {
  /** Undefined when there is none to be had now: the blocks come over a stream then. Never rejects. */
  open(connection: Connection): Promise<BlockPipe | undefined>;
}

export function createChannelDialler(): ChannelDialler {
  const notBeforeMs = new WeakMap<Connection, number>();
  return {
    async open(connection) {
      const host = hostOf(connection);
      if (host === undefined || (notBeforeMs.get(connection) ?? 0) > performance.now()) return undefined;
      const avoid = (): void => void notBeforeMs.set(connection, performance.now() + NOT_AGAIN_FOR_MS);
      const closed = new AbortController();
      connection.addEventListener('close', () => closed.abort());
      const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(WITHIN_MS)]);
      const offer = await askForOffer(connection, signal);
      if (!offer) return undefined;
      const pipe = await dial(connection, { host, offer, signal, onLost: avoid });
      if (!pipe) avoid();
      return pipe;
    },
  };
}

/** Of a connection that is plain TCP to the peer itself. */
function hostOf({ remoteAddr, limits }: Connection): string | undefined {
  const [ip, tcp, ...more] = remoteAddr.getComponents();
  const isPlain = tcp?.name === 'tcp' && more.every(({ name }) => name === 'p2p');
  return isPlain && limits === undefined && (ip?.name === 'ip4' || ip?.name === 'ip6') ? ip.value : undefined;
}

async function askForOffer(connection: Connection, signal: AbortSignal): Promise<ChannelOffer | undefined> {
  try {
    const stream = await connection.newStream(CHANNEL_PROTOCOL, { signal });
    const frames = createFrameStream(stream);
    const stop = (): void => frames.abort(new Error('no answer in time'));
    signal.addEventListener('abort', stop);
    try {
      for await (const frame of frames.frames()) return readOffer(frame);
      return undefined;
    } finally {
      signal.removeEventListener('abort', stop);
      frames.abort(new Error('it has its answer'));
    }
  } catch {
    return undefined;
  }
}

interface Dialling {
  readonly host: string;
  readonly offer: ChannelOffer;
  readonly signal: AbortSignal;
  /** The channel ended, and neither this side nor the end of the connection ended it. */
  readonly onLost: () => void;
}

function dial(connection: Connection, { host, offer, signal, onLost }: Dialling): Promise<BlockPipe | undefined> {
  const { promise, resolve } = Promise.withResolvers<BlockPipe | undefined>();
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  let channel: BlockChannel | undefined;
  const socket: Socket = connect({
    host,
    port: offer.port,
    onread: {
      buffer,
      callback(count, bytes) {
        channel?.receive(bytes.subarray(0, count));
        return true;
      },
    },
  });
  let isOurs = false;
  const end = (): void => {
    isOurs = true;
    socket.destroy();
  };
  signal.addEventListener('abort', end);
  connection.addEventListener('close', end);
  socket.on('error', () => socket.destroy());
  socket.once('close', () => {
    signal.removeEventListener('abort', end);
    connection.removeEventListener('close', end);
    resolve(undefined);
    if (!isOurs) onLost();
  });
  socket.once('connect', () => {
    socket.write(offer.token);
    channel = createBlockChannel(socket, {
      keys: offer.keys,
      maxFrameBytes: MAX_ANSWER_FRAME,
      onProved() {
        signal.removeEventListener('abort', end);
        resolve(channel && { ...channel.pipe, abort: end });
      },
    });
  });
  if (connection.status !== 'open') end();
  return promise;
}
