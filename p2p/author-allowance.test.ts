import { expect, test } from 'vitest';
import { createAuthorAllowance } from './author-allowance.ts';

const limits = { ownRecords: 100, ownRecordsPerDay: 10 };
const DAY_MS = 86_400_000;

test('a device hands over its burst at once, and then no more than its days bring', () => {
  let nowMs = 0;
  const allowance = createAuthorAllowance(() => nowMs, limits);
  expect(allowance.take('a', 60)).toBe(true);
  expect(allowance.take('a', 41)).toBe(false);
  expect(allowance.take('a', 40)).toBe(true);
  nowMs += DAY_MS / 2;
  expect(allowance.take('a', 6)).toBe(false);
  expect(allowance.take('a', 5)).toBe(true);
  nowMs += 100 * DAY_MS;
  expect(allowance.take('a', 101)).toBe(false);
  expect(allowance.take('a', 100)).toBe(true);
});

test('one device that is over its allowance costs no other anything', () => {
  const allowance = createAuthorAllowance(() => 0, limits);
  expect(allowance.take('a', 1000)).toBe(false);
  expect(allowance.take('b', 100)).toBe(true);
  expect(allowance.take('a', 100)).toBe(true);
});
