import { expect, test } from 'vitest';
import { MONEY_TRUST, trustOf } from './trust.ts';

const good = { signatureOk: true, deviceCounts: true, origin: 'gateway', vouched: false } as const;

test('a frame that a granted gateway read and signed is T1, the least that becomes money', () => {
  expect([trustOf(good), MONEY_TRUST]).toEqual([1, 1]);
});

test('a frame with a bad signature or of a device that does not count is T0, whoever vouches', () => {
  for (const wrong of [{ signatureOk: false }, { deviceCounts: false }])
    expect([trustOf({ ...good, ...wrong }), trustOf({ ...good, ...wrong, vouched: true })]).toEqual([0, 0]);
});

test.each(['hand', 'file'] as const)('a frame by %s is T0 until someone vouches, then T1', (origin) => {
  expect([trustOf({ ...good, origin }), trustOf({ ...good, origin, vouched: true })]).toEqual([0, 1]);
});
