import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { type RemoteNode, startRemoteNode } from '#p2p/test-remote.ts';
import { makeTestDir } from '#p2p/test-village.ts';
import { whyNoNamespaces } from './namespaces.ts';

const WAIT = { timeout: 50_000, interval: 100 };
const reason = whyNoNamespaces();
if (reason !== undefined) console.warn(`SKIPPED, NOT PASSED: hole punching between public addresses (${reason})`);

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (let end = ending.pop(); end; end = ending.pop()) await end();
});
const ip = (...args: string[]): void => void execFileSync('ip', args);

/** Hole punching looks at public addresses only: these live on the loopback of a namespace nothing leaves. */
function openInternet(addresses: readonly string[]): string {
  const namespace = `gp-net-${process.pid}`;
  ip('netns', 'add', namespace);
  ending.push(() => ip('netns', 'delete', namespace));
  const inside = (...args: string[]): void => ip('netns', 'exec', namespace, 'ip', ...args);
  inside('link', 'set', 'lo', 'up');
  for (const address of addresses) inside('address', 'add', `${address}/32`, 'dev', 'lo');
  return namespace;
}

test.skipIf(reason !== undefined)(
  'a connection over a relay is made direct by hole punching where one of the two can be dialled',
  async () => {
    const hosts = ['5.5.5.1', '5.5.5.2', '5.5.5.3'] as const;
    const namespace = openInternet(hosts);
    let told = '';
    const start = async (host: string, relay: boolean): Promise<RemoteNode> => {
      const node = await startRemoteNode({
        dir: makeTestDir(),
        seed: randomBytes(32),
        listen: `/ip4/${host}/tcp/4701`,
        relay,
        namespace,
        log: {
          of: 'libp2p:dcutr',
          onText(text) {
            told += text;
          },
        },
      });
      ending.push(() => node.call('stop'));
      return node;
    };
    const [relay, a, b] = await Promise.all(hosts.map((host, i) => start(host, i === 0)));
    if (!relay || !a || !b) throw new Error('three nodes are needed');
    const relayAddress = await relay.call<string>('address');
    const peerB = (await b.call<string>('address')).split('/p2p/').at(-1) ?? '';
    await b.call('dial', relayAddress);
    // From here on nobody can dial B, as behind a router; what it has open stays.
    ip('netns', 'exec', namespace, 'ip', 'address', 'delete', `${hosts[2]}/32`, 'dev', 'lo');
    await a.call('dial', relayAddress);
    await a.call('append', 'assets', 'from a');
    await vi.waitFor(() => a.call('dial', `${relayAddress}/p2p-circuit/p2p/${peerB}`), WAIT);
    await vi.waitFor(async () => expect(await a.call('linkTo', peerB)).toBe('direct'), WAIT);
    await vi.waitFor(() => expect(told).toMatch(/upgrade to .* succeeded|DCUtR to .* succeeded/), WAIT);
    await vi.waitFor(async () => expect(await b.call('ids', 'assets')).toHaveLength(1), WAIT);
  },
  90_000,
);
