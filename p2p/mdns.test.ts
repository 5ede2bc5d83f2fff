import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import type { VillageNode } from '#core/ports/village-node.ts';
import { toHex } from '#domain/bytes.ts';
import { peerOfDevice } from './peer-device.ts';
import { createTestDevice, startTestNode } from './test-village.ts';

const WAIT = { timeout: 40_000, interval: 50 };
const GROUP = '224.0.0.251';

/** Whether a datagram to the group of mDNS comes back to this machine. */
async function hasMulticast(): Promise<boolean> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  try {
    return await new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(false), 2000).unref();
      socket.on('error', () => resolve(false)).on('message', () => resolve(true));
      socket.bind(0, () => {
        try {
          socket.addMembership(GROUP);
          socket.send('anyone?', socket.address().port, GROUP, (error) => error && resolve(false));
        } catch {
          resolve(false);
        }
      });
    });
  } finally {
    socket.close();
  }
}
const multicast = await hasMulticast();
if (!multicast) console.warn('SKIPPED, NOT PASSED: finding peers by mDNS (no multicast on this machine)');

const running: VillageNode[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
});

test.skipIf(!multicast)(
  'two consoles on one network find each other by mDNS, another village on it does not',
  async () => {
    const village = toHex(randomBytes(32));
    const start = async (of: string): Promise<VillageNode> => {
      const listen = ['/ip4/0.0.0.0/tcp/0'];
      const node = await startTestNode({ device: createTestDevice(), village: of, listen, mdns: true });
      running.push(node);
      return node;
    };
    const other = await start(toHex(randomBytes(32)));
    const [a, b] = [await start(village), await start(village)];
    await vi.waitFor(() => {
      expect(a.peers()).toMatchObject([{ peer: b.peerId, connected: true }]);
      expect(b.peers()).toMatchObject([{ peer: a.peerId, connected: true }]);
    }, WAIT);
    expect(other.peers()).toEqual([]);
  },
);

const PORT = 5353;
const named = (name: string): Buffer =>
  Buffer.concat([...name.split('.').map((part) => lengthAnd(Buffer.from(part))), Buffer.of(0)]);
const lengthAnd = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(bytes.length), bytes]);
/** One resource record of RFC 1035. */
function resource(name: string, type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(1, 2);
  head.writeUInt32BE(120, 4);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([named(name), head, data]);
}
/** The answer with which a console of a village tells that it is at an address. */
function announcement(village: string, peer: string, port: number): Buffer {
  const service = `_gridpact-${village.slice(0, 16)}._udp.local`;
  const text = lengthAnd(Buffer.from(`dnsaddr=/ip4/127.0.0.1/tcp/${port}/p2p/${peer}`));
  return Buffer.concat([
    Buffer.from([0, 0, 0x84, 0, 0, 0, 0, 2, 0, 0, 0, 0]),
    resource(service, 12, named(`x.${service}`)),
    resource(`x.${service}`, 16, text),
  ]);
}

test.skipIf(!multicast)(
  'a host that announces consoles without end, none of which answers, keeps granted ones from nobody',
  async () => {
    const village = toHex(randomBytes(32));
    const [first, second] = [createTestDevice(), createTestDevice()];
    const members = () => [first.key.id, second.key.id];
    const listen = ['/ip4/0.0.0.0/tcp/0'];
    const held = new Set<Socket>();
    const trap = createServer((socket) => held.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
    await once(trap, 'listening');
    const { port } = trap.address() as AddressInfo;
    const a = await startTestNode({ device: first, village, listen, mdns: true, members });
    running.push(a);
    const liar = createSocket('udp4');
    const lie = (): void => {
      const packet = announcement(village, peerOfDevice(toHex(randomBytes(32))), port);
      liar.send(packet, PORT, GROUP, () => undefined);
    };
    const lying = setInterval(() => {
      for (let n = 0; n < 40; n++) lie();
    }, 100);
    try {
      await vi.waitFor(() => expect(held.size).toBeGreaterThanOrEqual(32), WAIT);
      const b = await startTestNode({ device: second, village, listen, mdns: true, members });
      running.push(b);
      await vi.waitFor(
        () => expect(a.peers()).toContainEqual(expect.objectContaining({ peer: b.peerId, connected: true })),
        WAIT,
      );
    } finally {
      clearInterval(lying);
      liar.close();
      for (const socket of held) socket.destroy();
      trap.close();
    }
  },
);
