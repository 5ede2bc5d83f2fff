import { expect, test } from 'vitest';
import { createRateMeter, progressOf } from './segment-progress.ts';

const row = (state: 'verified' | 'bad', locked = 0) => ({ state, reason: '', bytes: 100, locked, away: false });

test('what is announced, here and verified is counted in segments and bytes, and the rest is a time', () => {
  const source = {
    state: 'fetching' as const,
    announced: ['a', 'b', 'c', 'd', 'e'].map((cid) => ({ cid, bytes: 100 })),
    known: new Map([
      ['a', row('verified', 3)],
      ['b', row('bad')],
    ]),
    unchecked: new Set(['c']),
    bytesPerSecond: 50,
  };
  expect(progressOf(source)).toEqual({
    state: 'fetching',
    announced: { segments: 5, bytes: 500 },
    present: { segments: 3, bytes: 300 },
    verified: { segments: 1, bytes: 100 },
    bad: 1,
    lockedFrames: 3,
    bytesPerSecond: 50,
    secondsLeft: 4,
  });
  expect(progressOf({ ...source, state: 'waiting' }).secondsLeft).toBeNull();
  expect(progressOf({ ...source, bytesPerSecond: 0 }).secondsLeft).toBeNull();
  expect(progressOf({ ...source, announced: [{ cid: 'a', bytes: 100 }], state: 'idle' }).secondsLeft).toBe(0);
});

test('the rate is that of the last seconds and falls to nothing when nothing comes', () => {
  let nowMs = 0;
  const rate = createRateMeter(() => nowMs);
  expect(rate.perSecond()).toBe(0);
  for (; nowMs < 4000; nowMs += 1000) rate.add(1000);
  expect(rate.perSecond()).toBe(1000);
  for (; nowMs < 20_000; nowMs += 1000) rate.add(3000);
  expect(rate.perSecond()).toBe(3000);
  nowMs += 6000;
  expect(rate.perSecond()).toBe(0);
});
