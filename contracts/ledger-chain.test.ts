import { ZeroHash } from 'ethers';
import { afterEach, describe, expect, test } from 'vitest';
import { AppError } from '#core/ports/errors.ts';
import { createFileKeyStore } from './submitter-key.ts';
import {
  COORDINATORS,
  closeVillage,
  DEBT_FLOOR,
  firstMonth,
  makeDir,
  movesOf,
  type OpenedVillage,
  openVillage,
  removeDir,
  STRANGER,
  signBatch,
  signMonth,
  signRotation,
  termsOf,
  VILLAGE,
} from './testing/village.ts';

const open: OpenedVillage[] = [];
/** With the same submitter the ledger has the same address, and so every byte of a batch is the same in each run. */
async function fixedKeyDir(): Promise<string> {
  const dir = await makeDir();
  await createFileKeyStore(dir).save(Buffer.alloc(32, 7));
  return dir;
}
async function found(terms = termsOf(COORDINATORS), dir?: string): Promise<OpenedVillage> {
  const village = await openVillage(dir ?? (await makeDir()), { terms });
  open.push(village);
  return village;
}
afterEach(async () => {
  for (const village of open.splice(0)) {
    await closeVillage(village);
    await removeDir(village.dir);
  }
});

async function refusedFor(work: Promise<unknown>): Promise<unknown> {
  const error: unknown = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof AppError)) return error;
  expect(error.code).toBe('BATCH_REFUSED');
  return error.data['reason'];
}

describe('settling', () => {
  test('founds a ledger with the founding operators and an empty head', async () => {
    const { chain, pinned } = await found();
    expect(await chain.status()).toEqual({
      ...pinned,
      block: 1,
      head: ZeroHash,
      period: 0,
      operators: COORDINATORS.map((c) => c.address),
      threshold: 3,
      epoch: 0,
    });
  });

  test('moves every lane by its delta and makes the digest of the domain the head', async () => {
    const { chain, pinned } = await found();
    const month = await firstMonth(pinned);
    const receipt = await chain.submit(month);
    expect(receipt).toMatchObject({ digest: month.digest, block: 2, final: true });
    expect(await chain.status()).toMatchObject({ head: month.digest, period: month.batch.period, block: 2 });
    expect(await chain.balances([0, 1, 2, 3, 4, 5])).toEqual(movesOf(5).set(5, 0n));
    expect(await chain.receiptOf(month.digest)).toEqual(receipt);
  });

  test('answers a repeated batch with its first receipt, also when it is no longer the head', async () => {
    const { chain, pinned } = await found();
    const first = await firstMonth(pinned);
    const receipt = await chain.submit(first);
    const second = await signMonth(pinned, 2, first.digest, new Map(), COORDINATORS);
    await chain.submit(second);
    expect(await chain.submit(first)).toEqual(receipt);
    expect(await chain.status()).toMatchObject({ head: second.digest, block: 3 });
  });

  test('settles once when the same batch is submitted twice at the same time', async () => {
    const { chain, pinned } = await found();
    const month = await firstMonth(pinned);
    const [a, b] = await Promise.all([chain.submit(month), chain.submit(month)]);
    expect(a).toEqual(b);
    expect(await chain.status()).toMatchObject({ block: 2 });
  });

  test('knows no receipt of a batch that was never settled', async () => {
    const { chain } = await found();
    expect(await chain.receiptOf(`0x${'12'.repeat(32)}`)).toBeUndefined();
  });

  test('stops waiting when the signal is aborted', async () => {
    const { chain, pinned } = await found();
    const reason = new Error('the person pressed cancel');
    await expect(chain.submit(await firstMonth(pinned), AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('refusing', () => {
  test('names NotOperator when a stranger signed, and sends nothing', async () => {
    const { chain, pinned } = await found(termsOf(COORDINATORS.slice(0, 1)));
    const month = await signMonth(pinned, 0, ZeroHash, movesOf(3), [STRANGER]);
    expect(await refusedFor(chain.submit(month))).toBe('NotOperator');
    expect(await chain.status()).toMatchObject({ head: ZeroHash, block: 1 });
  });

  test('names what is wrong with the batch', async () => {
    const { chain, pinned } = await found();
    const { batch, payload } = await firstMonth(pinned);
    const sign = (change: Partial<typeof batch>, lanes = payload) =>
      signBatch(pinned, { ...batch, ...change }, lanes, COORDINATORS);
    expect(await refusedFor(chain.submit(await sign({ village: ZeroHash })))).toBe('OtherVillage');
    expect(await refusedFor(chain.submit(await sign({ prev: `0x${'01'.repeat(32)}` })))).toBe('NotNext');
    expect(await refusedFor(chain.submit(await sign({ periodEnd: 2 ** 40 - 1 })))).toBe('PeriodNotOver');
    expect(await refusedFor(chain.submit(await sign({ period: 0 })))).toBe('PeriodNotLater');
    expect(await refusedFor(chain.submit(await sign({}, '0x06000000')))).toBe('BadPayload');
    expect(await refusedFor(chain.submit(await sign({}, '0x01000000020000000000')))).toBe('NotBalanced');
    const signed = await sign({});
    expect(await refusedFor(chain.submit({ ...signed, payload: 'lanes' }))).toBe('BadEncoding');
    expect(await refusedFor(chain.submit({ ...signed, signatures: signed.signatures.toReversed() }))).toBe(
      'SignersNotAscending',
    );
    expect(await refusedFor(chain.submit({ ...signed, signatures: signed.signatures.slice(1) }))).toBe(
      'WrongSignatureCount',
    );
  });

  test('sends nothing that needs more gas than a transaction may have (EIP-7825)', async () => {
    const { chain, pinned } = await found();
    for (const members of [4800, 12_000]) {
      const month = await signMonth(pinned, 0, ZeroHash, movesOf(members, 1n), COORDINATORS);
      expect(await refusedFor(chain.submit(month))).toBe('TooMuchGas');
    }
    expect(await chain.status()).toMatchObject({ block: 1 });
  });

  test('keeps every lane at or above the debt floor', async () => {
    const { chain, pinned } = await found();
    const owed = (amount: bigint) => new Map([[0, -amount]]).set(7, amount);
    const tooMuch = await signMonth(pinned, 0, ZeroHash, owed(1n - DEBT_FLOOR), COORDINATORS);
    expect(await refusedFor(chain.submit(tooMuch))).toBe('BelowDebtFloor');
    await chain.submit(await signMonth(pinned, 0, ZeroHash, owed(-DEBT_FLOOR), COORDINATORS));
    expect(await chain.balances([0, 7])).toEqual(owed(-DEBT_FLOOR));
  });
});

describe('rotating operators', () => {
  test('hands over from one coordinator to two of three, who then settle', async () => {
    const [first] = COORDINATORS;
    const { chain, pinned } = await found(termsOf(COORDINATORS.slice(0, 1)));
    const change = { village: VILLAGE, epoch: 0, operators: COORDINATORS.map((c) => c.address), threshold: 2 };
    const signatures = await signRotation(pinned, change, first ? [first] : []);
    await chain.rotateOperators(change, signatures);
    await chain.rotateOperators(change, signatures);
    expect(await chain.status()).toMatchObject({ operators: change.operators, threshold: 2, epoch: 1, block: 2 });

    const alone = await signMonth(pinned, 0, ZeroHash, movesOf(3), COORDINATORS.slice(0, 1));
    expect(await refusedFor(chain.submit(alone))).toBe('WrongSignatureCount');
    const together = await signMonth(pinned, 0, ZeroHash, movesOf(3), COORDINATORS.slice(1));
    expect(await chain.submit(together)).toMatchObject({ digest: together.digest, final: true });
  });

  test('refuses a change that the present operators did not sign', async () => {
    const { chain, pinned } = await found(termsOf(COORDINATORS.slice(0, 1)));
    const change = { village: VILLAGE, epoch: 0, operators: [STRANGER.address], threshold: 1 };
    const signatures = await signRotation(pinned, change, [STRANGER]);
    expect(await refusedFor(chain.rotateOperators(change, signatures))).toBe('NotOperator');
  });
});

test('gas of a month in a village that has settled before, by number of members', async () => {
  const gas: Record<number, number> = {};
  for (const members of [10, 50, 200]) {
    const { chain, pinned } = await found(termsOf(COORDINATORS, 2), await fixedKeyDir());
    const signers = COORDINATORS.slice(0, 2);
    const first = await signMonth(pinned, 0, ZeroHash, movesOf(members, 50n), signers);
    await chain.submit(first);
    const second = await signMonth(pinned, 1, first.digest, movesOf(members, 49n), signers);
    gas[members] = (await chain.submit(second)).gasUsed;
  }
  expect(gas).toMatchInlineSnapshot(`
    {
      "10": 68174,
      "200": 254230,
      "50": 108873,
    }
  `);
});
