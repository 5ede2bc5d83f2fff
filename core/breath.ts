import { setImmediate as immediate } from 'node:timers/promises';

const TURN_MS = 15;

/** For long work on the main thread: awaited between its parts, lets everybody else have a turn when it took long. */
export function createBreath(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < TURN_MS) return;
    await immediate();
    since = performance.now();
  };
}
