import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HostLease } from '../agreement/terms.ts';
import { hostLeaseObligations } from './obligations.ts';
import { leaseOf } from './settlement-fixture.ts';
import { statementsOf } from './statements.ts';

const member = (x: string) => `m${x.repeat(32)}`;
const meter = (x: string) => `e${x.repeat(32)}`;
const [owner, host, grid, ana, ben] = ['1', '2', '3', '4', '5'].map(member) as [string, string, string, string, string];
const terms = leaseOf({
  owner,
  host,
  grid,
  hostMeter: meter('1'),
  neighbours: [
    { member: ana, meter: meter('2') },
    { member: ben, meter: meter('3') },
  ],
});
const owed = (wh: Readonly<Record<string, bigint>>, changed: Partial<HostLease> = {}, month = '2012-01') =>
  hostLeaseObligations('g1', { ...terms, ...changed }, month, (m) => wh[m] ?? 0n);

describe('a host lease', () => {
  test('P12: the host pays 20,000 for 100 kWh at 200 and gets 3,000 back, so 17,000 stay with the owner', () => {
    const all = owed({ [meter('1')]: 100_000n });
    expect(all.map((o) => [o.kind, o.from, o.to, o.amount])).toEqual([
      ['host-charge', host, owner, 20_000n],
      ['host-rent', owner, host, 3000n],
    ]);
    expect(statementsOf(all, new Map()).map((s) => [s.member, s.net])).toEqual([
      [owner, 17_000n],
      [host, -17_000n],
    ]);
  });

  test('P13: a neighbour pays 9,000 for 50 kWh: 500 to the grid, 5,100 to the owner, 3,400 to the host', () => {
    const all = owed({ [meter('2')]: 50_000n });
    expect(all.map((o) => [o.kind, o.from, o.to, o.amount])).toEqual([
      ['wheeling', ana, grid, 500n],
      ['owner-share', ana, owner, 5100n],
      ['host-share', ana, host, 3400n],
    ]);
    expect(statementsOf(all, new Map()).find((s) => s.member === ana)?.net).toBe(-9000n);
  });

  test('P13: a unit that cannot be shared goes to the owner', () => {
    const all = owed({ [meter('2')]: 6n }, { ownerShareBp: 5000 });
    expect(all.map((o) => [o.kind, o.amount])).toEqual([['owner-share', 1n]]);
  });

  test('is owed for its months only', () => {
    const wh = { [meter('1')]: 1000n };
    expect(['2011-12', '2012-01', '2023-12', '2024-01'].map((m) => owed(wh, {}, m).length)).toEqual([0, 2, 2, 0]);
  });

  test('makes no line of nothing, and none from a member to themselves', () => {
    expect(owed({})).toEqual([]);
    const all = owed({ [meter('2')]: 50_000n }, { grid: owner, rentBp: 0 });
    expect(all.every((o) => o.from !== o.to && o.amount > 0n)).toBe(true);
  });

  test('sums to zero over everyone, and each neighbour pays exactly the price', () => {
    const wh = fc.bigInt({ min: 0n, max: 10_000_000n });
    const price = fc.bigInt({ min: 0n, max: 100_000n });
    const share = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(fc.tuple(wh, wh, wh), price, price, share, share, ([a, b, c], high, low, rentBp, ownerShareBp) => {
        const [neighbourPrice, wheelingPrice] = high > low ? [high, low] : [low, high];
        const used = { [meter('1')]: a, [meter('2')]: b, [meter('3')]: c };
        const all = owed(used, { neighbourPrice, wheelingPrice, hostPrice: low, rentBp, ownerShareBp });
        const statements = statementsOf(all, new Map());
        expect(statements.reduce((sum, s) => sum + s.net, 0n)).toBe(0n);
        const paid = all.filter((o) => o.from === ana).reduce((sum, o) => sum + o.amount, 0n);
        expect(paid).toBe((b * neighbourPrice + 500n) / 1000n);
        expect(all.every((o) => o.amount > 0n)).toBe(true);
      }),
    );
  });
});
