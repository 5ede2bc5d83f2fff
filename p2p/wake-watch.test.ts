import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchForWaking } from './wake-watch.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a change of networks and a sleep wake, a quiet machine does not', () => {
  let interfaces = '10.0.0.1';
  let sleptMs = 0;
  let woken = 0;
  const stop = watchForWaking(
    () => {
      woken += 1;
    },
    { interfaces: () => interfaces, now: () => Date.now() + sleptMs },
  );
  vi.advanceTimersByTime(60_000);
  expect(woken).toBe(0);
  interfaces = '192.168.7.2';
  vi.advanceTimersByTime(10_000);
  expect(woken).toBe(1);
  sleptMs += 3_600_000;
  vi.advanceTimersByTime(10_000);
  expect(woken).toBe(2);
  stop();
  interfaces = '';
  vi.advanceTimersByTime(60_000);
  expect(woken).toBe(2);
});
