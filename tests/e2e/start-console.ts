import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const cli = join(import.meta.dirname, '../../dist/main/cli.js');

/** One person's console: the built gateway in a process of its own, with a data folder of its own. */
export interface StartedConsole {
  readonly url: string;
  /** Opens the console paired; good once. */
  readonly link: string;
  readonly dataDir: string;
  /** Ends the process as a person would and keeps the data. */
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Ends the process and deletes the data. */
  remove(): Promise<void>;
}

export interface StartConsoleOptions {
  /** Data folder of an earlier start. */
  readonly dataDir?: string;
  /** Port of an earlier start, to keep its browsers paired and its address. */
  readonly port?: number;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export async function startConsole(options: StartConsoleOptions = {}): Promise<StartedConsole> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'console-'));
  const where = ['--data', dataDir, '--port', String(options.port ?? 0)];
  const quiet = ['--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0'];
  const child = spawn(process.execPath, [cli, 'gateway', ...where, ...quiet, ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...options.env },
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
