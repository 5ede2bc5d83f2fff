import * as z from 'zod';

export interface Total {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const vitestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});
const playwrightReport = z.object({
  stats: z.object({ expected: z.int(), unexpected: z.int(), flaky: z.int(), skipped: z.int() }),
  errors: z.array(z.unknown()),
});

/** A file that could not even be loaded has no tests to count, and is a failure all the same. */
export function readVitest(report: unknown): Total {
  const { testResults, ...counts } = vitestReport.parse(report);
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.length,
  );
  return {
    passed: counts.numPassedTests,
    failed: counts.numFailedTests + unloaded.length,
    skipped: counts.numPendingTests + counts.numTodoTests,
  };
}

/** A test that passed at the second try did not pass. */
export function readPlaywright(report: unknown): Total {
  const { stats, errors } = playwrightReport.parse(report);
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky + errors.length, skipped: stats.skipped };
}

export function addTotals(totals: readonly Total[]): Total {
  const sum = (key: keyof Total): number => totals.reduce((all, each) => all + each[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

export const formatTotal = ({ passed, failed, skipped }: Total): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

/** A runner that ran nothing proved nothing. */
export const isGood = (totals: readonly Total[]): boolean =>
  totals.length > 0 && totals.every(({ passed, failed }) => passed > 0 && failed === 0);
