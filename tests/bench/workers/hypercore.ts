import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';

/** What the references use of Hypercore, which has a package of its own: see tests/bench/hypercore. */
export interface Hypercore {
  readonly key: Buffer;
  readonly length: number;
  readonly byteLength: number;
  ready(): Promise<void>;
  append(block: Uint8Array): Promise<unknown>;
  update(options: { wait: boolean }): Promise<boolean>;
  download(range: { start: number; end: number }): { done(): Promise<unknown> };
  replicate(isInitiator: boolean): Duplex;
  close(): Promise<void>;
}
type HypercoreClass = new (dir: string, key?: Buffer) => Hypercore;

const requireBench = createRequire(new URL('../hypercore/package.json', import.meta.url));

export async function openHypercore(dir: string, key?: string): Promise<Hypercore> {
  const Class = requireBench('hypercore') as HypercoreClass;
  const core = key === undefined ? new Class(dir) : new Class(dir, Buffer.from(key, 'hex'));
  await core.ready();
  return core;
}

/** Joins a core's replication to a socket, raw TCP as it is. */
export function replicateOver(core: Hypercore, isInitiator: boolean, socket: Duplex): void {
  const stream = core.replicate(isInitiator);
  const ignore = (): void => undefined;
  socket.on('error', ignore);
  stream.on('error', ignore);
  stream.pipe(socket).pipe(stream);
}
