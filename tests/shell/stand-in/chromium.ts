import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

export type CdpParams = Readonly<Record<string, unknown>>;
interface CdpMessage {
  readonly id?: number;
  readonly method?: string;
  readonly params?: CdpParams;
  readonly sessionId?: string;
  readonly result?: CdpParams;
  readonly error?: { readonly message: string };
}

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--host-resolver-rules=MAP * ~NOTFOUND',
  '--remote-debugging-pipe',
];

/**
 * Chromium over its debugging pipe (no TCP port). Events are emitted as `'<sessionId>'` or `'browser'` with method and
 * parameters.
 */
export class Chromium extends EventEmitter {
  readonly #profile = mkdtempSync(join(tmpdir(), 'stand-in-'));
  readonly #process: ChildProcess;
  readonly #pending = new Map<number, { resolve: (result: CdpParams) => void; reject: (error: Error) => void }>();
  #lastId = 0;

  constructor(executable: string) {
    super();
    this.setMaxListeners(0);
    this.#process = spawn(executable, [...FLAGS, `--user-data-dir=${this.#profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    this.#process.on('error', (error) => this.#failAll(error));
    this.#process.on('exit', () => this.#failAll(new Error('Chromium ended')));
    // a Chromium that was stopped breaks its pipes; whoever waits is told by its exit
    for (const pipe of this.#process.stdio.slice(3)) pipe?.on('error', () => undefined);
    let text = '';
    (this.#process.stdio[4] as Readable).setEncoding('utf8').on('data', (part: string) => {
      const messages = (text + part).split('\0');
      text = messages.pop() ?? '';
      for (const message of messages) this.#receive(JSON.parse(message));
    });
  }

  send(method: string, params: CdpParams = {}, sessionId?: string): Promise<CdpParams> {
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      this.#pending.set(this.#lastId, { resolve, reject });
      const message = { id: this.#lastId, method, params, ...(sessionId === undefined ? {} : { sessionId }) };
      (this.#process.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    });
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exited = once(this.#process, 'exit');
      this.#process.kill('SIGKILL');
      await exited;
    }
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  #receive(message: CdpMessage): void {
    if (message.id === undefined) {
      this.emit(message.sessionId ?? 'browser', message.method, message.params ?? {});
      return;
    }
    const asked = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.error) asked?.reject(new Error(message.error.message));
    else asked?.resolve(message.result ?? {});
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
