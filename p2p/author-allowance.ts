import type { RecordAllowance } from '#core/ports/village-node.ts';
import { NETWORK_LIMITS } from './network-limits.ts';

/**
 * How many records of its own each device may still hand over: a burst large enough for years of honest work, and so
 * many a day after it. What granted devices vouch for by handing it on is not counted: they took it within their own
 * bounds.
 */
export interface AuthorAllowance {
  /** False when it is used up: then nothing was taken. */
  take(device: string, records: number): boolean;
}

const DAY_MS = 86_400_000;
/** Devices that are remembered; the least recently heard is forgotten first. */
const MAX_DEVICES = 4096;

/** `now`: monotonic ms. */
export function createAuthorAllowance(
  now: () => number,
  { ownRecords, ownRecordsPerDay }: RecordAllowance = NETWORK_LIMITS,
): AuthorAllowance {
  const left = new Map<string, { readonly records: number; readonly atMs: number }>();
  return {
    take(device, records) {
      const before = left.get(device) ?? { records: ownRecords, atMs: now() };
      const grown = before.records + ((now() - before.atMs) / DAY_MS) * ownRecordsPerDay;
      const has = Math.min(ownRecords, grown);
      const enough = records <= has;
      left.delete(device);
      left.set(device, { records: enough ? has - records : has, atMs: now() });
      const [oldest] = left.keys();
      if (left.size > MAX_DEVICES && oldest !== undefined) left.delete(oldest);
      return enough;
    },
  };
}
