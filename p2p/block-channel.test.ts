import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Connection, Libp2p, StreamHandler } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, expect, test, vi } from 'vitest';
import type { VillageNode } from '#core/ports/village-node.ts';
import { digestOf, toHex } from '#domain/bytes.ts';
import { createBlockChannel } from './block-channel.ts';
import { type BlockPipe, createStreamPipe } from './block-pipe.ts';
import {
  BLOCKS_PROTOCOL,
  chunkFrame,
  MAX_ANSWER_FRAME,
  MAX_REQUEST_FRAME,
  readAnswer,
  readRequest,
  type Want,
  wantFrame,
} from './block-wire.ts';
import { createChannelDialler } from './channel-dialler.ts';
import { type DoorContext, openChannelDoor } from './channel-door.ts';
import { CHANNEL_PROTOCOL, type ChannelOffer, offerBytes, readOffer } from './channel-offer.ts';
import { toFrame } from './frame-parser.ts';
import { createFrameStream } from './frame-stream.ts';
import { bareAddressOf, makeBlocks, putBlocks, serveWants, startBarePeer, type TestBlock } from './test-peer.ts';
import { addressOf, createTestDevice, startTestNode } from './test-village.ts';

const WAIT = { timeout: 30_000, interval: 20 };
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
async function start(options: Partial<Parameters<typeof startTestNode>[0]> = {}): Promise<VillageNode> {
  const node = await startTestNode({ device: createTestDevice(), ...options });
  stops.push(() => node.stop());
  return node;
}
async function startPeer(): Promise<Libp2p> {
  const peer = await startBarePeer();
  stops.push(() => peer.stop());
  return peer;
}
function watchRefusals(node: VillageNode): string[] {
  const refused: string[] = [];
  node.subscribe((event) => {
    if (event.type === 'refused') refused.push(event.reason);
  });
  return refused;
}
async function fetchAll(node: VillageNode, blocks: readonly TestBlock[]): Promise<string[]> {
  const cids: string[] = [];
  const signal = AbortSignal.timeout(60_000);
  await node.fetchBlocks(blocks, { signal, deliver: async (cid) => void cids.push(cid) });
  return cids.sort();
}
const cidsOf = (blocks: readonly TestBlock[]): string[] => blocks.map(({ cid }) => cid).sort();
const find = (blocks: readonly TestBlock[], want: Want): TestBlock =>
  blocks.find(({ cid }) => toHex(digestOf(cid)) === toHex(want.digest)) ?? expect.unreachable('nobody wanted it');

type Answer = (wants: readonly Want[], pipe: BlockPipe) => void;
/** A bare peer that serves over channels as the test says, and over streams rightly. Counts what it was asked for where. */
async function startServing(blocks: readonly TestBlock[], answer: Answer) {
  const peer = await startPeer();
  const asked = { overChannel: 0, overStream: 0 };
  await serveWants(peer, (wants, stream) => {
    asked.overStream += wants.length;
    for (const want of wants) stream.send(chunkFrame(want.number, find(blocks, want).block));
  });
  const serve = (pipe: BlockPipe): void =>
    pipe.read({
      onFrame(body) {
        const request = readRequest(body);
        if (request?.t !== 'want') return;
        asked.overChannel += request.wants.length;
        answer(request.wants, pipe);
      },
      onBytes: () => undefined,
      onBroken: (reason) => expect.unreachable(reason),
      onEnd: () => undefined,
    });
  const door = { libp2p: peer, host: '127.0.0.1', mayOffer: () => true, serve };
  return { peer, asked, door };
}
const sendRightly =
  (blocks: readonly TestBlock[]): Answer =>
  (wants, pipe) => {
    for (const want of wants) pipe.send(chunkFrame(want.number, find(blocks, want).block));
  };
/** Offers a port of the test's own. */
async function offerPort(peer: Libp2p, port: number): Promise<{ count: number }> {
  const offered = { count: 0 };
  const keys = { sealing: randomBytes(32), opening: randomBytes(32) };
  await peer.handle(CHANNEL_PROTOCOL, (stream) => {
    offered.count += 1;
    stream.send(toFrame(offerBytes({ port, token: randomBytes(32), keys })));
  });
  return offered;
}
async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onSocket(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
async function connectTo(asker: Libp2p, node: VillageNode): Promise<Connection> {
  return asker.dial(multiaddr(addressOf(node)));
}
async function askOffer(connection: Connection): Promise<ChannelOffer | undefined> {
  const frames = createFrameStream(await connection.newStream(CHANNEL_PROTOCOL));
  try {
    for await (const frame of frames.frames()) return readOffer(frame);
    return expect.unreachable('it did not answer');
  } finally {
    frames.abort(new Error('it has its answer'));
  }
}
async function openChannel(connection: Connection): Promise<BlockPipe> {
  return (await createChannelDialler().open(connection)) ?? expect.unreachable('no channel was given');
}
/** Reads whole blocks of one chunk each. */
function readBlocks(pipe: BlockPipe) {
  const read = { blocks: [] as string[], ended: false };
  pipe.read({
    onFrame(body) {
      const answer = readAnswer(body);
      if (answer?.t === 'chunk') read.blocks.push(toHex(answer.bytes));
    },
    onBytes: () => undefined,
    onBroken: (reason) => expect.unreachable(reason),
    onEnd() {
      read.ended = true;
    },
  });
  return read;
}
const wantsOf = (blocks: readonly TestBlock[]): Uint8Array =>
  wantFrame(blocks.map(({ cid, bytes }, number) => ({ number, bytes, digest: digestOf(cid) })));
/** Sends bytes to a port and waits until the other side hangs up. */
async function sendAndWait(port: number, bytes: Uint8Array): Promise<number> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  let received = 0;
  socket.on('data', (part) => {
    received += part.length;
  });
  if (bytes.length > 0) socket.write(bytes);
  await new Promise((resolve) => socket.once('close', resolve));
  return received;
}

test('a peer gives over a channel what it gives over a stream', async () => {
  const [node, asker, blocks] = [await start(), await startPeer(), makeBlocks(20, 100_000)];
  await putBlocks(node, blocks);
  const connection = await connectTo(asker, node);
  const channel = await openChannel(connection);
  const stream = createStreamPipe(await connection.newStream(BLOCKS_PROTOCOL), MAX_ANSWER_FRAME);
  const [overChannel, overStream] = [readBlocks(channel), readBlocks(stream)];
  for (const pipe of [channel, stream]) pipe.send(wantsOf(blocks));
  await vi.waitFor(() => expect([overChannel.blocks.length, overStream.blocks.length]).toEqual([20, 20]), WAIT);
  expect(overChannel.blocks.sort()).toEqual(overStream.blocks.sort());
});

test('a fetch runs over a channel where there is one, and over the stream beside a peer without', async () => {
  const [node, blocks] = [await start(), makeBlocks(60, 200_000)];
  const { peer, asked, door } = await startServing(blocks, sendRightly(blocks));
  const opened = await openChannelDoor(door);
  await node.dial(bareAddressOf(peer));
  expect(await fetchAll(node, blocks.slice(0, 40))).toEqual(cidsOf(blocks.slice(0, 40)));
  expect(asked).toEqual({ overChannel: 40, overStream: 0 });
  await opened.stop();
  expect(await fetchAll(node, blocks)).toEqual(cidsOf(blocks));
  expect(asked).toEqual({ overChannel: 40, overStream: 20 });
});

test.each(['refuses', 'says nothing'] as const)(
  'when the port of a channel %s, blocks come over the stream and the port is left alone',
  async (what) => {
    const [node, blocks] = [await start(), makeBlocks(10, 50_000)];
    const { peer, asked } = await startServing(blocks, () => undefined);
    const port = what === 'refuses' ? 1 : await listen(() => undefined);
    const offered = await offerPort(peer, port);
    const refused = watchRefusals(node);
    await node.dial(bareAddressOf(peer));
    expect(await fetchAll(node, blocks.slice(0, 5))).toEqual(cidsOf(blocks.slice(0, 5)));
    expect(await fetchAll(node, blocks)).toEqual(cidsOf(blocks));
    expect(asked.overStream).toBe(10);
    expect(offered.count).toBe(1);
    expect(refused).toEqual([]);
  },
);

test('when a channel dies midway the rest comes over the stream, and no block twice', async () => {
  const [node, blocks] = [await start(), makeBlocks(60, 200_000)];
  let sent = 0;
  const { peer, asked, door } = await startServing(blocks, (wants, pipe) => {
    for (const want of wants) {
      if (sent === 10) {
        pipe.abort('the cable is out');
        return;
      }
      sent += 1;
      pipe.send(chunkFrame(want.number, find(blocks, want).block));
    }
  });
  await openChannelDoor(door);
  await node.dial(bareAddressOf(peer));
  expect(await fetchAll(node, blocks)).toEqual(cidsOf(blocks));
  expect(asked.overStream).toBeGreaterThanOrEqual(50);
});

test('a byte that was changed on the way ends the channel, the blocks come over the stream and nobody is blamed', async () => {
  const [node, blocks] = [await start(), makeBlocks(30, 200_000)];
  const { peer, asked, door } = await startServing(blocks, sendRightly(blocks));
  const handlers: StreamHandler[] = [];
  const handle = async (_protocol: unknown, handler: StreamHandler): Promise<void> => void handlers.push(handler);
  await openChannelDoor({ ...door, libp2p: { handle, unhandle: async () => undefined } });
  let targetPort = 0;
  const proxyPort = await listen((socket) => {
    const target = connect(targetPort, '127.0.0.1').on('error', () => undefined);
    let passed = 0;
    target.on('data', (part) => {
      if (passed < 1_000_000 && passed + part.length >= 1_000_000) part[0] = (part[0] ?? 0) ^ 1;
      passed += part.length;
      socket.write(part);
    });
    socket.pipe(target).on('close', () => socket.destroy());
    socket.on('close', () => target.destroy());
  });
  // The true offer, with the port of somebody in between.
  await peer.handle(CHANNEL_PROTOCOL, (stream, connection) => {
    const send = (frame: Uint8Array): boolean => {
      const view = new DataView(frame.buffer, frame.byteOffset);
      targetPort = view.getUint16(4);
      view.setUint16(4, proxyPort);
      return stream.send(frame);
    };
    void handlers[0]?.({ writeStatus: 'writable', send, close: () => stream.close() } as never, connection);
  });
  const refused = watchRefusals(node);
  await node.dial(bareAddressOf(peer));
  expect(await fetchAll(node, blocks)).toEqual(cidsOf(blocks));
  expect(asked.overChannel).toBeGreaterThan(0);
  expect(asked.overStream).toBeGreaterThan(0);
  expect(refused).toEqual([]);
});

test.each([
  [
    'it sent a block whose bytes do not have its CID',
    ([want]: readonly Want[]) => want && chunkFrame(want.number, randomBytes(want.bytes)),
  ],
  ['it sent a record that is no frame', () => Uint8Array.of(0, 0, 1, 0, 3)],
  ['it sent an answer that cannot be read', () => toFrame(Uint8Array.of(9, 1, 2))],
] as const)('a peer that lies over a channel is named and left alone: %s', async (reason, lie) => {
  const [node, blocks] = [await start(), makeBlocks(5, 20_000)];
  const { peer, asked, door } = await startServing(blocks, (wants, pipe) => {
    const frame = lie(wants);
    if (frame) pipe.send(frame);
  });
  await openChannelDoor(door);
  const refused = watchRefusals(node);
  await node.dial(bareAddressOf(peer));
  expect(await fetchAll(node, blocks)).toEqual([]);
  expect(await fetchAll(node, blocks)).toEqual([]);
  expect(refused).toEqual([reason]);
  expect(asked.overStream).toBe(0);
});

test('a token that is wrong, used or late opens nothing, and what is silent or no record is hung up on', async () => {
  const [serving, asker, blocks] = [await startPeer(), await startPeer(), makeBlocks(3, 1000)];
  const served: BlockPipe[] = [];
  const context: DoorContext = {
    libp2p: serving,
    host: '127.0.0.1',
    mayOffer: () => true,
    serve: (pipe) => served.push(pipe),
  };
  const brief = await openChannelDoor({ ...context, tokenMs: 1000 });
  const connection = await asker.dial(multiaddr(bareAddressOf(serving)));
  const offer = async (): Promise<ChannelOffer> => (await askOffer(connection)) ?? expect.unreachable('no offer');
  const first = await offer();
  expect(await sendAndWait(first.port, randomBytes(32))).toBe(0);
  expect(await sendAndWait(first.port, new Uint8Array())).toBe(0);
  expect(served).toHaveLength(0);

  // It was late: nothing listens any more, or not for this token.
  expect(await sendAndWait(first.port, first.token)).toBe(0);
  expect(served).toHaveLength(0);

  await brief.stop();
  const door = await openChannelDoor({ ...context, tokenMs: WAIT.timeout });
  stops.push(() => door.stop());
  const [used, other] = [await offer(), await offer()];
  const socket = connect(used.port, '127.0.0.1');
  socket.write(used.token);
  const channel = createBlockChannel(socket, { keys: used.keys, maxFrameBytes: MAX_ANSWER_FRAME });
  socket.on('data', channel.receive);
  await vi.waitFor(() => expect(served).toHaveLength(1), WAIT);
  expect(await sendAndWait(other.port, used.token)).toBe(0);
  expect(served).toHaveLength(1);
  socket.destroy();

  const oversized = Buffer.alloc(4);
  oversized.writeUInt32BE(MAX_REQUEST_FRAME + 4 + 16 + 1);
  for (const garbage of [randomBytes(5000), oversized, Buffer.concat([wantsOf(blocks)])]) {
    const { port, token } = await offer();
    // The empty first record is all that it says.
    expect(await sendAndWait(port, Buffer.concat([token, garbage]))).toBeLessThanOrEqual(20);
  }
});

test('a peer has four channels at most, and a stranger none', async () => {
  const device = createTestDevice();
  const [node, asker, stranger] = [await start(), await startPeer(), await startPeer()];
  const connection = await connectTo(asker, node);
  const pipes = [];
  for (let i = 0; i < 4; i++) pipes.push(await openChannel(connection));
  expect(await askOffer(connection)).toBeUndefined();
  pipes[0]?.abort('done');
  await vi.waitFor(async () => expect(await askOffer(connection)).toBeDefined(), WAIT);
  const closed = await start({ members: () => [device.key.id] });
  expect(await askOffer(await connectTo(stranger, closed))).toBeUndefined();
});

test.each(['offline', 'revoked'] as const)('a channel ends at once with its connection: %s', async (why) => {
  let isRevoked = false;
  const node = await start({ isRevoked: () => isRevoked });
  const asker = await startPeer();
  const [block] = makeBlocks(1, 1000) as [TestBlock];
  await putBlocks(node, [block]);
  const pipe = await openChannel(await connectTo(asker, node));
  const read = readBlocks(pipe);
  pipe.send(wantsOf([block]));
  await vi.waitFor(() => expect(read.blocks).toHaveLength(1), WAIT);
  if (why === 'offline') await node.setOnline(false);
  else {
    isRevoked = true;
    node.recheckPeers();
  }
  await vi.waitFor(() => expect(read.ended).toBe(true), WAIT);
  await vi.waitFor(() => expect(asker.getConnections(peerIdFromString(node.peerId))).toHaveLength(0), WAIT);
});
