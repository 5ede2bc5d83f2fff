import { expect, test } from 'vitest';
import artifact from './artifacts/settlement-ledger.json' with { type: 'json' };
import { compileSettlementLedger } from './compile.ts';

test('the committed artifact is what the sources compile to', () => {
  expect(compileSettlementLedger()).toEqual(artifact);
});

test('the ledger stays under the size limit of a contract (EIP-170) and of its creation (EIP-3860)', () => {
  expect((artifact.bytecode.length - 2) / 2).toBeLessThan(24_576);
});
