import { randomBytes } from 'node:crypto';
import { noise } from '@libp2p/noise';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2p } from 'libp2p';
import { afterEach, expect, test, vi } from 'vitest';
import type { VillageNode } from '#core/ports/village-node.ts';
import { NETWORK_LIMITS } from './network-limits.ts';
import { deviceOfPeer } from './peer-device.ts';
import { addressOf, createTestDevice, idsOf, startTestNode, TEST_PSK } from './test-village.ts';
import { createVillageProtector } from './village-protector.ts';

const WAIT = { timeout: 45_000, interval: 50 };
const toStop = new Set<{ stop(): Promise<void> | void }>();
afterEach(async () => {
  for (const node of toStop) await node.stop();
  toStop.clear();
});
const start: typeof startTestNode = async (options) => {
  const node = await startTestNode(options);
  toStop.add(node);
  return node;
};
/** Somebody with the network key and a new identity each time. */
async function startStranger(key = TEST_PSK): Promise<Libp2p> {
  const node = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionProtector: createVillageProtector(() => [key]).asComponent,
    connectionGater: { denyDialMultiaddr: () => false },
  });
  toStop.add(node);
  return node;
}
const connectedTo = (node: VillageNode): string[] =>
  node
    .peers()
    .filter((p) => p.connected)
    .map((p) => p.device ?? '');

test('a revoked device is cut off at once, gets no new connection, and is not dialled', async () => {
  const [a, b] = [createTestDevice(), createTestDevice()];
  const revoked = new Set<string>();
  const isRevoked = (device: string): boolean => revoked.has(device);
  const nodeA = await start({ device: a, isRevoked });
  const nodeB = await start({ device: b });
  await nodeB.dial(addressOf(nodeA));
  await vi.waitFor(() => expect(connectedTo(nodeA)).toEqual([b.key.id]), WAIT);
  revoked.add(b.key.id);
  nodeA.recheckPeers();
  await vi.waitFor(() => expect([connectedTo(nodeA), connectedTo(nodeB)]).toEqual([[], []]), WAIT);
  await nodeB.dial(addressOf(nodeA)).catch(() => undefined);
  await expect(nodeA.dial(addressOf(nodeB))).rejects.toMatchObject({ code: 'DIAL_FAILED' });
  await vi.waitFor(() => expect([connectedTo(nodeA), connectedTo(nodeB)]).toEqual([[], []]), WAIT);
});

test('what a revoked device wrote is still taken from others', async () => {
  const [a, b, thief] = [createTestDevice(), createTestDevice(), createTestDevice()];
  const isRevoked = (device: string): boolean => device === thief.key.id;
  const nodeA = await start({ device: a, isRevoked });
  const nodeB = await start({ device: b });
  const nodeT = await start({ device: thief });
  await nodeT.append('assets', [thief.write('assets')]);
  await nodeT.dial(addressOf(nodeB));
  await nodeB.dial(addressOf(nodeA));
  await vi.waitFor(async () => expect(await idsOf(nodeA, 'assets')).toHaveLength(1), WAIT);
  expect(connectedTo(nodeA)).toEqual([b.key.id]);
});

test('strangers with the key get few places, and one that is granted gets its own', async () => {
  const [own, newcomer] = [createTestDevice(), createTestDevice()];
  const members = [own.key.id];
  const node = await start({ device: own, members: () => members });
  const strangers = await Promise.all(Array.from({ length: 6 }, () => startStranger()));
  for (const stranger of strangers) await stranger.dial(multiaddr(addressOf(node))).catch(() => undefined);
  await vi.waitFor(() => {
    expect(connectedTo(node).length).toBeLessThanOrEqual(NETWORK_LIMITS.strangersPerHost);
    expect(connectedTo(node).length).toBeGreaterThan(0);
  }, WAIT);
  members.push(newcomer.key.id);
  node.recheckPeers();
  const joined = await start({ device: newcomer });
  await joined.dial(addressOf(node));
  await vi.waitFor(() => expect(connectedTo(node)).toContain(newcomer.key.id), WAIT);
});

test('after a change of the key only devices of the village get in under the old one', async () => {
  const [own, friend] = [createTestDevice(), createTestDevice()];
  const newKey = randomBytes(32);
  const members = () => [own.key.id, friend.key.id];
  const node = await start({ device: own, members, networkKeys: () => [newKey, TEST_PSK] });
  const [holder, thief] = [await startStranger(newKey), await startStranger()];
  await thief.dial(multiaddr(addressOf(node))).catch(() => undefined);
  await holder.dial(multiaddr(addressOf(node)));
  const nodeF = await start({ device: friend });
  await nodeF.dial(addressOf(node));
  const expected = [friend.key.id, deviceOfPeer(holder.peerId.toString())];
  await vi.waitFor(() => expect(new Set(connectedTo(node))).toEqual(new Set(expected)), WAIT);
});

/** Loopback has many addresses and one source: another host is played by another interface, or by IPv6. */
const otherHost = (addresses: readonly string[]): string =>
  addresses.find((a) => !a.startsWith('/ip4/127.')) ?? expect.unreachable('this machine has one address only');

test('an eclipse fails: a host with forty identities that dials without end keeps no member out', async () => {
  const [own, friend, far] = [createTestDevice(), createTestDevice(), createTestDevice()];
  const members = () => [own.key.id, friend.key.id, far.key.id];
  const node = await start({ device: own, members, listen: ['/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0'] });
  const address = multiaddr(node.addresses().find((a) => a.startsWith('/ip4/127.')) ?? '');
  const hostile = await Promise.all(Array.from({ length: 40 }, () => startStranger()));
  let attacking = true;
  const attack = async (stranger: Libp2p): Promise<void> => {
    while (attacking) {
      await stranger.dial(address, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const attacks = hostile.map(attack);
  try {
    await vi.waitFor(() => expect(connectedTo(node).length).toBeGreaterThan(0), WAIT);
    // One member comes in from another host, and another is dialled from here.
    const nodeF = await start({ device: friend, members });
    const nodeFar = await start({ device: far, members });
    await nodeF.append('assets', [friend.write('assets')]);
    await nodeFar.append('assets', [far.write('assets')]);
    nodeF.dial(otherHost(node.addresses())).catch(() => undefined);
    node.dial(addressOf(nodeFar)).catch(() => undefined);
    await vi.waitFor(async () => expect(await idsOf(node, 'assets')).toHaveLength(2), WAIT);
    expect(connectedTo(node)).toEqual(expect.arrayContaining([friend.key.id, far.key.id]));
    const strangers = connectedTo(node).filter((device) => !members().includes(device));
    expect(strangers.length).toBeLessThanOrEqual(NETWORK_LIMITS.strangers);
  } finally {
    attacking = false;
    await Promise.all(attacks);
  }
}, 90_000);
