import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Libp2p } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { NodeEvent, VillageNode } from '#core/ports/village-node.ts';
import { encode, toHex, utf8 } from '#domain/bytes.ts';
import { BLOCKS_PROTOCOL, wantFrame } from './block-wire.ts';
import { SYNC_PROTOCOL } from './book-replication.ts';
import { createDeviceIdentity } from './device-identity.ts';
import { MAX_CLOCK_JUMP } from './entry-codec.ts';
import { MAX_FRAME_BYTES, toFrame } from './frame-parser.ts';
import { createFrameStream, type FrameStream } from './frame-stream.ts';
import { PeerDatastore } from './peer-datastore.ts';
import {
  addressOf,
  createTestDevice,
  type ForgedEntry,
  idsOf,
  makeEntry,
  makeTestDir,
  startTestNode,
  TEST_PSK,
  TEST_VILLAGE,
  tamper,
} from './test-village.ts';
import { readMessage, writeMessage } from './wire-messages.ts';

const WAIT = { timeout: 30_000, interval: 20 };
const own = createTestDevice();
let node: VillageNode;
let hostile: Libp2p;
const refused: string[] = [];

beforeEach(async () => {
  refused.length = 0;
  node = await startTestNode({ device: own });
  node.subscribe((event: NodeEvent) => {
    if (event.type === 'refused' && event.peer === hostile.peerId.toString()) refused.push(event.reason);
  });
  const psk = utf8(`/key/swarm/psk/1.0.0/\n/base16/\n${toHex(TEST_PSK)}`);
  hostile = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionProtector: preSharedKey({ psk }),
    connectionGater: { denyDialMultiaddr: () => false },
  });
});
afterEach(async () => {
  await hostile.stop();
  await node.stop();
});

const openStream = async (to = node) => hostile.dialProtocol(multiaddr(addressOf(to)), SYNC_PROTOCOL);
async function openFrames(to = node): Promise<FrameStream> {
  const frames = createFrameStream(await openStream(to));
  await frames.send(writeMessage({ t: 'hello', v: 1, village: TEST_VILLAGE, more: false, books: [] }));
  return frames;
}
const bytesOf = (entries: readonly ForgedEntry[]): Uint8Array[] => entries.map((e) => e.bytes);

/** Sends entries in one frame and waits until the node has dealt with them. */
async function deliver(
  entries: readonly ForgedEntry[],
  identities = entries.map((e) => e.identity),
  to = node,
): Promise<void> {
  const frames = await openFrames(to);
  await frames.send(writeMessage({ t: 'entries', n: 7, book: 'assets', identities, entries: bytesOf(entries) }));
  for await (const frame of frames.frames()) {
    const read = readMessage(frame);
    if (read.ok && read.message.t === 'ack') break;
  }
}

async function expectUnharmed(before: readonly string[] = []): Promise<void> {
  await node.append('members', [own.write('members')]);
  expect(node.books()).toEqual(['members', ...before]);
}

test('a sound entry of a stock log is accepted from anyone in the network', async () => {
  const author = createTestDevice();
  await deliver([await makeEntry(author, 'assets', [author.write('assets')])]);
  expect(await idsOf(node, 'assets')).toHaveLength(1);
  expect(refused).toEqual([]);
});

test('an entry of one key under the identity of another is refused and its sender named', async () => {
  const [author, victim] = [createTestDevice(), createTestDevice()];
  const identity = createDeviceIdentity(victim.key.seed);
  const entry = tamper(await makeEntry(author, 'assets', [author.write('assets')]), { identity: identity.hash });
  await deliver([entry], [identity.bytes]);
  expect(refused).toEqual(['the key of the entry is not the key of its identity']);
  await expectUnharmed();
});

test('a tampered payload, a foreign signature and a foreign clock are refused', async () => {
  const [author, other] = [createTestDevice(), createTestDevice()];
  const sound = await makeEntry(author, 'assets', [author.write('assets')]);
  const otherRecord = author.write('assets');
  const payload = { v: 1, records: [{ b: otherRecord.bytes, s: otherRecord.sig }] };
  await deliver([
    tamper(sound, { payload }),
    tamper(sound, { sig: toHex(other.write('assets').sig) }),
    tamper(sound, { clock: { id: other.key.id, time: 1 } }),
  ]);
  expect(refused).toEqual([
    'bad entry signature',
    'bad entry signature',
    'the clock of the entry belongs to another key',
  ]);
  await expectUnharmed();
});

test('records that are forged, of another device, village or book are refused inside a sound entry', async () => {
  const [author, other] = [createTestDevice(), createTestDevice()];
  const record = author.write('assets');
  const forged = { bytes: record.bytes, sig: other.write('assets').sig };
  const wrongs = [
    [forged],
    [other.write('assets')],
    [author.write('assets', 1, { village: 'ab'.repeat(32) })],
    [author.write('members')],
    [{ bytes: encode({ not: 'a record' }), sig: record.sig }],
  ];
  await deliver(await Promise.all(wrongs.map((records) => makeEntry(author, 'assets', records))));
  expect(refused).toEqual([
    'bad record signature',
    'the record is by another device than its entry',
    'the record belongs to another village',
    'the record belongs to another book',
    expect.stringContaining('bad record field'),
  ]);
  await expectUnharmed();
});

test('a sound entry that somebody gave under the name of another book first still joins its own', async () => {
  const author = createTestDevice();
  const { identity, bytes } = await makeEntry(author, 'assets', [author.write('assets')]);
  const frames = await openFrames();
  const parts = { identities: [identity], entries: [bytes] };
  await frames.send(writeMessage({ t: 'entries', n: 1, book: 'agreements', ...parts }));
  await vi.waitFor(() => expect(refused).toEqual(['the entry belongs to another log']), WAIT);
  await frames.send(writeMessage({ t: 'entries', n: 2, book: 'assets', ...parts }));
  await vi.waitFor(async () => expect(await idsOf(node, 'assets')).toHaveLength(1), WAIT);
});

test('a log clock that jumps far ahead or stands still is refused, and so is what follows it', async () => {
  const author = createTestDevice();
  const write = () => [author.write('assets')];
  const jump = await makeEntry(author, 'assets', write(), { time: MAX_CLOCK_JUMP + 1 });
  const child = await makeEntry(author, 'assets', write(), { time: MAX_CLOCK_JUMP + 2, next: [jump.hash] });
  const first = await makeEntry(author, 'assets', write(), { time: 5 });
  const still = await makeEntry(author, 'assets', write(), { time: 5, next: [first.hash] });
  await deliver([child, jump, first, still]);
  expect(refused.sort()).toEqual([
    'it follows a refused entry',
    'the clock of the entry is not after its parents',
    'the clock of the entry jumps too far ahead',
  ]);
  expect(await idsOf(node, 'assets')).toHaveLength(1);
});

test('an entry whose parent never comes is kept back and its parent asked for', async () => {
  const author = createTestDevice();
  const parent = await makeEntry(author, 'assets', [author.write('assets')]);
  const child = await makeEntry(author, 'assets', [author.write('assets')], { time: 2, next: [parent.hash] });
  const frames = await openFrames();
  const identities = [child.identity];
  await frames.send(writeMessage({ t: 'entries', n: 0, book: 'assets', identities, entries: [child.bytes] }));
  for await (const frame of frames.frames()) {
    const read = readMessage(frame);
    if (!read.ok || read.message.t !== 'want') continue;
    expect(read.message.hashes).toEqual([parent.hash]);
    break;
  }
  expect(node.books()).toEqual([]);
  await frames.send(writeMessage({ t: 'entries', n: 1, book: 'assets', identities, entries: [parent.bytes] }));
  await vi.waitFor(async () => expect(await idsOf(node, 'assets')).toHaveLength(2), WAIT);
});

test('an author that forked its own log, so that vectors look equal, still converges everywhere', async () => {
  const author = createTestDevice();
  const other = await startTestNode({ device: createTestDevice() });
  for (const to of [node, other]) {
    const first = await makeEntry(author, 'assets', [author.write('assets')]);
    const second = await makeEntry(author, 'assets', [author.write('assets')], { time: 2, next: [first.hash] });
    await deliver([first, second], [first.identity], to);
  }
  await other.dial(addressOf(node));
  await vi.waitFor(async () => {
    const ids = await idsOf(node, 'assets');
    expect(ids).toHaveLength(4);
    expect((await idsOf(other, 'assets')).sort()).toEqual(ids.sort());
    expect(other.peers().filter((p) => p.inStep)).toHaveLength(1);
  }, WAIT);
  await other.stop();
});

test('a peer that claims records of others and never sends them keeps nobody from getting them', async () => {
  const author = createTestDevice();
  const honest = await startTestNode({ device: author });
  await honest.append('assets', [author.write('assets')]);
  const frames = createFrameStream(await openStream());
  const marks = [{ device: author.key.id, time: 1_000_000, count: 1_000_000 }];
  const books = [{ book: 'assets', heads: [], marks }];
  await frames.send(writeMessage({ t: 'hello', v: 1, village: TEST_VILLAGE, more: false, books }));
  for await (const frame of frames.frames()) {
    const read = readMessage(frame);
    if (read.ok && read.message.t === 'pull') break;
  }
  await honest.dial(addressOf(node));
  await vi.waitFor(async () => expect(await idsOf(node, 'assets')).toHaveLength(1), WAIT);
  await honest.stop();
});

test('a peer that asks for the same again and again is cut off', async () => {
  await node.append('assets', [own.write('assets')]);
  const frames = await openFrames();
  const ranges = [{ device: own.key.id, time: 0, count: 0, upTo: 1000 }];
  const pull = writeMessage({ t: 'pull', book: 'assets', ranges });
  for (let i = 0; i < 400; i++) frames.send(pull).catch(() => undefined);
  await vi.waitFor(() => expect(refused).toEqual(['it asks without end for what it was given']), WAIT);
  await expectUnharmed(['assets']);
});

test('a frame of thousands of unsound entries costs the peer its stream, not us our memory', async () => {
  const frames = await openFrames();
  const send = async (): Promise<void> => {
    for (let n = 0; n < 3; n++) {
      const entries = Array.from({ length: 500 }, (_, i) => encode({ n, i }));
      await frames.send(writeMessage({ t: 'entries', n, book: 'assets', identities: [], entries }));
    }
  };
  await send();
  await vi.waitFor(() => expect(refused.at(-1)).toBe('it sent too many unsound entries'), WAIT);
  await expectUnharmed();
});

test('a peer that sends a few hundred unsound entries in each of many sessions is cut off all the same', async () => {
  for (let session = 0; session < 3; session++) {
    const frames = await openFrames();
    const entries = Array.from({ length: 400 }, (_, i) => encode({ session, i }));
    await frames.send(writeMessage({ t: 'entries', n: 0, book: 'assets', identities: [], entries }));
    await vi.waitFor(() => expect(refused.length).toBeGreaterThanOrEqual(400 * (session + 1)), WAIT);
    frames.abort(new Error('and again'));
  }
  await vi.waitFor(() => expect(refused.at(-1)).toBe('it sent too many unsound entries'), WAIT);
});

test('a peer that names thousands of authors and then tells of changes without end is cut off', async () => {
  const frames = await openFrames();
  const marks = Array.from({ length: 20_000 }, () => ({ device: toHex(randomBytes(32)), time: 1, count: 1 }));
  await frames.send(writeMessage({ t: 'marks', book: 'assets', marks }));
  const change = (time: number) =>
    writeMessage({ t: 'marks', book: 'assets', marks: [{ ...marks[0], time } as never] });
  for (let time = 2; time < 100; time++) frames.send(change(time)).catch(() => undefined);
  await vi.waitFor(() => expect(refused).toEqual(['it greets without end']), WAIT);
});

const violations: [name: string, reason: string | RegExp, bytes: () => Uint8Array][] = [
  ['a frame over 2 MiB', 'a frame of 2097153 bytes is outside 1..2097152', () => head(MAX_FRAME_BYTES + 1)],
  ['a frame of 4 GiB', /4294967295 bytes/, () => head(0xffffffff)],
  ['garbage', 'the message is not dag-cbor', () => toFrame(new Uint8Array(1000).fill(0xff))],
  ['arrays nested a million deep', 'the message is not dag-cbor', () => toFrame(new Uint8Array(1e6).fill(0x81))],
  ['an unknown message', 'bad message field t', () => toFrame(encode({ t: 'gift' }))],
  [
    'entries before a greeting',
    'it did not greet first',
    () => toFrame(writeMessage({ t: 'pulse', digest: 'ab'.repeat(32) })),
  ],
  [
    'the end of what was not asked for',
    'it ended what was not asked of it',
    () => {
      const hello = writeMessage({ t: 'hello', v: 1, village: TEST_VILLAGE, more: false, books: [] });
      return Buffer.concat([toFrame(hello), toFrame(writeMessage({ t: 'pulled', book: 'assets' }))]);
    },
  ],
  [
    'a greeting of another village',
    'it belongs to another village',
    () => toFrame(writeMessage({ t: 'hello', v: 1, village: 'cd'.repeat(32), more: false, books: [] })),
  ],
  [
    'an acknowledgement of nothing',
    'it acknowledged what was never sent',
    () => toFrame(writeMessage({ t: 'ack', n: 99 })),
  ],
];

function head(length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}

test.each(violations)('%s ends the stream, names the peer and harms nothing', async (_name, reason, bytes) => {
  const stream = await openStream();
  const closed = new Promise((resolve) => stream.addEventListener('close', resolve));
  stream.send(bytes());
  await closed;
  await vi.waitFor(() => expect(refused).toHaveLength(1), WAIT);
  expect(refused[0]).toMatch(reason);
  await expectUnharmed();
});

test('a greeting without end, and greetings without end, are cut off before they fill the memory', async () => {
  const hello = { t: 'hello', v: 1, village: TEST_VILLAGE } as const;
  const endless = createFrameStream(await openStream());
  const marks = Array.from({ length: 10_000 }, () => ({ device: toHex(randomBytes(32)), time: 1, count: 1 }));
  const pour = async (): Promise<void> => {
    for (let year = 2000; year < 2099; year++)
      await endless.send(
        writeMessage({ ...hello, more: true, books: [{ book: `market-${year}-01`, heads: [], marks }] }),
      );
  };
  await expect(pour()).rejects.toThrow();
  await vi.waitFor(() => expect(refused).toEqual(['it names more authors than a village has']), WAIT);
  const other = await startTestNode({ device: createTestDevice() });
  const told: string[] = [];
  other.subscribe((event) => {
    if (event.type === 'refused') told.push(event.reason);
  });
  const again = createFrameStream(await openStream(other));
  for (let i = 0; i < 100; i++) again.send(writeMessage({ ...hello, more: false, books: [] })).catch(() => undefined);
  await vi.waitFor(() => expect(told).toEqual(['it greets without end']), WAIT);
  await other.stop();
  await expectUnharmed();
});

test('a peer that breaks the protocol again and again is cut off: it gets no connection any more', async () => {
  const want = wantFrame([{ number: 1, bytes: 10, digest: randomBytes(32) }]);
  // After its first fault no stream is opened to it: these stand before.
  const streams = await Promise.all(
    [1, 2, 3].map(async () => {
      const stream = await hostile.dialProtocol(multiaddr(addressOf(node)), BLOCKS_PROTOCOL);
      const answered = new Promise((resolve) => stream.addEventListener('message', resolve, { once: true }));
      stream.send(want);
      await answered;
      return stream;
    }),
  );
  for (const stream of streams) stream.send(toFrame(utf8('garbage')));
  await vi.waitFor(() => expect(refused).toHaveLength(3), WAIT);
  await vi.waitFor(() => expect(hostile.getConnections()).toEqual([]), WAIT);
  await expect(openStream()).rejects.toThrow();
});

test('nothing that others ask the table of peers to keep is kept', async () => {
  const store = new PeerDatastore(join(makeTestDir(), 'data'));
  await store.open();
  const keys = ['/dht/record/AAAA', '/dht/provider/AAAA/BBBB', '/peers/CCCC'].map(
    (name) => ({ toString: () => name }) as Parameters<PeerDatastore['put']>[0],
  );
  for (const key of keys) await store.put(key, utf8('x'));
  expect(await Promise.all(keys.map((key) => store.has(key)))).toEqual([false, false, true]);
  await store.close();
});

test('a peer that broke the protocol is not let in again at once', async () => {
  const stream = await openStream();
  stream.send(toFrame(utf8('garbage')));
  await vi.waitFor(() => expect(refused).toHaveLength(1), WAIT);
  const again = createFrameStream(await openStream());
  await expect(async () => {
    for await (const frame of again.frames()) expect(frame).toBeUndefined();
  }).rejects.toThrow();
});

test('a stream that ends in the middle of a frame is no violation', async () => {
  const stream = await openStream();
  stream.send(head(1000));
  stream.abort(new Error('out of range'));
  await expectUnharmed();
  expect(refused).toEqual([]);
});
