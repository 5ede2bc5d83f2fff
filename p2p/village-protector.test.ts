import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { noise } from '@libp2p/noise';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2p, type Libp2pOptions } from 'libp2p';
import { afterEach, expect, test, vi } from 'vitest';
import { toHex, utf8 } from '#domain/bytes.ts';
import { createVillageProtector } from './village-protector.ts';
import { createKeyStream } from './xsalsa20.ts';

const [oldKey, newKey, otherKey] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const WAIT = { timeout: 20_000, interval: 20 };
const running: Libp2p[] = [];
afterEach(async () => {
  for (const node of running.splice(0)) await node.stop();
});

async function start(connectionProtector: NonNullable<Libp2pOptions['connectionProtector']>) {
  const node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionProtector,
  });
  running.push(node);
  return node;
}
const stock = (key: Uint8Array) => start(preSharedKey({ psk: utf8(`/key/swarm/psk/1.0.0/\n/base16/\n${toHex(key)}`) }));
const ours = async (keys: () => readonly Uint8Array[]) => {
  const protector = createVillageProtector(keys);
  return { node: await start(protector.asComponent), protector };
};
const addressOf = (node: Libp2p) => multiaddr(node.getMultiaddrs()[0]?.toString() ?? '');

test('the cipher gives the published bytes of XSalsa20, however the stream is cut', () => {
  // Key, nonce and first bytes of the key stream: Bernstein, "Cryptography in NaCl", section 8 (secretbox example).
  const key = Buffer.from('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389', 'hex');
  const nonce = Buffer.from('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37', 'hex');
  const whole = createKeyStream(key, nonce).xor(new Uint8Array(1000));
  expect(toHex(whole.subarray(0, 32))).toBe('eea6a7251c1e72916d11c2cb214d3c252539121d8e234e652d651fa4c8cff880');
  const cut = createKeyStream(key, nonce);
  const parts = [1, 62, 1, 64, 65, 300, 507].map((length) => cut.xor(new Uint8Array(length)));
  expect(toHex(Buffer.concat(parts))).toBe(toHex(whole));
});

test('a stock private-network peer with the key connects, in either direction and under either key', async () => {
  const { node } = await ours(() => [newKey, oldKey]);
  const holders = [await stock(newKey), await stock(oldKey)];
  for (const holder of holders) expect((await holder.dial(addressOf(node))).status).toBe('open');
  for (const holder of holders) await holder.hangUp(node.peerId);
  const [newHolder] = holders;
  if (newHolder) expect((await node.dial(addressOf(newHolder))).status).toBe('open');
});

test('a peer that only has the old key is dialled with the old key once it refused the new one', async () => {
  const { node, protector } = await ours(() => [newKey, oldKey]);
  const behind = await stock(oldKey);
  const address = addressOf(behind);
  await expect(node.dial(address)).rejects.toThrow();
  await vi.waitFor(() => expect(protector.hasKeyLeft([address.toString()])).toBe(true), WAIT);
  expect((await node.dial(address)).status).toBe('open');
  expect(protector.isRefused([address.toString()])).toBe(false);
});

test('a peer with none of our keys is known to have refused them, and one that is gone is not', async () => {
  const { node, protector } = await ours(() => [newKey, oldKey]);
  const stranger = await stock(otherKey);
  const address = addressOf(stranger);
  await expect(node.dial(address)).rejects.toThrow();
  await expect(node.dial(address)).rejects.toThrow();
  await vi.waitFor(() => expect(protector.isRefused([address.toString()])).toBe(true), WAIT);
  await expect(stranger.dial(addressOf(node))).rejects.toThrow();
  expect(protector.hasKeyLeft([address.toString()])).toBe(false);
  const gone = multiaddr('/ip4/127.0.0.1/tcp/1');
  await expect(node.dial(gone)).rejects.toThrow();
  expect([protector.isRefused([gone.toString()]), protector.hasKeyLeft([gone.toString()])]).toEqual([false, false]);
});

test('keys are asked at every connection: a changed key counts without a restart, a dropped one no more', async () => {
  let keys = [oldKey];
  const { node } = await ours(() => keys);
  const behind = await stock(oldKey);
  await behind.dial(addressOf(node));
  await behind.hangUp(node.peerId);
  keys = [newKey];
  await expect(behind.dial(addressOf(node))).rejects.toThrow();
  expect((await (await stock(newKey)).dial(addressOf(node))).status).toBe('open');
});

test('garbage, and silence after the nonces, end in a closed socket', async () => {
  const { node } = await ours(() => [newKey]);
  const port = Number(addressOf(node).toString().split('/')[4]);
  const sendAndWait = async (bytes: Uint8Array): Promise<void> => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('error', () => undefined).resume();
    await new Promise((resolve) => socket.on('close', resolve));
  };
  await Promise.all([sendAndWait(randomBytes(1000)), sendAndWait(randomBytes(24))]);
  expect(node.getConnections()).toEqual([]);
}, 30_000);
