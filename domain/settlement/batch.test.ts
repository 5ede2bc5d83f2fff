import { expect, test } from 'vitest';
import { type BatchHead, batchDigest, operatorsDigest } from './batch.ts';

const domain = { chainId: 31_337, ledger: `0x${'22'.repeat(20)}` };
const hash = (byte: string) => `0x${byte.repeat(32)}`;
const head: BatchHead = {
  village: hash('0a'),
  prev: hash('00'),
  statementsRoot: hash('0b'),
  evidence: hash('0c'),
  period: 24_144,
  periodEnd: 1_328_043_600,
};

test('the digest of a batch changes with every field, the payload, the chain and the ledger (formats 8)', () => {
  const digests = [
    batchDigest(domain, head, hash('01')),
    batchDigest(domain, { ...head, village: hash('ff') }, hash('01')),
    batchDigest(domain, { ...head, prev: hash('ff') }, hash('01')),
    batchDigest(domain, { ...head, statementsRoot: hash('ff') }, hash('01')),
    batchDigest(domain, { ...head, evidence: hash('ff') }, hash('01')),
    batchDigest(domain, { ...head, period: 1 }, hash('01')),
    batchDigest(domain, { ...head, periodEnd: 1 }, hash('01')),
    batchDigest(domain, head, hash('02')),
    batchDigest({ ...domain, chainId: 1 }, head, hash('01')),
    batchDigest({ ...domain, ledger: `0x${'33'.repeat(20)}` }, head, hash('01')),
  ];
  expect(new Set(digests).size).toBe(digests.length);
});

test('the digest of a change of operators changes with every field, the chain and the ledger (formats 8)', () => {
  const operators = ['44', '55'].map((x) => `0x${x.repeat(20)}`);
  const value = { village: hash('0a'), epoch: 0, operators, threshold: 2 };
  const digests = [
    operatorsDigest(domain, value),
    operatorsDigest(domain, { ...value, village: hash('ff') }),
    operatorsDigest(domain, { ...value, epoch: 1 }),
    operatorsDigest(domain, { ...value, operators: [...operators].reverse() }),
    operatorsDigest(domain, { ...value, threshold: 1 }),
    operatorsDigest({ ...domain, chainId: 1 }, value),
    operatorsDigest({ ...domain, ledger: `0x${'33'.repeat(20)}` }, value),
  ];
  expect(new Set(digests).size).toBe(digests.length);
});
