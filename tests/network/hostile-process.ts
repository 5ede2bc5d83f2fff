import { randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { cidOf, fromHex } from '#domain/bytes.ts';
import { createTestDevice, makeEntry } from '#p2p/test-village.ts';
import { createVillageProtector } from '#p2p/village-protector.ts';
import { assault, carry, connect, garble, type Hostile, hoardStreams, prepare, serveLies } from './hostile-acts.ts';

/** A process that means harm: libp2p with the village's network key, and the key of a granted device or one of its own. */
const env = (name: string): string => process.env[`GRIDPACT_TEST_${name}`] ?? '';
const village = env('VILLAGE');
const ending = new AbortController();
const device = createTestDevice(fromHex(env('SEED')), village);
const createPeer = async (seed: Uint8Array) =>
  createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', seed),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionProtector: createVillageProtector(() => [fromHex(env('NETWORK_KEY'))]).asComponent,
    connectionGater: { denyDialMultiaddr: () => false },
    services: { identify: identify() },
  });
const libp2p = await createPeer(device.key.seed);
const me: Hostile = { libp2p, village, device, signal: ending.signal };
const attacks: Promise<unknown>[] = [];
const ignore = (): undefined => undefined;

/** Wires that are opened, told nothing, and held. */
async function stormWires(address: string): Promise<void> {
  const port = Number(/tcp\/(\d+)/.exec(address)?.[1]);
  while (!ending.signal.aborted) {
    const sockets = Array.from({ length: 20 }, () => connectTcp(port, '127.0.0.1').on('error', ignore));
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const socket of sockets) socket.destroy();
  }
}
/** A new identity at each try. */
async function stormIdentities(address: string): Promise<void> {
  while (!ending.signal.aborted) {
    const peer = await createPeer(randomBytes(32));
    await connect({ ...me, libp2p: peer }, address).catch(ignore);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await peer.stop();
  }
}

const commands: Record<string, (...args: string[]) => unknown> = {
  peer: () => libp2p.peerId.toString(),
  /** What only a peer that is listened to can do; resolves when it was cut off everywhere, or is through. */
  async assault(floodRecords = '', ...addresses: string[]) {
    await serveLies(me);
    const arms = await prepare(me, Number(floodRecords));
    await Promise.all(addresses.map((address) => assault(me, address, arms)));
  },
  /** Then everything else at once, until told to end. */
  harass(...addresses: string[]) {
    for (const address of addresses) {
      const works = [garble(me, address), hoardStreams(me, address), stormWires(address), stormIdentities(address)];
      attacks.push(...works.map((work) => work.catch(ignore)));
    }
  },
  async endAttack() {
    ending.abort();
    await Promise.all(attacks);
  },
  /** Whether a connection to it stands, and stays for as long as a first exchange takes. */
  async reaches(address = '') {
    try {
      const connection = await libp2p.dial(multiaddr(address));
      await connection.newStream('/ipfs/id/1.0.0', { signal: AbortSignal.timeout(3000) });
      return connection.status === 'open';
    } catch {
      return false;
    }
  },
  /** A sound record of its own, handed to others by whoever carries it. */
  async write(book = '') {
    const span = { fromMs: Date.UTC(2026, 7, 1), toMs: Date.UTC(2026, 7, 2), prev: null };
    const body = { cid: cidOf(randomBytes(40)), day: '2026-08-01', root: new Uint8Array(32), frames: 1, bytes: 1000 };
    const record = device.write(book, { ...body, ...span }, { kind: 'segment.announce', atMs: Date.now() });
    const entry = await makeEntry(device, book, [record], { village });
    return {
      record: cidOf(record.bytes),
      hash: entry.hash,
      bytes: hexOf(entry.bytes),
      identity: hexOf(entry.identity),
    };
  },
  async carry(address = '', book = '', hash = '', bytes = '', identity = '') {
    await carry({ ...me, signal: AbortSignal.timeout(30_000) }, address, book, {
      hash,
      bytes: fromHex(bytes),
      identity: fromHex(identity),
    });
  },
  async stop() {
    ending.abort();
    await libp2p.stop();
  },
};
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

process.on('message', ({ id, command, args }: { id: number; command: string; args: string[] }) => {
  const run = async (): Promise<unknown> => commands[command]?.(...args);
  run().then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
