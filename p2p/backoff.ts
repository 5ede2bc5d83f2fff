import { randomInt } from 'node:crypto';

/** Waits that double from first to last, each shortened at random by up to half so that peers do not march in step. */
export function backoffMs(attempt: number, firstMs: number, lastMs: number): number {
  const full = Math.min(lastMs, firstMs * 2 ** Math.min(attempt, 30));
  return Math.max(1, Math.round(full / 2 + randomInt(Math.max(1, Math.ceil(full / 2)))));
}
