import { keccak_256 } from '@noble/hashes/sha3.js';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, sha256, utf8 } from '../bytes.ts';
import { frameRoot, statementProof, statementsRoot, verifyStatementProof } from './merkle.ts';

const leaves = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { minLength: 1, maxLength: 40 });
const leaf = (name: string) => keccak_256(utf8(name));

describe('the root of the statements', () => {
  test('proves each of its leaves', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), (all, n) => {
        const at = n % all.length;
        const root = statementsRoot(all);
        expect(verifyStatementProof(root, all[at] as Uint8Array, statementProof(all, at))).toBe(true);
      }),
    );
  });

  test('proves no other leaf and no changed path', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (all, n, other) => {
        fc.pre(!all.some((l) => l.every((b, i) => b === other[i])));
        const at = n % all.length;
        const [root, path] = [statementsRoot(all), statementProof(all, at)];
        expect(verifyStatementProof(root, other, path)).toBe(false);
        if (path.length > 0) expect(verifyStatementProof(root, all[at] as Uint8Array, path.slice(1))).toBe(false);
        expect(verifyStatementProof(root, all[at] as Uint8Array, [...path, other])).toBe(false);
      }),
    );
  });

  test('hashes sorted pairs with keccak-256, and an odd leaf moves up', () => {
    const [a, b, c] = [leaf('a'), leaf('b'), leaf('c')].sort((x, y) => ((x[0] ?? 0) < (y[0] ?? 0) ? -1 : 1)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const ab = keccak_256(concat(a, b));
    expect(statementsRoot([a, b])).toEqual(ab);
    expect(statementsRoot([b, a])).toEqual(ab);
    expect(statementProof([a, b, c], 2)).toEqual([ab]);
    expect(verifyStatementProof(statementsRoot([a, b, c]), c, [ab])).toBe(true);
  });

  test('of nothing is zero and of one leaf is the leaf', () => {
    expect(statementsRoot([])).toEqual(new Uint8Array(32));
    expect(statementsRoot([leaf('a')])).toEqual(leaf('a'));
  });
});

describe('the root of the frames of a segment', () => {
  test('keeps the order of its leaves and tells a node from a leaf', () => {
    const [a, b, c] = [sha256(utf8('a')), sha256(utf8('b')), sha256(utf8('c'))];
    const node = (x: Uint8Array, y: Uint8Array) => sha256(Uint8Array.of(1), x, y);
    expect(frameRoot([a, b, c])).toEqual(node(node(a, b), c));
    expect(frameRoot([b, a, c])).not.toEqual(frameRoot([a, b, c]));
    expect(frameRoot([])).toEqual(new Uint8Array(32));
  });

  test('changes when any leaf changes', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), (all, n) => {
        const changed = all.map((l, i) => (i === n % all.length ? sha256(l) : l));
        expect(frameRoot(changed)).not.toEqual(frameRoot(all));
      }),
    );
  });
});
