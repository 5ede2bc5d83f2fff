import { parseArgs } from 'node:util';
import { appendEntries } from './append.ts';
import type { BenchEntry, BenchOptions, Row, Skipped } from './bench.ts';
import { demoEntries } from './demo.ts';
import { watchMachine } from './machine.ts';
import { monthEntries } from './month.ts';
import { openBookEntry } from './open-book.ts';
import { openEpochsEntry } from './open-epochs.ts';
import { openYearEntry } from './open-year.ts';
import { descendantsOf } from './peak-memory.ts';
import { formatMachine, formatRow } from './print-rows.ts';
import { replicateEntry } from './replicate.ts';
import { startEntry } from './start.ts';
import { topologiesEntries } from './topologies.ts';
import { transferEntry } from './transfer.ts';
import { villageYearEntry } from './village-year.ts';

const ENTRIES: readonly BenchEntry[] = [
  ...appendEntries,
  replicateEntry,
  openBookEntry,
  ...topologiesEntries,
  transferEntry,
  villageYearEntry,
  ...monthEntries,
  ...demoEntries,
  openEpochsEntry,
  startEntry,
  openYearEntry,
];
const USAGE = `npm run bench -- [--json] [--full] [--runs N] [names...]
  names   ${ENTRIES.map((entry) => entry.name).join(', ')}; the beginning of a name takes all of them;
          replicate takes all rows of replication
  --json  the last line is one JSON object {machine, name: {...}}
  --full  larger amounts and five runs
  --runs  how often each side is measured (3; rows of replication 5)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    runs: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** A command line that makes no sense. */
function giveUp(text: string): never {
  process.stderr.write(`${text}.\n\n${USAGE}\n`);
  process.exit(2);
}

function chooseEntries(names: readonly string[]): readonly BenchEntry[] {
  const isNamed = (entry: BenchEntry, name: string): boolean => entry.name.startsWith(name) || entry.group === name;
  const unknown = names.find((name) => !ENTRIES.some((entry) => isNamed(entry, name)));
  if (unknown !== undefined) giveUp(`there is no ${unknown}`);
  return names.length === 0 ? ENTRIES : ENTRIES.filter((entry) => names.some((name) => isNamed(entry, name)));
}

function readRuns(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d?$/.test(text)) giveUp(`--runs ${text} is not a number from 1 to 99`);
  return Number(text);
}

/** Rows know best how often, unless a person does. */
type Asked = Omit<BenchOptions, 'runs'> & { readonly runs: number | undefined };

/** In JSON the figures that are asked for by name stand beside the rest of the row. */
const toJson = (row: Row | Skipped): object => ('figures' in row ? { ...row, ...row.figures } : row);

/** Measures one after the other and tells each row as it is done. One that fails says so and does not cost the others. */
async function measureAll(
  entries: readonly BenchEntry[],
  options: Asked,
  tell: (lines: string) => void,
): Promise<Map<string, Row | Skipped>> {
  const rows = new Map<string, Row | Skipped>();
  for (const { name, group, measure } of entries) {
    options.note(`measuring ${name}`);
    const runs = options.runs ?? (options.full || group ? 5 : 3);
    try {
      const row = await measure({ ...options, runs });
      rows.set(name, row);
      tell(`${formatRow(name, row).join('\n')}\n\n`);
    } catch (error) {
      options.note(`${name} FAILED: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
    }
  }
  return rows;
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // it has just ended by itself
  }
}

/** Whoever ends the bench ends what it started. */
function endTogether(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      for (const pid of descendantsOf(process.pid)) endProcess(pid);
      process.exit(130);
    });
  }
}

async function main(): Promise<void> {
  const entries = chooseEntries(positionals);
  const options = {
    runs: readRuns(values.runs),
    full: values.full,
    note: (line: string) => void process.stderr.write(`${line}\n`),
  };
  endTogether();
  const tellMachine = watchMachine();
  // With --json stdout is for its one line.
  const out = values.json ? process.stderr : process.stdout;
  const rows = await measureAll(entries, options, (lines) => void out.write(lines));
  const machine = tellMachine();
  if ([...rows.values()].some((row) => 'right' in row && !row.right)) process.exitCode = 1;
  if (values.json)
    console.log(JSON.stringify({ machine, ...Object.fromEntries([...rows].map(([n, r]) => [n, toJson(r)])) }));
  else console.log(formatMachine(machine));
}

if (values.help) console.log(USAGE);
else await main();
