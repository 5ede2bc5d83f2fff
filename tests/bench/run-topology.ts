import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { driveProcess, type RemoteProcess } from '#p2p/test-remote.ts';
import { NODE_FLAGS } from '../e2e/start-console.ts';
import { createRandom } from '../soak/random.ts';
import type { TopologyCommand, TopologyEnd, TopologyInput } from './workers/topology-node.ts';

export type Shape = 'star' | 'line' | 'mesh';
export interface TopologyOptions {
  readonly shape: Shape;
  readonly nodes: number;
  readonly perNode: number;
  /** Of a random mesh. */
  readonly seed: number;
}
export interface Converged {
  /** From the return of the last link until the last console had everything. */
  readonly seconds: number;
  readonly secondsFromFirstLink: number;
  readonly sent: number;
  readonly needed: number;
  /** Of all consoles together. */
  readonly cpuSeconds: number;
  /** The largest console. */
  readonly peakMb: number | null;
  readonly right: boolean;
}

/** A hang limit, not a measure. */
const HANG_MS = 15 * 60_000;

/**
 * Consoles, each in a process of its own, that know each other, part, write while they are apart, and meet again. All
 * has come when each has verified and opened every record; then all must hold the same and agree on their heads.
 */
export async function runTopology({ shape, nodes, perNode, seed }: TopologyOptions): Promise<Converged> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-topology-'));
  const total = nodes * perNode;
  const consoles: Console[] = [];
  try {
    for (let i = 0; i < nodes; i++) consoles.push(await startConsole({ dir: join(dir, String(i)), perNode, total }));
    const addresses = await askAll<string>(consoles, 'address');
    const links = linksOf(shape, nodes, seed);
    const linkAll = (): Promise<number[]> =>
      Promise.all(links.map(([from, to]) => consoleAt(consoles, from).call<number>('dial', addresses[to] ?? '')));
    await linkAll();
    await askAll(consoles, 'part');
    await askAll(consoles, 'write');
    const completing = askAll<number>(consoles, 'complete');
    // It may fail before it is awaited; what failed first is told.
    completing.catch(() => undefined);
    const startMs = Math.min(...(await askAll<number>(consoles, 'meet')));
    const linkedMs = Math.max(...(await linkAll()));
    const endMs = Math.max(...(await completing));
    const ends = await askAll<TopologyEnd>(consoles, 'finish');
    const peaks = ends.map(({ peakMb }) => peakMb).filter((mb) => mb !== null);
    return {
      seconds: (endMs - linkedMs) / 1000,
      secondsFromFirstLink: (endMs - startMs) / 1000,
      sent: ends.reduce((sum, end) => sum + end.entriesSent, 0),
      needed: total * (nodes - 1),
      cpuSeconds: ends.reduce((sum, end) => sum + end.cpuSeconds, 0),
      peakMb: peaks.length > 0 ? Math.max(...peaks) : null,
      right: new Set(ends.map(({ digest }) => digest)).size === 1,
    };
  } finally {
    await Promise.all(consoles.map((one) => one.stop()));
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

type Driven = RemoteProcess<TopologyCommand>;
interface Console extends Pick<Driven, 'call'> {
  stop(): Promise<void>;
}

async function startConsole(input: TopologyInput): Promise<Console> {
  const file = fileURLToPath(new URL('./workers/topology-node.ts', import.meta.url));
  const child = fork(file, [JSON.stringify(input)], {
    execArgv: [...NODE_FLAGS],
    // stdout is for the answer of the bench alone
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), HANG_MS);
  const remote = await driveProcess<TopologyCommand>(child);
  return {
    call: (command, ...args) => remote.call(command, ...args),
    async stop() {
      await remote.call('stop').catch(() => remote.kill());
      await remote.ended;
      clearTimeout(timer);
    },
  };
}

const askAll = <T>(consoles: readonly Console[], command: TopologyCommand): Promise<T[]> =>
  Promise.all(consoles.map((one) => one.call<T>(command)));

function consoleAt(consoles: readonly Console[], i: number): Console {
  const found = consoles[i];
  if (!found) throw new Error(`there is no console ${i}`);
  return found;
}

/** Pairs that are linked; a mesh is a random tree with as many links again between random consoles. */
function linksOf(shape: Shape, nodes: number, seed: number): [from: number, to: number][] {
  const others = Array.from({ length: nodes - 1 }, (_, i) => i + 1);
  if (shape !== 'mesh') return others.map((i) => [i, shape === 'line' ? i - 1 : 0]);
  const random = createRandom(seed);
  const pairs = new Map<string, [number, number]>();
  const link = (a: number, b: number): unknown => pairs.set(`${Math.min(a, b)} ${Math.max(a, b)}`, [a, b]);
  for (const i of others) link(i, random.int(i));
  while (pairs.size < 2 * others.length) {
    const a = random.int(nodes);
    link(a, (a + 1 + random.int(nodes - 1)) % nodes);
  }
  return [...pairs.values()];
}
