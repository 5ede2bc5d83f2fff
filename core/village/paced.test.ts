import { expect, test, vi } from 'vitest';
import { createPaced } from './paced.ts';

const busyFor = (ms: number): void => {
  vi.advanceTimersByTime(ms);
};

test('work that takes little is done whenever it is asked for, and what takes long once for many', () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  try {
    let done = 0;
    let takesMs = 1;
    const paced = createPaced(() => {
      done += 1;
      busyFor(takesMs);
    });
    paced.ask();
    paced.ask();
    expect(done).toBe(2);
    takesMs = 100;
    paced.ask();
    expect(done).toBe(3);
    paced.ask();
    paced.ask();
    vi.advanceTimersByTime(300);
    expect(done).toBe(3);
    vi.advanceTimersByTime(200);
    expect(done).toBe(4);
    paced.ask();
    paced.stop();
    vi.advanceTimersByTime(10_000);
    expect(done).toBe(4);
  } finally {
    vi.useRealTimers();
  }
});
