import { join } from 'node:path';
import { parseEther, Transaction, type Wallet } from 'ethers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AnvilProcess, startAnvil } from './anvil-process.ts';
import { createJsonRpc, type JsonRpc, quantity, toQuantity } from './json-rpc.ts';
import { type Act, createSubmitter, type Submitter } from './submitter.ts';
import { createFileKeyStore, loadSubmitter } from './submitter-key.ts';
import { makeDir, removeDir, STRANGER } from './testing/village.ts';
import { openTransactionQueue, type TransactionQueue } from './transaction-queue.ts';

const CHAIN_ID = 31_337;
let dir = '';
let anvil: AnvilProcess;
let rpc: JsonRpc;
let wallet: Wallet;
let queue: TransactionQueue;

/** A chain that mines only when told to, so that a transaction can wait in its pool. */
beforeEach(async () => {
  dir = await makeDir();
  anvil = await startAnvil(['--port', '0', '--accounts', '0', '--no-mining'], join(dir, 'anvil.pid'));
  rpc = createJsonRpc(() => Promise.resolve(anvil.url));
  wallet = await loadSubmitter(createFileKeyStore(dir));
  await rpc.call('anvil_setBalance', [wallet.address, toQuantity(parseEther('10'))]);
  queue = openTransactionQueue(join(dir, 'queue.sqlite'), 'this chain');
});
afterEach(async () => {
  queue.close();
  await anvil.stop();
  await removeDir(dir);
});

const startSubmitter = (pollMs = 2): Submitter =>
  createSubmitter({ rpc, wallet, queue, chainId: CHAIN_ID, automine: false, pollMs });
const minedCount = async (): Promise<number> =>
  Number(await rpc.ask(quantity, 'eth_getTransactionCount', [wallet.address, 'latest']));
/** Done when the submitter's n-th transaction is mined. */
const act = (n: number): Act => ({
  digest: `act ${n}`,
  to: STRANGER.address,
  data: '0x',
  isDone: async () => (await minedCount()) >= n,
});
const mine = () => rpc.call('evm_mine', []);
async function mineAndCount(): Promise<number> {
  await mine();
  return minedCount();
}

test('raises tip and cap by an eighth or more while a transaction waits, and one version is mined', async () => {
  const done = startSubmitter().perform(act(1));
  await expect.poll(() => queue.at(0).length).toBeGreaterThan(3);
  await mine();
  await done;
  const fees = queue.at(0).map(({ raw }) => Transaction.from(raw));
  for (const [i, newer] of fees.slice(0, -1).entries()) {
    const older = fees[i + 1];
    expect((newer.maxFeePerGas ?? 0n) * 8n).toBeGreaterThanOrEqual((older?.maxFeePerGas ?? 0n) * 9n);
    expect((newer.maxPriorityFeePerGas ?? 0n) * 8n).toBeGreaterThanOrEqual((older?.maxPriorityFeePerGas ?? 0n) * 9n);
  }
  expect(queue.at(0).filter((t) => t.status === 'mined')).toHaveLength(1);
  expect(await minedCount()).toBe(1);
});

test('takes up what an earlier process left in the pool instead of signing it again', async () => {
  const cancel = new AbortController();
  const patient = 60_000;
  const first = startSubmitter(patient).perform(act(1), cancel.signal);
  await expect.poll(() => queue.at(0)[0]?.status).toBe('sent');
  cancel.abort(new Error('the process ended'));
  await expect(first).rejects.toThrow('the process ended');
  const second = startSubmitter(20).perform(act(1));
  await mine();
  await second;
  expect(queue.nextNonce()).toBe(1);
});

test('sends what was written down before a crash and never sent', async () => {
  const cancel = new AbortController();
  const first = startSubmitter().perform(act(1), cancel.signal);
  await expect.poll(() => queue.at(0)[0]?.status).toBe('sent');
  cancel.abort();
  await expect(first).rejects.toThrow();
  await rpc.call('anvil_dropAllTransactions', []);
  const second = startSubmitter().perform(act(1));
  await expect.poll(mineAndCount).toBe(1);
  await second;
  expect(queue.nextNonce()).toBe(1);
});

test('goes on with the next nonce when its own was used by the same key elsewhere', async () => {
  const elsewhere = openTransactionQueue(join(dir, 'elsewhere.sqlite'), 'this chain');
  const other = createSubmitter({ rpc, wallet, queue: elsewhere, chainId: CHAIN_ID, automine: false, pollMs: 2 });
  const theirs = other.perform({ ...act(1), data: '0x01' });
  await expect.poll(() => elsewhere.at(0)[0]?.status).toBe('sent');
  await mine();
  await theirs;
  elsewhere.close();
  const ours = startSubmitter().perform(act(2));
  await expect.poll(mineAndCount).toBe(2);
  await ours;
  expect(queue.nextNonce()).toBe(2);
});

test('says CHAIN_NO_FUNDS with the address when it cannot pay, and signs nothing', async () => {
  await rpc.call('anvil_setBalance', [wallet.address, '0x0']);
  await expect(startSubmitter().perform(act(1))).rejects.toMatchObject({
    code: 'CHAIN_NO_FUNDS',
    retryable: true,
    data: { address: wallet.address },
  });
  expect(queue.nextNonce()).toBe(0);
});

test('keeps the transactions of two chains in one file apart', () => {
  const other = openTransactionQueue(join(dir, 'queue.sqlite'), 'another chain');
  queue.add({ nonce: 4, raw: '0x', hash: '0x1', digest: 'here' });
  other.add({ nonce: 0, raw: '0x', hash: '0x1', digest: 'there' });
  expect([queue.nextNonce(), other.nextNonce()]).toEqual([5, 1]);
  expect(other.unmined()).toEqual([0]);
  other.mark('0x1', 'mined');
  expect([queue.unmined(), other.unmined()]).toEqual([[4], []]);
  other.close();
});
