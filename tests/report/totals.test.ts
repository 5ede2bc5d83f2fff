import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addTotals, formatTotal, isGood, readPlaywright, readVitest } from './totals.ts';

const vitest = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 1, numTodoTests: 0, testResults: [] };
const playwright = { stats: { expected: 2, unexpected: 0, flaky: 0, skipped: 1 }, errors: [] };

test('the two reports add up to one line', () => {
  const totals = [readVitest(vitest), readPlaywright(playwright)];
  expect(formatTotal(addTotals(totals))).toBe('7 passed, 0 failed, 2 skipped');
  expect(isGood(totals)).toBe(true);
});

test('a test file that cannot be loaded, a flaky journey and an error outside of any test are failures', () => {
  const unloaded = { ...vitest, testResults: [{ status: 'failed', assertionResults: [] }] };
  expect(readVitest(unloaded).failed).toBe(1);
  expect(readPlaywright({ ...playwright, stats: { ...playwright.stats, flaky: 1 } }).failed).toBe(1);
  expect(readPlaywright({ ...playwright, errors: [{ message: 'no tests found' }] }).failed).toBe(1);
});

test('a runner that ran nothing is not good', () => {
  expect(isGood([])).toBe(false);
  expect(isGood([readVitest(vitest), { passed: 0, failed: 0, skipped: 3 }])).toBe(false);
});

test('a missing report ends with exit code 1 and still one line alone', () => {
  const dir = mkdtempSync(join(tmpdir(), 'totals-'));
  try {
    writeFileSync(join(dir, 'vitest.json'), JSON.stringify(vitest));
    const script = join(import.meta.dirname, 'print-total.ts');
    const { status, stdout } = spawnSync(
      process.execPath,
      [script, join(dir, 'vitest.json'), join(dir, 'playwright.json')],
      { encoding: 'utf8' },
    );
    expect({ status, stdout }).toEqual({ status: 1, stdout: '5 passed, 1 failed, 1 skipped\n' });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
