import type { Cast } from './cast.ts';
import { runSchedule, type ScheduleResult } from './schedule.ts';

/** Most of a schedule's time is spent waiting for the disk, so several run at once. */
const AT_ONCE = 4;

export async function runSchedules(
  cast: Cast,
  { seed, count }: { readonly seed: number; readonly count: number },
  onEnd: (outcome: ScheduleResult | Error) => void,
): Promise<void> {
  let next = 0;
  const runNext = async (): Promise<void> => {
    while (next < count) {
      const own = seed + next++;
      onEnd(await runSchedule(cast, { seed: own }).catch((error: unknown) => toError(error)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runNext));
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
