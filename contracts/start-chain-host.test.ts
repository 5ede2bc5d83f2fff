import { join } from 'node:path';
import { parseEther, ZeroHash } from 'ethers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AnvilProcess, startAnvil } from './anvil-process.ts';
import { createJsonRpc, toQuantity } from './json-rpc.ts';
import { createChainHost } from './start-chain-host.ts';
import { createFileKeyStore, loadSubmitter } from './submitter-key.ts';
import { COORDINATORS, closeVillage, firstMonth, makeDir, openVillage, removeDir, termsOf } from './testing/village.ts';

let dir = '';
beforeEach(async () => {
  dir = await makeDir();
});
afterEach(() => removeDir(dir));

const zero = (hex: string): string => `0x${'0'.repeat(hex.length - 2)}`;

describe('the pinned chain', () => {
  test('is told from any other by chain id, genesis, ledger and village', async () => {
    const { host, chain, pinned } = await openVillage(dir);
    const terms = termsOf(COORDINATORS);
    const open = (change: Partial<typeof pinned>, village = terms.village) =>
      host.open({ ...terms, village, pinned: { ...pinned, ...change } });
    const mismatch = { code: 'CHAIN_MISMATCH', retryable: false };
    await expect(open({ chainId: 1 })).rejects.toMatchObject(mismatch);
    await expect(open({ genesis: zero(pinned.genesis) })).rejects.toMatchObject(mismatch);
    await expect(open({ ledger: zero(pinned.ledger) })).rejects.toMatchObject(mismatch);
    await expect(open({}, ZeroHash)).rejects.toMatchObject(mismatch);
    await (await open({})).stop();
    await closeVillage({ host, chain });
  });

  test('differs from village to village', async () => {
    const other = await makeDir();
    const [here, there] = [createChainHost({ dir }), createChainHost({ dir: other })];
    const [a, b] = [await here.prepare(), await there.prepare()];
    expect(a.genesis).not.toBe(b.genesis);
    expect(a.ledger).not.toBe(b.ledger);
    await here.stop();
    await there.stop();
    await removeDir(other);
  });

  test('refuses terms that the ledger does not take, by the name of its error', async () => {
    const host = createChainHost({ dir });
    const pinned = await host.prepare();
    const terms = { pinned, ...termsOf(COORDINATORS) };
    await expect(host.open({ ...terms, threshold: 4 })).rejects.toMatchObject({ data: { reason: 'BadOperators' } });
    await expect(host.open({ ...terms, debtFloor: 1n })).rejects.toMatchObject({ data: { reason: 'BadDebtFloor' } });
    await (await host.open({ ...terms, operators: terms.operators.toReversed() })).stop();
    await host.stop();
  });
});

describe('a chain reached by its address', () => {
  let anvil: AnvilProcess;
  beforeEach(async () => {
    anvil = await startAnvil(['--port', '0', '--accounts', '0', '--hardfork', 'prague'], join(dir, 'remote.pid'));
  });
  afterEach(() => anvil.stop());

  async function fund(at: string): Promise<void> {
    const wallet = await loadSubmitter(createFileKeyStore(at));
    const rpc = createJsonRpc(() => Promise.resolve(anvil.url));
    await rpc.call('anvil_setBalance', [wallet.address, toQuantity(parseEther('10'))]);
  }

  test('needs a submitter who can pay, and goes on once it can', async () => {
    await expect(openVillage(dir, { rpcUrl: anvil.url })).rejects.toMatchObject({ code: 'CHAIN_NO_FUNDS' });
    await fund(dir);
    const village = await openVillage(dir, { rpcUrl: anvil.url });
    expect(await village.chain.status()).toMatchObject({ head: ZeroHash, threshold: 3 });
    await closeVillage(village);
  });

  test('gives any device the same receipt, final only when the chain says so', async () => {
    const other = await makeDir();
    await fund(dir);
    await fund(other);
    const first = await openVillage(dir, { rpcUrl: anvil.url });
    const host = createChainHost({ dir: other, rpcUrl: anvil.url });
    const second = await host.open({ pinned: first.pinned, ...termsOf(COORDINATORS) });

    const month = await firstMonth(first.pinned);
    const receipt = await first.chain.submit(month);
    expect(receipt).toMatchObject({ digest: month.digest, final: false });
    expect(await second.submit(month)).toEqual(receipt);
    expect(await second.status()).toMatchObject({ head: month.digest, block: receipt.block });

    await createJsonRpc(() => Promise.resolve(anvil.url)).call('anvil_mine', [toQuantity(100)]);
    expect(await second.receiptOf(month.digest)).toEqual({ ...receipt, final: true });
    await closeVillage(first);
    await closeVillage({ chain: second, host });
    await removeDir(other);
  });

  test('that is gone is CHAIN_UNREACHABLE and can be tried again', async () => {
    await fund(dir);
    const village = await openVillage(dir, { rpcUrl: anvil.url });
    await anvil.stop();
    const unreachable = { code: 'CHAIN_UNREACHABLE', retryable: true };
    await expect(village.chain.status()).rejects.toMatchObject(unreachable);
    await expect(village.chain.submit(await firstMonth(village.pinned))).rejects.toMatchObject(unreachable);
    await expect(createChainHost({ dir, rpcUrl: anvil.url }).prepare()).rejects.toMatchObject(unreachable);
    await expect(createChainHost({ dir, rpcUrl: 'not a url' }).prepare()).rejects.toMatchObject(unreachable);
    await closeVillage(village);
  });
});
