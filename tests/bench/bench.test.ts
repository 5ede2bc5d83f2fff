import { expect, test } from 'vitest';
import { compare, spreadOf, takeTurns } from './bench.ts';
import { peakMbOf, watchPeakMemory } from './peak-memory.ts';
import { formatRow } from './print-rows.ts';

test('a spread is the middle of its values between the extremes, whatever their order', () => {
  expect(spreadOf([9, 1, 4])).toEqual({ median: 4, min: 1, max: 9, runs: 3 });
  expect(spreadOf([3, 1])).toEqual({ median: 2, min: 1, max: 3, runs: 2 });
  expect(() => spreadOf([])).toThrow('at least one run');
});

test('a ratio is ours over the reference, by the medians', () => {
  expect(compare(spreadOf([10, 20, 30]), 'stock', [4, 5, 6])).toMatchObject({ name: 'stock', ratio: 4 });
});

test('turns are taken one after the other', async () => {
  expect(await takeTurns(3, (run) => Promise.resolve(run))).toEqual([0, 1, 2]);
});

test('a row whose results are wrong says so, and one that was skipped says why', () => {
  const ours = spreadOf([2]);
  const row = { what: 'a job', unit: 's', ours, references: [compare(ours, 'stock', [1])], notes: {} } as const;
  expect(formatRow('job', { ...row, right: true }).join('\n')).toContain('1.00 s; ours is 2.00 times that');
  expect(formatRow('job', { ...row, right: true }).join('\n')).not.toContain('WRONG');
  expect(formatRow('job', { ...row, right: false }).join('\n')).toContain('WRONG');
  expect(formatRow('job', { skipped: 'no data' })).toEqual(['job', '  SKIPPED: no data']);
});

test.runIf(process.platform === 'linux')('the kernel tells the peak memory of a process', () => {
  const held = Buffer.alloc(50_000_000, 1);
  expect(peakMbOf('self')).toBeGreaterThan(held.length / 1e6);
  expect(watchPeakMemory()()).toEqual({ peakMb: null, process: null });
});
