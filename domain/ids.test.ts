import { expect, test } from 'vitest';
import { daySchema, memberIdOf, memberSchema, monthSchema, newId } from './ids.ts';

test('a member id comes from the key address, whatever the case of its hex', () => {
  const address = `0x${'aB'.repeat(20)}`;
  expect(memberIdOf(address)).toBe(memberIdOf(address.toLowerCase()));
  expect(memberSchema.safeParse(memberIdOf(address)).success).toBe(true);
});

test('an id differs by letter, village and random bytes', () => {
  const random = new Uint8Array(16);
  const ids = [
    newId('e', '00'.repeat(32), random),
    newId('a', '00'.repeat(32), random),
    newId('e', '01'.repeat(32), random),
    newId(
      'e',
      '00'.repeat(32),
      random.map(() => 1),
    ),
  ];
  expect(new Set(ids.map((i) => i.slice(1))).size).toBe(4);
});

test.each(['2012-00', '2012-13', '1969-12', '3000-01', '0000-01', '9999-12', '2012-1'])(
  'a month that no ledger can hold is refused: %s',
  (month) => {
    expect(monthSchema.safeParse(month).success).toBe(false);
  },
);

test.each(['2012-02-30', '2012-13-01', '1969-12-31', '2012-1-1', '9999-99-99'])(
  'a day that does not exist is refused: %s',
  (day) => {
    expect(daySchema.safeParse(day).success).toBe(false);
  },
);

test('months and days of our time are read', () => {
  expect([monthSchema.parse('2012-01'), daySchema.parse('2012-02-29')]).toEqual(['2012-01', '2012-02-29']);
});
