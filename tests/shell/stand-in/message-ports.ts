import { EventEmitter } from 'node:events';
import type { Portable } from './codec.ts';
import { fromPortable, toPortable } from './codec.ts';

/** Where one end of a channel lives once it was handed over: another process, or the page. */
export interface RemoteEnd {
  deliver(id: number, data: Portable): void;
  close(id: number): void;
}

let lastId = 0;

/** One of two entangled ends. Messages wait until the end is started here or handed over. */
class PortMain extends EventEmitter {
  readonly id: number;
  other!: PortMain;
  #remote: RemoteEnd | undefined;
  #started = false;
  #closed = false;
  readonly #waiting: Portable[] = [];

  constructor() {
    super();
    lastId += 1;
    this.id = lastId;
  }

  start(): void {
    this.#started = true;
    this.#flush();
  }

  postMessage(data: unknown): void {
    this.other.receive(toPortable(data));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#remote?.close(this.id);
    this.emit('close');
    this.other.close();
  }

  /** Hands this end over; from now on it is the other side's. */
  transfer(remote: RemoteEnd): number {
    if (this.#remote || this.#started) throw new Error('a port in use cannot be transferred');
    this.#remote = remote;
    this.#flush();
    return this.id;
  }

  receive(data: Portable): void {
    if (this.#closed) return;
    this.#waiting.push(data);
    this.#flush();
  }

  #flush(): void {
    if (!this.#remote && !this.#started) return;
    for (const data of this.#waiting.splice(0)) {
      if (this.#remote) this.#remote.deliver(this.id, data);
      else this.emit('message', { data: fromPortable(data), ports: [] });
    }
  }
}

export class MessageChannelMain {
  readonly port1 = new PortMain();
  readonly port2 = new PortMain();

  constructor() {
    this.port1.other = this.port2;
    this.port2.other = this.port1;
  }
}
export type { PortMain };

/** The ports that were handed to one remote place, and what comes back from there. */
export class TransferredPorts {
  readonly #remote: RemoteEnd;
  readonly #ports = new Map<number, PortMain>();

  constructor(remote: RemoteEnd) {
    this.#remote = remote;
  }

  hand(ports: readonly PortMain[]): number[] {
    return ports.map((port) => {
      this.#ports.set(port.id, port);
      return port.transfer(this.#remote);
    });
  }

  /** The remote end posted. */
  posted(id: number, data: Portable): void {
    this.#ports.get(id)?.other.receive(data);
  }

  closed(id: number): void {
    this.#ports.get(id)?.close();
    this.#ports.delete(id);
  }

  closeAll(): void {
    for (const id of this.#ports.keys()) this.closed(id);
  }
}
