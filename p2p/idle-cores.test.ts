import { expect, test } from 'vitest';
import { createIdleCores } from './idle-cores.ts';

test('idle cores are those of the time since it was last asked', () => {
  let reading = { idleMs: 5000, atMs: 1000 };
  const idleCores = createIdleCores(() => reading);
  reading = { idleMs: 5150, atMs: 1100 };
  expect(idleCores()).toBe(1.5);
  reading = { idleMs: 5150, atMs: 1200 };
  expect(idleCores()).toBe(0);
  expect(idleCores()).toBe(0);
});
