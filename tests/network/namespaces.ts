import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** How the wire between the hosts behaves from now on. */
export interface LinkOrder {
  readonly lossPercent?: number;
  readonly delayMs?: number;
  /** Each packet waits up to this much longer, so packets overtake each other. */
  readonly jitterMs?: number;
  /** Only hosts of one group reach each other; [] heals. */
  readonly cut?: readonly (readonly string[])[];
}

/** Hosts of their own on this machine: a network namespace each, joined by a wire that loses and reorders packets. */
export interface TestNetwork {
  /** Address of a host when the network came up. */
  address(host: string): string;
  /** Arguments that run a program on a host: `ip ...inside(host), program, ...`. */
  inside(host: string): readonly string[];
  set(order: LinkOrder): Promise<void>;
  /** The host goes on under another address, as after a change of network card or lease. */
  readdress(host: string, from: string, to: string): void;
  stop(): Promise<void>;
}

const PYTHON = '/usr/bin/python3';
const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** Why hosts of their own cannot be made here; undefined when they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  if (!existsSync('/dev/net/tun')) return 'no /dev/net/tun';
  if (!existsSync(PYTHON)) return `no ${PYTHON}`;
  const name = `gp-try-${process.pid}`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'delete', name);
    return undefined;
  } catch (error) {
    return `no network namespaces: ${error instanceof Error ? error.message.split('\n')[0] : ''}`;
  }
}

export async function openNetwork(hosts: readonly string[], seed: number): Promise<TestNetwork> {
  const nameOf = (host: string): string => `gp-${process.pid}-${host}`;
  const address = (host: string): string => `10.77.0.${hosts.indexOf(host) + 1}`;
  for (const host of hosts) ip('netns', 'add', nameOf(host));
  const places = hosts.flatMap((host) => [nameOf(host), address(host)]);
  const link = spawn(PYTHON, [join(import.meta.dirname, 'lossy_link.py'), String(seed), ...places], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface({ input: link.stdout })[Symbol.asyncIterator]();
  const expectOk = async (): Promise<void> => {
    const answer = await answers.next();
    if (answer.value !== 'ok') throw new Error('the wire between the hosts broke');
  };
  const network: TestNetwork = {
    address,
    inside: (host) => ['netns', 'exec', nameOf(host)],
    async set(order) {
      const cut = order.cut?.map((group) => group.map(nameOf));
      link.stdin.write(`${JSON.stringify(cut ? { ...order, cut } : order)}\n`);
      await expectOk();
    },
    readdress(host, from, to) {
      // Deleting a first address takes the later ones of its network along.
      ip('netns', 'exec', nameOf(host), 'ip', 'address', 'delete', `${from}/24`, 'dev', 'gp0');
      ip('netns', 'exec', nameOf(host), 'ip', 'address', 'add', `${to}/24`, 'dev', 'gp0');
    },
    async stop() {
      await ended(link);
      for (const host of hosts) ip('netns', 'delete', nameOf(host));
    },
  };
  try {
    await expectOk();
    return network;
  } catch (error) {
    await network.stop();
    throw error;
  }
}

async function ended(link: ChildProcess): Promise<void> {
  if (link.exitCode !== null) return;
  const gone = new Promise((resolve) => link.once('exit', resolve));
  link.stdin?.end();
  await gone;
}
