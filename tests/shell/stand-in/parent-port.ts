// Loaded before the core process: gives it the process.parentPort that Electron gives a utility process.
import { EventEmitter } from 'node:events';
import { fromPortable, type Portable, toPortable } from './codec.ts';
import type { FromUtility, ToUtility } from './utility-process.ts';

class ChildPort extends EventEmitter {
  readonly #id: number;
  #started = false;
  readonly #waiting: Portable[] = [];

  constructor(id: number) {
    super();
    this.#id = id;
  }
  start(): void {
    this.#started = true;
    for (const data of this.#waiting.splice(0)) this.receive(data);
  }
  postMessage(data: unknown): void {
    send({ kind: 'port', id: this.#id, data: toPortable(data) });
  }
  close(): void {
    send({ kind: 'port-close', id: this.#id });
  }
  receive(data: Portable): void {
    if (this.#started) this.emit('message', { data: fromPortable(data), ports: [] });
    else this.#waiting.push(data);
  }
}

// a shell that is gone is noticed by 'disconnect' below
const send = (message: FromUtility): void => void process.send?.(message, undefined, undefined, () => undefined);
const ports = new Map<number, ChildPort>();
const parentPort = Object.assign(new EventEmitter(), {
  postMessage: (data: unknown) => send({ kind: 'message', data }),
});
Object.defineProperty(process, 'parentPort', { value: parentPort });
const early: ToUtility[] = [];

function receive(message: ToUtility): void {
  if (message.kind === 'port') ports.get(message.id)?.receive(message.data);
  else if (message.kind === 'port-close') {
    ports.get(message.id)?.emit('close');
    ports.delete(message.id);
  } else {
    const fresh = message.ports.map((id) => {
      const port = new ChildPort(id);
      ports.set(id, port);
      return port;
    });
    parentPort.emit('message', { data: message.data, ports: fresh });
  }
}

process.on('message', (message: ToUtility) => {
  if (parentPort.listenerCount('message') === 0) early.push(message);
  else receive(message);
});
parentPort.on('newListener', () => {
  setImmediate(() => {
    for (const message of early.splice(0)) receive(message);
  });
});
// a child of a shell that is gone has nothing left to do
process.on('disconnect', () => process.exit(1));
