// node print-total.ts <vitest.json> <playwright.json>: one line, and exit code 1 when not all is well.
import { readFileSync } from 'node:fs';
import { addTotals, formatTotal, isGood, readPlaywright, readVitest, type Total } from './totals.ts';

const NOTHING: Total = { passed: 0, failed: 1, skipped: 0 };

function read(file: string | undefined, count: (report: unknown) => Total): Total {
  try {
    return count(JSON.parse(readFileSync(file ?? '', 'utf8')));
  } catch (error) {
    process.stderr.write(`no report in ${file}: ${error instanceof Error ? error.message : String(error)}\n`);
    return NOTHING;
  }
}

const [vitest, playwright] = process.argv.slice(2);
const totals = [read(vitest, readVitest), read(playwright, readPlaywright)];
process.stdout.write(`${formatTotal(addTotals(totals))}\n`);
process.exitCode = isGood(totals) ? 0 : 1;
