import type { Libp2p } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EntryBundle, VillageNode } from '#core/ports/village-node.ts';
import { SYNC_PROTOCOL } from './book-replication.ts';
import { createFrameStream } from './frame-stream.ts';
import { startBarePeer } from './test-peer.ts';
import { addressOf, createTestDevice, makeEntry, startTestNode, TEST_VILLAGE } from './test-village.ts';
import { type Hello, type Message, readMessage, writeMessage } from './wire-messages.ts';

const BOOK = 'segments-2026-01';
const own = createTestDevice();
const peers: Libp2p[] = [];
let node: VillageNode;
beforeEach(async () => {
  node = await startTestNode({ device: own });
});
afterEach(async () => {
  for (const peer of peers.splice(0)) await peer.stop();
  await node.stop();
});

interface Wire {
  send(message: Message): Promise<void>;
  /** The next message of the kind; what comes before it is passed over. */
  next<T extends Message['t']>(kind: T): Promise<Extract<Message, { t: T }>>;
}

/** A peer that says what the test says. */
async function connect(books: Hello['books']): Promise<Wire> {
  const peer = await startBarePeer();
  peers.push(peer);
  const frames = createFrameStream(await peer.dialProtocol(multiaddr(addressOf(node)), SYNC_PROTOCOL));
  const incoming = frames.frames()[Symbol.asyncIterator]();
  const send = (message: Message): Promise<void> => frames.send(writeMessage(message));
  await send({ t: 'hello', v: 1, village: TEST_VILLAGE, more: false, books });
  return {
    send,
    async next<T extends Message['t']>(kind: T) {
      for (;;) {
        const { value, done } = await incoming.next();
        if (done) throw new Error(`the node sent no ${kind}`);
        const read = readMessage(value);
        if (read.ok && read.message.t === kind) return read.message as Extract<Message, { t: T }>;
      }
    },
  };
}

test('what a peer was told to be gone is sent to it when it pulls after the month was taken back', async () => {
  for (let i = 0; i < 3; i++) await node.append(BOOK, [own.write(BOOK)]);
  const file: EntryBundle[] = [];
  for await (const part of node.exportEntries()) file.push(part);
  await node.releaseBook(BOOK);
  const wire = await connect([]);
  const [head = ''] = (await wire.next('hello')).books[0]?.heads ?? [];
  await wire.send({ t: 'want', book: BOOK, hashes: [head] });
  expect((await wire.next('gone')).hashes).toEqual([head]);
  for (const part of file) expect(await node.importEntries(part)).toMatchObject({ restored: 3 });
  await wire.send({ t: 'pull', book: BOOK, ranges: [{ device: own.key.id, time: 0, count: 0, upTo: 3 }] });
  expect((await wire.next('entries')).entries).toHaveLength(3);
});

test('a peer that sends a child while another is being pulled from is asked for the parent once that one is done', async () => {
  const author = createTestDevice();
  const parent = await makeEntry(author, BOOK, [author.write(BOOK)], { time: 1 });
  const child = await makeEntry(author, BOOK, [author.write(BOOK)], { time: 2, next: [parent.hash] });
  const claimed = { device: author.key.id, time: 1, count: 1 };
  const busy = await connect([{ book: BOOK, heads: [parent.hash], marks: [claimed] }]);
  await busy.next('pull');
  const giver = await connect([]);
  const { identity: by, bytes } = child;
  await giver.send({ t: 'entries', n: 0, book: BOOK, identities: [by], entries: [bytes] });
  await giver.next('ack');
  await busy.send({ t: 'pulled', book: BOOK });
  expect((await giver.next('want')).hashes).toEqual([parent.hash]);
  await giver.send({ t: 'entries', n: 1, book: BOOK, identities: [by], entries: [parent.bytes] });
  await giver.next('ack');
  expect(node.size(BOOK)).toBe(2);
});
