import { keccak_256 } from '@noble/hashes/sha3.js';
import { AbiCoder } from 'ethers';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../bytes.ts';
import { minor } from '../money/money.ts';
import { statementProof, verifyStatementProof } from '../proof/merkle.ts';
import { shuffle } from '../village/village-fixture.ts';
import type { Obligation } from './obligations.ts';
import { extendLanes, rootOfStatements, statementLeaf, statementsOf } from './statements.ts';

const member = (n: number) => `m${String(n).padStart(32, '0')}`;
const owes = (from: number, to: number, amount: bigint): Obligation => ({
  from: member(from),
  to: member(to),
  amount: minor(amount),
  kind: 'host-charge',
  agreement: 'g1',
  meter: 'e1',
  wh: 1n,
  price: 1n,
});
const obligations = fc
  .array(fc.tuple(fc.nat(8), fc.nat(8), fc.bigInt({ min: 1n, max: 1_000_000n })), { maxLength: 40 })
  .map((all) => all.filter(([a, b]) => a !== b).map(([a, b, amount]) => owes(a, b, amount)));

describe('the statements of a period', () => {
  test('sum to zero, and each is what it receives less what it pays', () => {
    fc.assert(
      fc.property(obligations, (all) => {
        const statements = statementsOf(all, new Map());
        expect(statements.reduce((sum, s) => sum + s.net, 0n)).toBe(0n);
        for (const s of statements) {
          expect(s.net).toBe(s.receives - s.pays + s.adjustment);
          expect(s.lines.every((l) => l.from === s.member || l.to === s.member)).toBe(true);
        }
      }),
    );
  });

  test('name everyone whom an obligation or an adjustment names, by lane', () => {
    const adjustments = new Map([
      [member(5), 7n],
      [member(6), -7n],
      [member(7), 0n],
    ]);
    const statements = statementsOf([owes(1, 2, 10n)], new Map([[member(6), 0]]), adjustments);
    expect(statements.map((s) => [s.member, s.index, s.net])).toEqual([
      [member(6), 0, -7n],
      [member(1), 1, -10n],
      [member(2), 2, 10n],
      [member(5), 3, 7n],
    ]);
  });

  test('have one root whatever the order of the obligations', () => {
    fc.assert(
      fc.property(obligations, fc.integer(), (all, seed) => {
        const rootOf = (some: readonly Obligation[]) =>
          rootOfStatements('0a'.repeat(32), 1, statementsOf(some, new Map()));
        expect(rootOf(shuffle(all, seed))).toBe(rootOf(all));
      }),
    );
  });
});

describe('the lanes of the members', () => {
  test('never change and are never shared when members come', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(50)), fc.uniqueArray(fc.nat(50)), (first, then) => {
        const lanes = extendLanes(new Map(), first.map(member));
        const more = extendLanes(lanes, then.map(member));
        for (const [m, index] of lanes) expect(more.get(m)).toBe(index);
        expect(new Set(more.values()).size).toBe(more.size);
        expect(Math.max(-1, ...more.values())).toBe(more.size - 1);
      }),
    );
  });

  test('go on after the highest, even where one is missing', () => {
    expect(extendLanes(new Map([['a', 4]]), ['b'])).toEqual(
      new Map([
        ['a', 4],
        ['b', 5],
      ]),
    );
  });
});

describe('the leaf of a statement', () => {
  const [statement] = statementsOf([owes(1, 2, 10n)], new Map());
  const village = '0a'.repeat(32);
  if (!statement) throw new Error('no statement');

  test('is the double keccak-256 of the ABI encoding that a ledger can repeat (formats 8)', () => {
    const types = ['bytes32', 'uint32', 'bytes32', 'uint32', 'int256', 'bytes32'];
    const id = `0x${statement.member.slice(1)}${'0'.repeat(32)}`;
    const values = [`0x${village}`, 24_144, id, 0, -10n, `0x${'0'.repeat(64)}`];
    const bytes = fromHex(AbiCoder.defaultAbiCoder().encode(types, values));
    expect(statementLeaf(village, 24_144, statement)).toEqual(keccak_256(keccak_256(bytes)));
  });

  test('changes with the village, the period, the member, the lane, the net and what was paid', () => {
    const leaves = [
      statementLeaf(village, 1, statement),
      statementLeaf('0b'.repeat(32), 1, statement),
      statementLeaf(village, 2, statement),
      statementLeaf(village, 1, { ...statement, member: member(9) }),
      statementLeaf(village, 1, { ...statement, index: 9 }),
      statementLeaf(village, 1, { ...statement, net: minor(10n) }),
      statementLeaf(village, 1, statement, `0x${'1'.repeat(64)}`),
    ];
    expect(new Set(leaves.map(toHex)).size).toBe(leaves.length);
  });

  test('is proved against the root of its period', () => {
    const all = statementsOf([owes(1, 2, 10n), owes(3, 2, 5n), owes(4, 1, 1n)], new Map());
    const leaves = all.map((s) => statementLeaf(village, 1, s));
    const root = fromHex(rootOfStatements(village, 1, all));
    leaves.forEach((leaf, i) => {
      expect(verifyStatementProof(root, leaf, statementProof(leaves, i))).toBe(true);
    });
  });
});
