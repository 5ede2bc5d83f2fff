import { cpus } from 'node:os';

interface Reading {
  /** Of all cores together. */
  readonly idleMs: number;
  readonly atMs: number;
}

/** How many cores of this machine nobody used, on average since it was last asked. */
export function createIdleCores(read: () => Reading = readCores): () => number {
  let before = read();
  return () => {
    const [last, now] = [before, read()];
    before = now;
    return now.atMs > last.atMs ? (now.idleMs - last.idleMs) / (now.atMs - last.atMs) : 0;
  };
}

const readCores = (): Reading => ({
  idleMs: cpus().reduce((sum, { times }) => sum + times.idle, 0),
  atMs: performance.now(),
});
