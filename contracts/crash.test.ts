import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { ZeroHash } from 'ethers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Step } from '#core/ports/steps.ts';
import { endStaleAnvil, findAnvil, startAnvil } from './anvil-process.ts';
import { createChainHost } from './start-chain-host.ts';
import {
  COORDINATORS,
  closeVillage,
  firstMonth,
  makeDir,
  movesOf,
  openVillage,
  removeDir,
  signMonth,
  termsOf,
} from './testing/village.ts';

const SETTLE = fileURLToPath(new URL('./testing/settle-first-month.ts', import.meta.url));
const CHAIN_STEPS: readonly Step[] = ['chain.tx-persisted', 'chain.tx-broadcast', 'chain.receipt-seen'];

let dir = '';
beforeEach(async () => {
  dir = await makeDir();
});
afterEach(() => removeDir(dir));

/** Settles the first month in a process of its own; resolves with the signal that ended it, null when it ended well. */
async function settleInProcess(killAt = ''): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, [SETTLE, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, GRIDPACT_KILL_AT: killAt },
  });
  child.stdout.resume();
  const [code, signal]: unknown[] = await once(child, 'exit');
  expect([0, null]).toContain(code);
  return signal === 'SIGKILL' ? 'SIGKILL' : null;
}

const readAnvilPid = async (): Promise<number> => {
  const record: unknown = JSON.parse(await readFile(join(dir, 'anvil.pid'), 'utf8'));
  if (typeof record === 'object' && record && 'pid' in record && typeof record.pid === 'number') return record.pid;
  throw new Error('anvil.pid holds no pid');
};

async function expectSettledOnce(): Promise<void> {
  const village = await openVillage(dir);
  const month = await firstMonth(village.pinned);
  const receipt = await village.chain.submit(month);
  expect(receipt).toMatchObject({ digest: month.digest, final: true });
  expect(await village.chain.status()).toMatchObject({ head: month.digest, block: 2 });
  expect(await village.chain.balances([0, 1, 2, 3, 4])).toEqual(movesOf(5));
  await closeVillage(village);
  const queue = new DatabaseSync(join(dir, 'transactions.sqlite'));
  expect(queue.prepare('SELECT nonce, status FROM transactions ORDER BY id').all()).toEqual([
    { nonce: 0, status: 'mined' },
    { nonce: 1, status: 'mined' },
  ]);
  queue.close();
}

describe('P50 the process is killed and started again', () => {
  for (const pass of [1, 2]) {
    for (const step of CHAIN_STEPS) {
      const act = pass === 1 ? 'deployment' : 'batch';
      test(`at ${step} of the ${act}: the month settles exactly once`, async () => {
        expect(await settleInProcess(`${step}:${pass}`)).toBe('SIGKILL');
        expect(await settleInProcess()).toBeNull();
        await expectSettledOnce();
      });
    }
  }
});

describe('the chain loses what it had', () => {
  async function settleThree() {
    const village = await openVillage(dir);
    let prev = ZeroHash;
    const months = [];
    for (const n of [0, 1, 2]) {
      const month = await signMonth(village.pinned, n, prev, movesOf(4, BigInt(n + 1)), COORDINATORS);
      months.push(await village.chain.submit(month));
      prev = month.digest;
    }
    return { village, months };
  }

  test('keeps its genesis, its state and its receipts over a restart', async () => {
    const { village, months } = await settleThree();
    const before = await village.chain.status();
    await closeVillage(village);
    const again = await openVillage(dir);
    expect(again.pinned).toEqual(village.pinned);
    expect(await again.chain.status()).toEqual(before);
    for (const receipt of months) expect(await again.chain.receiptOf(receipt.digest)).toEqual(receipt);
    await closeVillage(again);
  });

  for (const [how, harm] of [
    ['its state is gone', (path: string) => rm(path)],
    ['a power cut tore its state', (path: string) => truncate(path, 1000)],
  ] as const) {
    test(`${how}: every transaction is replayed from the queue, with the same hashes`, async () => {
      const { village, months } = await settleThree();
      const before = await village.chain.status();
      await closeVillage(village);
      await harm(join(dir, 'anvil-state.json'));
      const again = await openVillage(dir);
      expect(await again.chain.status()).toEqual(before);
      for (const receipt of months) expect(await again.chain.receiptOf(receipt.digest)).toEqual(receipt);
      await closeVillage(again);
    });
  }

  test('anvil is killed under us: the next call starts it again and finds the same head', async () => {
    const { village } = await settleThree();
    const before = await village.chain.status();
    process.kill(await readAnvilPid(), 'SIGKILL');
    await rm(join(dir, 'anvil-state.json'), { force: true });
    await expect.poll(() => village.chain.status().catch(() => undefined)).toEqual(before);
    await closeVillage(village);
  });
});

describe('an anvil that was left behind', () => {
  const gone = { pid: 2 ** 22 + 1, born: '1' };
  const statOf = async (pid: number): Promise<string[]> =>
    (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').at(-1)?.split(' ') ?? [];
  const bornOf = async (pid: number): Promise<string> => (await statOf(pid))[19] ?? '';

  test('is ended with its process, also when that is killed', async () => {
    expect(await settleInProcess('chain.tx-broadcast:1')).toBe('SIGKILL');
    const pid = await readAnvilPid();
    // A dead process whose parent died keeps its number until init asks for it: Z.
    const state = async () => (await statOf(pid).catch(() => ['gone']))[0];
    await expect.poll(state).toMatch(/gone|Z/);
  });

  test('is ended by the next start when nothing else ended it', async () => {
    const orphan = spawn(findAnvil(), ['--port', '0'], { stdio: 'ignore' });
    const pid = orphan.pid ?? 0;
    const record = { pid, born: await bornOf(pid), owner: gone.pid, ownerBorn: gone.born };
    await writeFile(join(dir, 'anvil.pid'), JSON.stringify(record));
    const exit = once(orphan, 'exit');
    const host = createChainHost({ dir });
    await host.prepare();
    await exit;
    await host.stop();
  });

  test('spares a process that got the same number later', async () => {
    const other = spawn('sleep', ['600'], { stdio: 'ignore' });
    const pid = other.pid ?? 0;
    const file = join(dir, 'anvil.pid');
    await writeFile(file, JSON.stringify({ pid, born: '1', owner: gone.pid, ownerBorn: gone.born }));
    await endStaleAnvil(file);
    expect(other.exitCode).toBeNull();
    expect(await bornOf(pid)).not.toBe('');
    other.kill('SIGKILL');
    await once(other, 'exit');
  });

  test('whatever its pid file holds, the chain starts', async () => {
    const file = join(dir, 'anvil.pid');
    for (const text of ['', '{"pid":', '{"pid":"1"}', randomBytes(40).toString('latin1')]) {
      await writeFile(file, text);
      await endStaleAnvil(file);
    }
    const anvil = await startAnvil(['--port', '0'], file);
    await anvil.stop();
  });

  test('is not touched while its own process lives: the second console is told CHAIN_BUSY', async () => {
    const first = spawn(process.execPath, [SETTLE, dir, 'hold'], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(first.stdout, 'data');
    await expect(createChainHost({ dir }).prepare()).rejects.toMatchObject({ code: 'CHAIN_BUSY', retryable: true });
    first.kill('SIGKILL');
    await once(first, 'exit');
    const village = await openVillage(dir, { terms: termsOf(COORDINATORS) });
    expect(await village.chain.status()).toMatchObject({ block: 1 });
    await closeVillage(village);
  });
});

test('a platform without anvil is told so by name', () => {
  expect(() => findAnvil('win32', 'arm64')).toThrow(/win32 arm64/);
});
