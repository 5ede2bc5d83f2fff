import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { afterEach, expect, test, vi } from 'vitest';
import type { VillageNode } from '#core/ports/village-node.ts';
import { toHex } from '#domain/bytes.ts';
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
