import { keccak_256 } from '@noble/hashes/sha3.js';
import { AbiCoder } from 'ethers';
import { fromHex, toHex } from '../bytes.ts';
import { type Minor, minor } from '../money/money.ts';
import { statementsRoot } from '../proof/merkle.ts';
import type { Obligation } from './obligations.ts';

/** One member's obligations of one period. `net` > 0: the village owes the member. */
export interface Statement {
  readonly member: string;
  /** Lane of the member in the ledger. */
  readonly index: number;
  readonly pays: Minor;
  readonly receives: Minor;
  /** Late or corrected readings of months closed before: what is due now beyond what was settled then. */
  readonly adjustment: Minor;
  /** receives - pays + adjustment. */
  readonly net: Minor;
  readonly lines: readonly Obligation[];
}

/**
 * Statements of everyone an obligation names, by lane. New members get the next free lanes in order of their id.
 * The sum of all nets is zero by construction: each obligation enters once on both sides.
 */
export function statementsOf(
  obligations: readonly Obligation[],
  lanes: ReadonlyMap<string, number>,
  adjustments: ReadonlyMap<string, bigint> = new Map(),
): Statement[] {
  const adjusted = [...adjustments].filter(([, amount]) => amount !== 0n).map(([member]) => member);
  const members = [...new Set([...obligations.flatMap((o) => [o.from, o.to]), ...adjusted])].sort();
  const index = extendLanes(lanes, members);
  return members
    .map((member) => {
      const lines = obligations.filter((o) => o.from === member || o.to === member);
      const pays = lines.reduce((a, o) => (o.from === member ? a + o.amount : a), 0n);
      const receives = lines.reduce((a, o) => (o.to === member ? a + o.amount : a), 0n);
      return {
        member,
        index: index.get(member) as number,
        pays: minor(pays),
        receives: minor(receives),
        adjustment: minor(adjustments.get(member) ?? 0n),
        net: minor(receives - pays + (adjustments.get(member) ?? 0n)),
        lines,
      };
    })
    .sort((a, b) => a.index - b.index);
}

export function extendLanes(lanes: ReadonlyMap<string, number>, members: readonly string[]): Map<string, number> {
  const out = new Map(lanes);
  let next = 0;
  for (const index of lanes.values()) next = Math.max(next, index + 1);
  for (const m of members) {
    if (out.has(m)) continue;
    out.set(m, next);
    next += 1;
  }
  return out;
}

const LEAF = ['bytes32', 'uint32', 'bytes32', 'uint32', 'int256', 'bytes32'];
const ZERO = `0x${'0'.repeat(64)}`;

/**
 * Statement leaf: keccak256 of abi.encode(village, period, member, index, net, paidRoot), hashed twice so that a leaf
 * can never be read as an inner node. `paidRoot` is the root of cumulative instalments per agreement; zero when none.
 */
export function statementLeaf(village: string, period: number, s: Statement, paidRoot = ZERO): Uint8Array {
  const member = `0x${s.member.slice(1).padEnd(64, '0')}`;
  const bytes = AbiCoder.defaultAbiCoder().encode(LEAF, [`0x${village}`, period, member, s.index, s.net, paidRoot]);
  return keccak_256(keccak_256(fromHex(bytes)));
}

/** Merkle root of a period's statements, 0x hex. */
export const rootOfStatements = (village: string, period: number, statements: readonly Statement[]): string =>
  `0x${toHex(statementsRoot(statements.map((s) => statementLeaf(village, period, s))))}`;
