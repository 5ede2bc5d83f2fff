import { expect, test } from 'vitest';
import type { FetchScope } from '#core/storage/fetch-tables.ts';
import type { SegmentRef } from '#domain/village/state.ts';
import { createRateMeter, progressOf } from './segment-progress.ts';

const row = (state: 'verified' | 'bad', locked = 0) => ({
  state,
  reason: '',
  against: null,
  bytes: 100,
  locked,
  away: false,
  lost: false,
});
const ref = (cid: string, day = '2026-03-01'): SegmentRef => ({
  cid,
  device: 'd1',
  day,
  fromMs: 0,
  toMs: 1,
  bytes: 100,
  frames: 1,
  root: new Uint8Array(32),
  prev: null,
  record: cid,
  atMs: 0,
});
const none = { segments: 0, bytes: 0 };
const everything = { allows: () => true, stopped: new Set<FetchScope>() };

test('what is announced, here and verified is counted in segments and bytes, and the rest is a time', () => {
  const source = {
    state: 'fetching' as const,
    whole: [],
    lockedFrames: 3,
    rest: ['a', 'b', 'c', 'd', 'e'].map((cid) => ref(cid)),
    known: new Map([
      ['a', row('verified', 3)],
      ['b', row('bad')],
    ]),
    unchecked: new Set(['c']),
    isAbsent: () => false,
    choice: everything,
    bytesPerSecond: 50,
  };
  const part = { announced: 5, present: 3, verified: 1, absent: 0, lost: 0, isFetched: true };
  expect(progressOf(source)).toEqual({
    state: 'fetching',
    announced: { segments: 5, bytes: 500 },
    present: { segments: 3, bytes: 300 },
    verified: { segments: 1, bytes: 100 },
    absent: none,
    lost: none,
    cancelled: none,
    bad: 1,
    lockedFrames: 3,
    bytesPerSecond: 50,
    secondsLeft: 4,
    devices: [{ id: 'd1', ...part }],
    months: [{ id: '2026-03', ...part }],
  });
  const whole = [{ month: '2026-02', device: 'd1', segments: 7, bytes: 700 }];
  expect(progressOf({ ...source, whole })).toMatchObject({
    announced: { segments: 12, bytes: 1200 },
    verified: { segments: 8, bytes: 800 },
    secondsLeft: 4,
    devices: [{ id: 'd1', announced: 12, present: 10, verified: 8 }],
    months: [{ id: '2026-03', ...part }],
  });
  expect(progressOf({ ...source, state: 'waiting' }).secondsLeft).toBeNull();
  expect(progressOf({ ...source, bytesPerSecond: 0 }).secondsLeft).toBeNull();
  expect(progressOf({ ...source, rest: [ref('a')], state: 'idle' })).toMatchObject({ secondsLeft: 0, months: [] });
});

test('time is told for what is asked for and what somebody has; what is not fetched is named by month and by device', () => {
  const stopped = new Set<FetchScope>(['month:2026-02', 'device:d2']);
  const source = {
    state: 'fetching' as const,
    whole: [],
    lockedFrames: 0,
    rest: [ref('a'), ref('b'), ref('old', '2026-02-01'), ref('older', '2026-02-02')],
    known: new Map([['older', row('verified')]]),
    unchecked: new Set<string>(),
    isAbsent: ({ cid }: SegmentRef) => cid === 'b',
    choice: { stopped, allows: ({ day }: Pick<SegmentRef, 'day'>) => day > '2026-03' },
    bytesPerSecond: 50,
  };
  const progress = progressOf(source);
  expect(progress).toMatchObject({ absent: { segments: 1 }, cancelled: { segments: 1 }, secondsLeft: 2 });
  expect(progress.months).toEqual([
    { id: '2026-03', announced: 2, present: 0, verified: 0, absent: 1, lost: 0, isFetched: true },
    { id: '2026-02', announced: 2, present: 1, verified: 1, absent: 0, lost: 0, isFetched: false },
  ]);
  expect(progress.devices.map((d) => [d.id, d.announced, d.isFetched])).toEqual([
    ['d2', 0, false],
    ['d1', 4, true],
  ]);
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
