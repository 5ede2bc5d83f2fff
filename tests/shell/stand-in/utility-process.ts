import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { Portable } from './codec.ts';
import { type PortMain, TransferredPorts } from './message-ports.ts';

type PortMessage =
  | { readonly kind: 'port'; readonly id: number; readonly data: Portable }
  | { readonly kind: 'port-close'; readonly id: number };
export type ToUtility = { readonly kind: 'message'; readonly data: unknown; readonly ports: number[] } | PortMessage;
export type FromUtility = { readonly kind: 'message'; readonly data: unknown } | PortMessage;

class UtilityProcess extends EventEmitter {
  readonly #child: ChildProcess;
  readonly #ports: TransferredPorts;

  constructor(modulePath: string, args: readonly string[]) {
    super();
    const execArgv = ['--import', join(import.meta.dirname, 'parent-port.ts')];
    this.#child = fork(modulePath, [...args], { execArgv, serialization: 'advanced', stdio: 'inherit' });
    const send = (message: ToUtility): void => {
      if (this.#child.connected) this.#child.send(message);
    };
    this.#ports = new TransferredPorts({
      deliver: (id, data) => send({ kind: 'port', id, data }),
      close: (id) => send({ kind: 'port-close', id }),
    });
    this.#child.on('spawn', () => this.emit('spawn'));
    this.#child.on('message', (message) => this.#receive(message as FromUtility));
    this.#child.on('exit', (code) => {
      this.#ports.closeAll();
      this.emit('exit', code ?? 1);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  postMessage(data: unknown, ports: readonly PortMain[] = []): void {
    const message: ToUtility = { kind: 'message', data, ports: ports.map(({ id }) => id) };
    if (this.#child.connected) this.#child.send(message);
    this.#ports.hand(ports);
  }

  kill(): boolean {
    return this.#child.kill();
  }

  #receive(message: FromUtility): void {
    if (message.kind === 'message') this.emit('message', message.data);
    else if (message.kind === 'port') this.#ports.posted(message.id, message.data);
    else this.#ports.closed(message.id);
  }
}

const forked = new Set<UtilityProcess>();
export const utilityPids = (): number[] => [...forked].map(({ pid }) => pid ?? 0);

export const utilityProcess = {
  fork(modulePath: string, args: readonly string[] = []): UtilityProcess {
    const child = new UtilityProcess(modulePath, args);
    forked.add(child);
    child.on('exit', () => forked.delete(child));
    return child;
  },
};
