import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../..');
const cli = join(root, 'dist/main/cli.js');
/** As the `gridpact` command starts it. */
export const NODE_FLAGS = JSON.parse(readFileSync(join(root, 'scripts/node-flags.json'), 'utf8')) as readonly string[];

/** One person's console: the built gateway in a process of its own, with a data folder of its own. */
export interface StartedConsole {
  readonly url: string;
  /** Opens the console paired; good once. */
  readonly link: string;
  readonly dataDir: string;
  readonly pid: number;
  /** Ends the process as a person would and keeps the data. */
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Ends the process and deletes the data. */
  remove(): Promise<void>;
}

/** A clock that two consoles can share: both are then as far from the machine's. */
export interface ConsoleClock {
  readonly offsetMs: number;
}

/** From now on it is this instant; a month can so be over without waiting for it. */
export const clockFrom = (instant: string): ConsoleClock => ({ offsetMs: Date.parse(instant) - Date.now() });

export interface StartConsoleOptions {
  /** Data folder of an earlier start. */
  readonly dataDir?: string;
  /** Port of an earlier start, to keep its browsers paired and its address. */
  readonly port?: number;
  readonly args?: readonly string[];
  /** Port for other consoles, kept over restarts so that they find this one again without being told; else any. */
  readonly peerPort?: number;
  /** What this console takes the time to be when it starts; its clock goes on from there. */
  readonly clock?: ConsoleClock;
  readonly env?: NodeJS.ProcessEnv;
}

export async function startConsole(options: StartConsoleOptions = {}): Promise<StartedConsole> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'console-'));
  const where = ['--data', dataDir, '--port', String(options.port ?? 0)];
  const quiet = ['--no-mdns', '--listen', `/ip4/127.0.0.1/tcp/${options.peerPort ?? 0}`];
  const clock = options.clock ? { GRIDPACT_CLOCK_OFFSET_MS: String(options.clock.offsetMs) } : {};
  const child = spawn(process.execPath, [...NODE_FLAGS, cli, 'gateway', ...where, ...quiet, ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...clock, ...options.env },
  });
  const link = await readLink(child);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return {
    url: new URL('/', link).href,
    link,
    dataDir,
    pid: child.pid ?? 0,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async remove() {
      await end('SIGTERM');
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function readLink(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const { stdout } = child;
    if (!stdout) throw new Error('the console has no output');
    createInterface({ input: stdout }).on('line', (line) => {
      const link = /https?:\/\/\S+#pair=\d+/.exec(line)?.[0];
      if (link) resolve(link);
    });
    child.once('exit', (code) => reject(new Error(`the console ended with exit code ${code} before it was ready`)));
  });
}
