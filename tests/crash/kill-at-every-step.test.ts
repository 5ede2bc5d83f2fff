import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { STEPS, type Step } from '#core/ports/steps.ts';
import { type DemoKill, type DemoRun, endDemos, runDemo } from './run-demo.ts';

const HANG_MS = 240_000;
const AT_ONCE = 2;
const NAMES = ['Akello', 'Okot', 'Nakato'];

interface Kill {
  readonly step: Step;
  /** Peer 1 reads the meters and owns the chain. */
  readonly peer: 1 | 2 | 3;
  /** Pass of the step in that life of the peer. */
  readonly pass?: number;
}
/** Each run kills its peers at these steps, one life after the other. */
const RUNS: readonly { readonly name: string; readonly kills: readonly Kill[] }[] = [
  {
    name: 'while the village is founded and joined',
    kills: [
      // The first record of a village is its founding.
      { step: 'record.before-append', peer: 1 },
      { step: 'record.appended', peer: 1 },
      { step: 'record.folded', peer: 1 },
      { step: 'sync.entries-sent', peer: 2 },
      { step: 'sync.entries-stored', peer: 3 },
    ],
  },
  {
    name: 'while meters are read and sealed',
    kills: [
      { step: 'reading.stored', peer: 1, pass: 10 },
      { step: 'frame.sealed', peer: 1 },
      { step: 'segment.block-stored', peer: 1 },
      { step: 'segment.announced', peer: 1 },
      { step: 'sync.block-fetched', peer: 2 },
    ],
  },
  {
    name: 'while people sign',
    kills: [
      { step: 'agreement.signed', peer: 2 },
      { step: 'close.signed', peer: 2 },
      { step: 'agreement.signed', peer: 1, pass: 3 },
      { step: 'close.proposed', peer: 1 },
      { step: 'close.signed', peer: 1 },
      { step: 'sync.entries-stored', peer: 3, pass: 12 },
    ],
  },
  {
    name: 'while the month is settled',
    // The first two transactions deploy the ledger and hand it to the coordinators; the third is the batch.
    kills: [
      { step: 'chain.tx-persisted', peer: 1, pass: 3 },
      { step: 'chain.tx-broadcast', peer: 1 },
      { step: 'chain.receipt-seen', peer: 1 },
      { step: 'chain.receipt-recorded', peer: 1 },
    ],
  },
  { name: 'before the batch is sent for the first time', kills: [{ step: 'chain.tx-broadcast', peer: 1, pass: 3 }] },
  { name: 'before its receipt is read for the first time', kills: [{ step: 'chain.receipt-seen', peer: 1, pass: 3 }] },
  {
    name: 'later, among the members, the meters and the first copies',
    kills: [
      { step: 'record.appended', peer: 1, pass: 12 },
      { step: 'record.before-append', peer: 1, pass: 8 },
      { step: 'sync.entries-sent', peer: 1, pass: 5 },
      { step: 'sync.entries-stored', peer: 2, pass: 6 },
    ],
  },
];
const textOf = ({ step, pass = 1, peer }: Kill): string => `${step}:${pass}@${peer}`;
const toldOf = ({ step, pass = 1, peer }: Kill): string => `${NAMES[peer - 1]} at ${step}:${pass}`;

const cache = mkdtempSync(join(tmpdir(), 'crash-cache-'));
const runs = new Map<string, Promise<DemoRun>>();
const outside = { plant: 0, chain: 0 };

/** The processes of a kind that a process started. */
function childrenOf(pid: number, script: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => {
      try {
        const parent = readFileSync(`/proc/${child}/stat`, 'utf8').split(') ')[1]?.split(' ')[1];
        return Number(parent) === pid && readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(script);
      } catch {
        return false;
      }
    });
}

/** Kills the plant as soon as its meters are being read. */
function killPlant(line: string, { pid }: { readonly pid: number }): void {
  if (line !== 'The links are cut.' || outside.plant > 0) return;
  for (const plant of childrenOf(pid, 'plant-main')) {
    process.kill(plant, 'SIGKILL');
    outside.plant += 1;
  }
}

/** Kills the village's chain as soon as it is about to settle. */
function killChain(line: string, { dir }: { readonly dir: string }): void {
  if (!line.includes('comes to the same statements') || outside.chain > 0) return;
  const queueIsOpen = (): string => {
    const [queue] = globSync(join(dir, 'gridpact-demo-*/*/core/chains/*/transactions.sqlite'));
    if (!queue) throw new Error('the chain is not in use yet');
    return queue.replace('transactions.sqlite', 'anvil.pid');
  };
  void vi.waitFor(queueIsOpen, { timeout: HANG_MS, interval: 5 }).then((pidFile) => {
    if (!existsSync(pidFile)) return;
    process.kill((JSON.parse(readFileSync(pidFile, 'utf8')) as { pid: number }).pid, 'SIGKILL');
    outside.chain += 1;
  });
}

const PLANT = 'the plant';
const CHAIN = 'the chain';
const UNDISTURBED = 'nothing';

beforeAll(() => {
  const queue: [string, DemoKill][] = [
    [UNDISTURBED, {}],
    ...RUNS.map(({ name, kills }): [string, DemoKill] => [name, { at: kills.map(textOf) }]),
    [PLANT, { onLine: killPlant }],
    [CHAIN, { onLine: killChain }],
  ];
  const lanes = Array.from({ length: AT_ONCE }, () => Promise.resolve() as Promise<unknown>);
  for (const [i, [name, kill]] of queue.entries()) {
    const run = (lanes[i % AT_ONCE] as Promise<unknown>).then(() => runDemo(kill, cache));
    lanes[i % AT_ONCE] = run.catch(() => undefined);
    runs.set(name, run);
  }
});
afterAll(async () => {
  endDemos();
  rmSync(cache, { recursive: true, force: true, maxRetries: 5 });
});

const runOf = async (name: string): Promise<DemoRun> => {
  const run = await runs.get(name);
  if (!run) throw new Error(`there is no run of ${name}`);
  return run;
};
async function expectSameAsUndisturbed(name: string): Promise<DemoRun> {
  const [undisturbed, run] = [await runOf(UNDISTURBED), await runOf(name)];
  expect({ code: run.code, ok: run.ok }, run.narration).toEqual({ code: 0, ok: true });
  expect(run.figures).toEqual(undisturbed.figures);
  return run;
}

test('every step in the list is killed in some run', () => {
  const killed = new Set(RUNS.flatMap(({ kills }) => kills.map((k) => k.step)));
  expect(STEPS.filter((step) => !killed.has(step))).toEqual([]);
});

describe('the demo month comes to the same figures on every console', () => {
  test(
    'when nothing is killed',
    async () => {
      const run = await expectSameAsUndisturbed(UNDISTURBED);
      expect(run.killed).toEqual([]);
      expect(run.figures?.readings).toBeGreaterThan(0);
      expect(run.figures?.flagged).toMatchObject({ chainBreaks: 0 });
    },
    HANG_MS,
  );
  for (const { name, kills } of RUNS) {
    test(
      `after kill -9 ${name}: ${kills.map(textOf).join(', ')}`,
      async () => {
        const run = await expectSameAsUndisturbed(name);
        expect([...run.killed].sort()).toEqual(kills.map(toldOf).sort());
      },
      HANG_MS,
    );
  }
  test(
    'after kill -9 of the plant while its meters are read',
    async () => {
      const run = await expectSameAsUndisturbed(PLANT);
      expect(outside.plant).toBe(1);
      expect(run.narration).toContain('The simulated plant died and starts again.');
    },
    HANG_MS,
  );
  test(
    'after kill -9 of the chain while it settles',
    async () => {
      await expectSameAsUndisturbed(CHAIN);
      expect(outside.chain).toBe(1);
    },
    HANG_MS,
  );
});
