import { cpus, loadavg, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
  readonly at: string;
  /** Load average of the last minute: much above the number of cores means that others took a share. */
  readonly loadBefore: number;
  readonly loadAfter: number;
}

/** Tells on what the figures were taken. Call the answer when the last one is in. */
export function watchMachine(): () => Machine {
  const before = loadavg()[0] ?? 0;
  const at = new Date().toISOString();
  return () => ({
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    node: process.version,
    at,
    loadBefore: Number(before.toFixed(2)),
    loadAfter: Number((loadavg()[0] ?? 0).toFixed(2)),
  });
}
