import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, type Sha256, sha256 } from '../bytes.ts';

type Hash = (bytes: Uint8Array) => Uint8Array;

function fold(leaves: readonly Uint8Array[], join: (a: Uint8Array, b: Uint8Array) => Uint8Array): Uint8Array {
  let level = [...leaves];
  if (level.length === 0) return new Uint8Array(32);
  while (level.length > 1) {
    const next: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const a = level[i] as Uint8Array;
      const b = level[i + 1];
      next.push(b ? join(a, b) : a);
    }
    level = next;
  }
  return level[0] as Uint8Array;
}

/** Root of a segment's frames: sha-256, inner nodes prefixed 0x01, an odd node moves up. Leaves are already hashed. */
export const frameRoot = (leaves: readonly Uint8Array[], hash: Sha256 = sha256): Uint8Array =>
  fold(leaves, (a, b) => hash(Uint8Array.of(1), a, b));

const less = (a: Uint8Array, b: Uint8Array): boolean => {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return (a[i] as number) < (b[i] as number);
  return true;
};
const keccak: Hash = (b) => keccak_256(b);
const pair = (a: Uint8Array, b: Uint8Array): Uint8Array => keccak(less(a, b) ? concat(a, b) : concat(b, a));

/** Root of a period's statements: keccak-256 over sorted pairs, as on-chain verifiers expect; an odd node moves up. */
export const statementsRoot = (leaves: readonly Uint8Array[]): Uint8Array => fold(leaves, pair);

/** Sibling path of leaf `index` under {@link statementsRoot}. */
export function statementProof(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  const path: Uint8Array[] = [];
  let level = [...leaves];
  let at = index;
  while (level.length > 1) {
    const sibling = level[at ^ 1];
    if (sibling) path.push(sibling);
    const next: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const a = level[i] as Uint8Array;
      const b = level[i + 1];
      next.push(b ? pair(a, b) : a);
    }
    level = next;
    at >>= 1;
  }
  return path;
}

export function verifyStatementProof(root: Uint8Array, leaf: Uint8Array, path: readonly Uint8Array[]): boolean {
  const got = path.reduce((a, b) => pair(a, b), leaf);
  return got.length === root.length && got.every((x, i) => x === root[i]);
}
