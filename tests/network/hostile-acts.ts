import { randomBytes, randomInt } from 'node:crypto';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { SignedRecord } from '#domain/books/record.ts';
import { cidOf, encode, toHex } from '#domain/bytes.ts';
import { MAX_SEGMENT_BYTES } from '#domain/metering/frame.ts';
import { BLOCKS_PROTOCOL, CHUNK_BYTES, chunkFrame, MAX_REQUEST_FRAME, readRequest } from '#p2p/block-wire.ts';
import { SYNC_PROTOCOL } from '#p2p/book-replication.ts';
import { createDeviceIdentity } from '#p2p/device-identity.ts';
import { createFrameParser } from '#p2p/frame-parser.ts';
import { createFrameStream, type FrameStream } from '#p2p/frame-stream.ts';
import { createTestDevice, type ForgedEntry, makeEntry, type TestDevice, tamper } from '#p2p/test-village.ts';
import { type Message, readMessage, writeMessage } from '#p2p/wire-messages.ts';

/** Books of its own, so that none of its numbers is used twice: that alone would freeze its device. */
const FLOODED = 'operations-2026-05';
const ANNOUNCED = 'segments-2026-07';
const RECORDS_PER_ENTRY = 64;
const ENTRIES_PER_FRAME = 4;
const GIGABYTE = 1024 ** 3;
const REPLAYED_MS = 2000;
const FAR_MS = Date.UTC(2095, 0, 1);

export interface Hostile {
  readonly libp2p: Libp2p;
  readonly village: string;
  readonly device: TestDevice;
  /** Everything it does to others ends with this. */
  readonly signal: AbortSignal;
}

type Sending = Extract<Message, { t: 'entries' }>;

export async function connect({ libp2p, signal }: Hostile, address: string): Promise<Connection> {
  return libp2p.dial(multiaddr(address), { signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]) });
}

/** A session that greets like an honest peer that has nothing. */
async function greet(me: Hostile, connection: Connection): Promise<FrameStream> {
  const frames = createFrameStream(await connection.newStream(SYNC_PROTOCOL));
  me.signal.addEventListener('abort', () => frames.abort(new Error('the attack is over')));
  await frames.send(writeMessage({ t: 'hello', v: 1, village: me.village, more: false, books: [] }));
  return frames;
}

/** Sends entries frame by frame, each after the acknowledgement of the one before; rejects when it is cut off. */
async function deliver(frames: FrameStream, batches: readonly Omit<Sending, 't' | 'n'>[]): Promise<void> {
  const answers = frames.frames()[Symbol.asyncIterator]();
  for (const [n, batch] of batches.entries()) {
    await frames.send(writeMessage({ t: 'entries', n, ...batch }));
    for (;;) {
      const { value, done } = await answers.next();
      if (done) throw new Error('cut off');
      const read = readMessage(value);
      if (read.ok && read.message.t === 'ack' && read.message.n === n) break;
    }
  }
}
const batch = (book: string, entries: readonly ForgedEntry[]): Omit<Sending, 't' | 'n'> => ({
  book,
  identities: entries.slice(0, 1).map((e) => e.identity),
  entries: entries.map((e) => e.bytes),
});

/** A chain of sound entries of its own, full of small records. */
async function chainOf(me: Hostile, book: string, records: readonly SignedRecord[]): Promise<ForgedEntry[]> {
  const entries: ForgedEntry[] = [];
  for (let at = 0; at < records.length; at += RECORDS_PER_ENTRY) {
    const last = entries.at(-1);
    const place = { time: entries.length + 1, next: last ? [last.hash] : [], village: me.village };
    entries.push(await makeEntry(me.device, book, records.slice(at, at + RECORDS_PER_ENTRY), place));
  }
  return entries;
}

/** What can be prepared once for all targets. */
interface Arms {
  readonly unsound: readonly Omit<Sending, 't' | 'n'>[];
  readonly announced: readonly Omit<Sending, 't' | 'n'>[];
  readonly flood: readonly Omit<Sending, 't' | 'n'>[];
}

export async function prepare(me: Hostile, floodRecords: number): Promise<Arms> {
  const { device, village } = me;
  const [victim, foreign] = [createTestDevice(), createTestDevice(randomBytes(32), 'ab'.repeat(32))];
  const sound = await makeEntry(device, 'operations-2026-06', [device.write('operations-2026-06')], { village });
  const identity = createDeviceIdentity(victim.key.seed);
  const forged = [
    tamper(sound, { identity: identity.hash }),
    tamper(sound, { clock: { id: victim.key.id, time: 1 } }),
    tamper(sound, { key: victim.key.id }),
    tamper(sound, { sig: toHex(victim.write('assets').sig) }),
    await makeEntry(device, 'operations-2026-06', [victim.write('operations-2026-06')], { village }),
    await makeEntry(device, 'operations-2026-06', [foreign.write('operations-2026-06')], { village }),
    await makeEntry(device, 'operations-2026-06', [device.write('market-2026-06')], { village, time: 2 ** 50 }),
  ];
  const announcements = Array.from({ length: 640 }, (_, i) => {
    // Every other one is small enough to be asked for; it is then answered with something else.
    const bytes = i % 2 === 0 ? MAX_SEGMENT_BYTES : 2_000_000;
    const cid = cidOf(randomBytes(40));
    const span = { fromMs: Date.UTC(2026, 6, 1), toMs: Date.UTC(2026, 6, 2), prev: null };
    const body = { cid, day: '2026-07-01', root: new Uint8Array(randomBytes(32)), frames: 70, bytes, ...span };
    return device.write(ANNOUNCED, body, { kind: 'segment.announce', atMs: Date.now() + i });
  });
  const small = Array.from({ length: floodRecords }, (_, i) =>
    device.write(FLOODED, { n: i }, i % 10 === 0 ? { atMs: FAR_MS + i } : {}),
  );
  const chain = await chainOf(me, FLOODED, small);
  return {
    unsound: [{ ...batch('operations-2026-06', forged), identities: [sound.identity, identity.bytes] }],
    announced: (await chainOf(me, ANNOUNCED, announcements)).map((entry) => batch(ANNOUNCED, [entry])),
    flood: Array.from({ length: Math.ceil(chain.length / ENTRIES_PER_FRAME) }, (_, i) =>
      batch(FLOODED, chain.slice(i * ENTRIES_PER_FRAME, (i + 1) * ENTRIES_PER_FRAME)),
    ),
  };
}

/** Takes in what the other side sends at first and hands the very same back. */
async function replay(me: Hostile, connection: Connection): Promise<void> {
  const frames = await greet(
    { ...me, signal: AbortSignal.any([me.signal, AbortSignal.timeout(REPLAYED_MS)]) },
    connection,
  );
  let n = 0;
  for await (const frame of frames.frames()) {
    const read = readMessage(frame);
    if (!read.ok || read.message.t !== 'entries') continue;
    await frames.send(writeMessage({ t: 'ack', n: read.message.n }));
    await frames.send(writeMessage({ ...read.message, n: n++ }));
    const records = new Set(read.message.entries);
    // Entries of others in a book they are not of.
    await frames.send(writeMessage({ ...read.message, n: n++, book: 'market-2026-01', entries: [...records] }));
    if (n >= 6) break;
  }
}

/** One after the other: replays, unsound entries, announcements of what nobody has, and then the flood. */
export async function assault(me: Hostile, address: string, arms: Arms): Promise<void> {
  const attempt = async (work: (connection: Connection) => Promise<void>): Promise<void> => {
    if (me.signal.aborted) return;
    await work(await connect(me, address)).catch(() => undefined);
  };
  await attempt((connection) => replay(me, connection));
  await attempt(async (connection) => {
    const frames = await greet(me, connection);
    await deliver(frames, [...arms.unsound, ...arms.announced, ...arms.flood]);
  });
}

/** Bytes for whoever asks it for blocks: other ones, endless ones, or one a second. */
export async function serveLies({ libp2p, signal }: Hostile): Promise<void> {
  let streams = 0;
  await libp2p.handle(BLOCKS_PROTOCOL, (stream) => {
    const kind = streams++ % 3;
    const parser = createFrameParser(MAX_REQUEST_FRAME);
    stream.addEventListener('message', ({ data }) => {
      for (const frame of parser.push(data.subarray())) {
        const request = readRequest(frame);
        const want = request?.t === 'want' ? request.wants[0] : undefined;
        if (!want) continue;
        const chunk = chunkFrame(want.number, new Uint8Array(randomBytes(CHUNK_BYTES))).subarray();
        if (kind === 0) pour(stream, chunk, signal);
        else if (kind === 1) trickle(stream, chunk, signal);
        else stream.send(encode({ not: 'a frame' }));
      }
    });
  });
}

function pour(stream: Stream, chunk: Uint8Array, signal: AbortSignal): void {
  let left = GIGABYTE;
  const send = (): void => {
    while (left > 0 && !signal.aborted && stream.writeStatus === 'writable') {
      left -= chunk.length;
      if (!stream.send(chunk)) return;
    }
  };
  stream.addEventListener('drain', send);
  send();
}

function trickle(stream: Stream, bytes: Uint8Array, signal: AbortSignal): void {
  let at = 0;
  const stop = (): void => clearInterval(timer);
  const timer = setInterval(() => {
    if (stream.writeStatus === 'writable') stream.send(bytes.subarray(at, ++at));
    else stop();
  }, 1000);
  signal.addEventListener('abort', stop);
  stream.addEventListener('close', stop);
}

/** Streams that say nothing, and streams that say a byte a second, as many as it is given. */
export async function hoardStreams(me: Hostile, address: string): Promise<void> {
  const connection = await connect(me, address);
  for (let i = 0; i < 24 && !me.signal.aborted; i++) {
    const protocol = i % 3 === 0 ? SYNC_PROTOCOL : BLOCKS_PROTOCOL;
    const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    if (stream && i % 2 === 0) trickle(stream, new Uint8Array(100), me.signal);
  }
}

/** Noise on everything the other side says it speaks, over and over. */
export async function garble(me: Hostile, address: string): Promise<string[]> {
  const garbled = new Set<string>();
  while (!me.signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const connection = await connect(me, address).catch(() => undefined);
    if (!connection) continue;
    const { protocols } = await me.libp2p.peerStore.get(connection.remotePeer);
    for (const protocol of protocols) {
      const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
      if (!stream) continue;
      garbled.add(protocol);
      const noise = randomBytes(randomInt(1, 64 * 1024));
      try {
        stream.send(new Uint8Array(noise));
        await stream.close({ signal: AbortSignal.timeout(500) });
      } catch {
        stream.abort(new Error('enough'));
      }
    }
  }
  return [...garbled];
}

/** Hands one entry over as a carrier would. */
export async function carry(me: Hostile, address: string, book: string, entry: ForgedEntry): Promise<void> {
  const frames = await greet(me, await connect(me, address));
  await deliver(frames, [batch(book, [entry])]);
  frames.abort(new Error('done'));
}
