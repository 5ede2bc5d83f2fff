import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, say } from './terminal.mjs';

const reports = join(root, 'dist', 'test-reports');

/** Every check, each to its end whatever the others say. The last line is the count of all tests. */
export function runTests({ node, env, chromium }) {
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const [vitest, playwright] = [join(reports, 'vitest.json'), join(reports, 'playwright.json')];
  const testEnv = { ...env, GRIDPACT_CHROMIUM: chromium, PLAYWRIGHT_JSON_OUTPUT_NAME: playwright };
  const tool = (path, ...args) => [node, [join(root, 'node_modules', path), ...args]];
  const checks = [
    ['types', ...tool('typescript/bin/tsc', '-b')],
    ['format and lint', ...tool('@biomejs/biome/bin/biome', 'check', '.')],
    ['lint with types', ...tool('oxlint/bin/oxlint', '--type-aware', '--deny-warnings')],
    ['dead code', ...tool('knip/bin/knip.js')],
    ['lockfile', node, [join(root, 'scripts/fix-lock.mjs'), '--check']],
    [
      'tests',
      ...tool('vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${vitest}`),
    ],
    ['journeys', ...tool('@playwright/test/cli.js', 'test')],
  ];
  const failed = checks.filter(([label, command, args]) => !run(label, command, args, { env: testEnv }));
  if (failed.length > 0) say(`FAILED: ${failed.map(([label]) => label).join(', ')}`);
  const total = spawnSync(node, [join(root, 'tests/report/print-total.ts'), vitest, playwright], { stdio: 'inherit' });
  process.exitCode = failed.length === 0 && total.status === 0 ? 0 : 1;
}
