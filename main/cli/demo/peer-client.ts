import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#core/ports/errors.ts';
import type { PeerAnswer, PeerCall, PeerMethod, PeerRequests } from './peer-protocol.ts';

/** A peer process: started again where it was if it dies, and asked again what it had not answered. */
export interface Peer {
  readonly name: string;
  readonly restarts: number;
  /** What it has not answered yet. */
  readonly asked: readonly PeerMethod[];
  ask<M extends PeerMethod>(method: M, input: Parameters<PeerRequests[M]>[0]): Promise<ReturnType<PeerRequests[M]>>;
  stop(): Promise<void>;
}

export interface PeerOptions {
  readonly name: string;
  readonly dir: string;
  /** Where the peer's clock stands after a restart. */
  readonly now: () => number;
  /** Multiaddrs of the others, dialled after a restart. */
  readonly others: () => readonly string[];
  readonly onRestart: (name: string, why: string) => void;
  /** GRIDPACT_KILL_AT of each life in turn; the lives after these are left alone. */
  readonly killAt: readonly string[];
}

const MOST_RESTARTS = 5;
interface Waiting {
  readonly method: PeerMethod;
  readonly resolve: (v: unknown) => void;
  readonly reject: (e: Error) => void;
}
class PeerDied extends Error {
  override readonly name = 'PeerDied';
}

function peerScript(): string {
  const bundled = join(import.meta.dirname, 'demo-peer.js');
  return existsSync(bundled) ? bundled : join(import.meta.dirname, 'peer-process.ts');
}

export function startPeer(options: PeerOptions): Peer {
  let child: ChildProcess | undefined;
  let ids = 0;
  let deaths = 0;
  /** Resolves once the last process is known to be dead. */
  let exited: Promise<unknown> = Promise.resolve();
  let ending = false;
  const waiting = new Map<number, Waiting>();

  const spawn = (killAt: string | undefined): ChildProcess => {
    const { GRIDPACT_KILL_AT: _, ...env } = process.env;
    const made = fork(peerScript(), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: killAt ? { ...env, GRIDPACT_KILL_AT: killAt } : env,
    });
    exited = new Promise((resolve) => made.once('exit', resolve));
    made.on('message', (answer: PeerAnswer) => {
      const w = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (answer.ok) w?.resolve(answer.output);
      else w?.reject(new AppError(answer.code, answer.message, { retryable: answer.retryable }));
    });
    made.on('exit', (_code, signal) => {
      if (child === made) child = undefined;
      for (const w of waiting.values()) w.reject(new PeerDied(`${options.name} died`));
      waiting.clear();
      if (ending) return;
      options.onRestart(options.name, `${signal ?? 'exit'}${killAt ? ` at ${killAt}` : ''}`);
      deaths += 1;
    });
    return made;
  };
  const send = (method: PeerMethod, input: unknown): Promise<unknown> => {
    const id = ++ids;
    const call: PeerCall = { id, method, input };
    return new Promise((resolve, reject) => {
      waiting.set(id, { method, resolve, reject });
      child?.send(call, (e) => e && waiting.delete(id) && reject(new PeerDied(e.message)));
    });
  };
  const ensure = async (): Promise<void> => {
    if (child) return;
    child = spawn(options.killAt[deaths]);
    const { device } = (await send('start', { dir: options.dir, atMs: options.now() })) as { device: string };
    if (deaths > 0 && device !== '') await send('dial', { addresses: [...options.others()] });
  };
  return {
    name: options.name,
    get restarts() {
      return deaths;
    },
    get asked() {
      return [...waiting.values()].map((w) => w.method);
    },
    async ask(method, input) {
      for (;;) {
        try {
          await ensure();
          return (await send(method, input)) as never;
        } catch (e) {
          if (!(e instanceof PeerDied) || deaths > options.killAt.length + MOST_RESTARTS) throw e;
          // Its channel closes before its death is told: asking again at once would never let that news in.
          await exited;
        }
      }
    },
    async stop() {
      ending = true;
      const last = child;
      if (!last) return;
      const gone = new Promise((r) => last.once('exit', r));
      await send('stop', {}).catch(() => undefined);
      last.disconnect();
      await gone;
    },
  };
}
