import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { findFoundryBinary } from './foundry-binary.ts';

const forge = findFoundryBinary('forge') ?? '';
if (forge === '')
  console.warn(`SKIPPED: no forge for ${process.platform} ${process.arch}, the Solidity tests do not run`);

const reportSchema = z.record(
  z.string(),
  z.object({ test_results: z.record(z.string(), z.object({ status: z.string(), reason: z.string().nullable() })) }),
);

test.skipIf(forge === '')(
  'the Solidity tests pass: fuzzed lanes, signatures, escrow and the invariants of solvency',
  async () => {
    const child = spawn(forge, ['test', '--json'], {
      cwd: join(import.meta.dirname, '..'),
      stdio: ['ignore', 'pipe', 'pipe'],
      // The compiler wrapper is a script for our Node.
      env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` },
    });
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(output, errors).toMatch(/^\{/);
    const results = Object.values(reportSchema.parse(JSON.parse(output))).flatMap((s) =>
      Object.entries(s.test_results),
    );
    expect(results.filter(([, result]) => result.status !== 'Success')).toEqual([]);
    expect(results.length).toBeGreaterThan(40);
  },
  300_000,
);
