import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { type ChannelKeys, createBlockChannel } from './block-channel.ts';
import type { BlockPipe } from './block-pipe.ts';
import { MAX_REQUEST_FRAME } from './block-wire.ts';
import { CHANNEL_PROTOCOL, type ChannelOffer, NO_OFFER, offerBytes, TOKEN_BYTES } from './channel-offer.ts';
import { toFrame } from './frame-parser.ts';
import { NETWORK_LIMITS } from './network-limits.ts';
import { RECORD_KEY_BYTES } from './sealed-records.ts';

export interface ChannelDoor {
  stop(): Promise<void>;
}

export interface DoorContext {
  readonly libp2p: Pick<Libp2p, 'handle' | 'unhandle'>;
  /** Where channels are listened for; undefined: nowhere. */
  readonly host: string | undefined;
  readonly mayOffer: (peer: string) => boolean;
  readonly serve: (pipe: BlockPipe, peer: string) => void;
  readonly tokenMs?: number;
}

interface Ticket {
  /** As this side uses them. */
  readonly keys: ChannelKeys;
  readonly connection: Connection;
  readonly timer: NodeJS.Timeout;
}

/** Lets peers of standing connections in over sockets of their own. It listens only while somebody may come. */
export async function openChannelDoor(context: DoorContext): Promise<ChannelDoor> {
  const { libp2p, host, mayOffer, serve, tokenMs = NETWORK_LIMITS.channelTokenMs } = context;
  const tickets = new Map<string, Ticket>();
  const waiting = new Set<Socket>();
  /** Channels of a peer, and what it was offered. */
  const places = new Map<string, number>();
  let listening: Promise<Server> | undefined;

  const countPlaces = (peer: string, by: number): void => {
    const left = (places.get(peer) ?? 0) + by;
    if (left === 0) places.delete(peer);
    else places.set(peer, left);
  };
  const closeUnneeded = (): void => {
    if (tickets.size > 0 || waiting.size > 0) return;
    listening?.then((server) => server.close()).catch(() => undefined);
    listening = undefined;
  };
  const redeem = (token: Uint8Array): Ticket | undefined => {
    const name = toName(token);
    const ticket = tickets.get(name);
    if (!ticket) return undefined;
    tickets.delete(name);
    clearTimeout(ticket.timer);
    return ticket;
  };
  const giveBack = (token: Uint8Array): void => {
    const ticket = redeem(token);
    if (ticket) countPlaces(ticket.connection.remotePeer.toString(), -1);
    closeUnneeded();
  };
  const onSocket = (socket: Socket): void => {
    socket.on('error', () => socket.destroy());
    if (waiting.size >= NETWORK_LIMITS.pending) {
      socket.destroy();
      return;
    }
    waiting.add(socket);
    readToken(socket, tokenMs, (token, rest) => {
      waiting.delete(socket);
      const ticket = token && redeem(token);
      closeUnneeded();
      if (!ticket) socket.destroy();
      else letIn(socket, ticket, rest);
    });
  };
  const letIn = (socket: Socket, { keys, connection }: Ticket, rest: Uint8Array): void => {
    const peer = connection.remotePeer.toString();
    const cut = (): void => void socket.destroy();
    socket.once('close', () => {
      connection.removeEventListener('close', cut);
      countPlaces(peer, -1);
    });
    connection.addEventListener('close', cut);
    if (connection.status !== 'open' || !mayOffer(peer)) cut();
    const { pipe, receive } = createBlockChannel(socket, { keys, maxFrameBytes: MAX_REQUEST_FRAME });
    socket.on('data', receive);
    serve(pipe, peer);
    if (rest.length > 0) receive(rest);
  };
  const offer = async (connection: Connection): Promise<ChannelOffer | undefined> => {
    const peer = connection.remotePeer.toString();
    const isFull = (places.get(peer) ?? 0) >= NETWORK_LIMITS.channelsPerPeer;
    if (host === undefined || isFull || connection.limits !== undefined || !mayOffer(peer)) return undefined;
    const token = randomBytes(TOKEN_BYTES);
    const [theirs, ours] = [randomBytes(RECORD_KEY_BYTES), randomBytes(RECORD_KEY_BYTES)];
    const timer = setTimeout(() => giveBack(token), tokenMs);
    tickets.set(toName(token), { keys: { sealing: ours, opening: theirs }, connection, timer });
    countPlaces(peer, 1);
    try {
      listening ??= listen(host, onSocket);
      const { port } = (await listening).address() as AddressInfo;
      return { port, token, keys: { sealing: theirs, opening: ours } };
    } catch {
      listening = undefined;
      giveBack(token);
      return undefined;
    }
  };
  const onStream = async (stream: Stream, connection: Connection): Promise<void> => {
    const offered = await offer(connection);
    if (stream.writeStatus !== 'writable') return;
    stream.send(toFrame(offered ? offerBytes(offered) : NO_OFFER));
    await stream.close().catch(() => undefined);
  };
  await libp2p.handle(CHANNEL_PROTOCOL, (stream, connection) => void onStream(stream, connection), {
    maxInboundStreams: NETWORK_LIMITS.channelsPerPeer,
  });
  return {
    async stop() {
      await libp2p.unhandle(CHANNEL_PROTOCOL);
      for (const { timer } of tickets.values()) clearTimeout(timer);
      tickets.clear();
      for (const socket of waiting) socket.destroy();
      waiting.clear();
      closeUnneeded();
    },
  };
}

const toName = (token: Uint8Array): string => Buffer.from(token).toString('hex');

async function listen(host: string, onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onSocket);
  server.listen(0, host);
  await once(server, 'listening');
  return server;
}

/** Answers once: with the token and what came after it, or with nothing when the other side is late or gone. */
function readToken(
  socket: Socket,
  withinMs: number,
  answer: (token: Uint8Array | undefined, rest: Uint8Array) => void,
): void {
  const parts: Buffer[] = [];
  const finish = (token: Uint8Array | undefined, rest = new Uint8Array()): void => {
    clearTimeout(timer);
    socket.off('data', onData).off('close', onClose);
    answer(token, rest);
  };
  const onData = (part: Buffer): void => {
    parts.push(part);
    const bytes = Buffer.concat(parts);
    if (bytes.length >= TOKEN_BYTES) finish(bytes.subarray(0, TOKEN_BYTES), bytes.subarray(TOKEN_BYTES));
  };
  const onClose = (): void => finish(undefined);
  const timer = setTimeout(onClose, withinMs);
  socket.on('data', onData).on('close', onClose);
}
