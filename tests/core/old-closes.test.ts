import { afterEach, expect, test, vi } from 'vitest';
import { accountsAt, verifyClose } from '#core/accounts/closing.ts';
import type { Close } from '#domain/village/state.ts';
import { endAll, found, openConsole, type TestConsole, villageOf, WAIT } from './consoles.ts';
import { makeLease, settleMonth, THREE_MONTHS } from './months.ts';

afterEach(endAll);

const kept = (on: TestConsole) =>
  vi.waitFor(() => expect(villageOf(on).index.outside.size).toBe(villageOf(on).state().outside.size), WAIT);
const closesOn = (on: TestConsole): Close[] =>
  [...villageOf(on).state().closes.values()].sort((a, b) => (a.month < b.month ? -1 : 1));
const recordsIn = ({ cut }: Close, before: Close | undefined): number => {
  let n = 0;
  for (const [book, devices] of Object.entries(cut.records))
    for (const [device, { seq }] of Object.entries(devices))
      n += seq - (before?.cut.records[book]?.[device]?.seq ?? -1);
  return n;
};

test('old closes that a console never came to itself are counted close by close, each from where the one before ended', async () => {
  const on = await openConsole();
  await found(on);
  await makeLease(on);
  for (const month of THREE_MONTHS) await settleMonth(on, month);
  await kept(on);
  const before = await Promise.all(closesOn(on).map((close) => verifyClose(villageOf(on), close)));
  expect(before.map(({ verdict }) => verdict)).toEqual(['same', 'same', 'same']);
  // What it found before is forgotten with all that is made from the books.
  await villageOf(on).rebuild();
  await kept(on);
  await on.restart();
  const village = villageOf(on);
  const [first, second, third] = closesOn(on);
  if (!first || !second || !third) throw new Error('three months were closed');
  expect(village.readings.keptClose(first.digest)).toBeUndefined();
  const read = vi.spyOn(village.index, 'find');
  const count = async ({ month, prev, cut }: Close) => {
    const at = await accountsAt(village, month, prev, cut.records);
    const records = read.mock.calls.length;
    read.mockClear();
    return { records, root: at.ok ? at.root : at };
  };
  const [inFirst, inSecond] = [recordsIn(first, undefined), recordsIn(second, first)];
  expect(inSecond).toBeGreaterThan(0);
  expect(await count(first)).toEqual({ records: inFirst, root: first.root });
  expect(await count(second)).toEqual({ records: inFirst + inSecond, root: second.root });
  expect(await count(second)).toEqual({ records: inSecond, root: second.root });
  expect(await count(third)).toEqual({ records: 0, root: third.root });
  for (const [i, close] of [first, second, third].entries())
    expect((await verifyClose(village, close)).accounts).toEqual(before[i]?.accounts);
  await on.restart();
  expect(villageOf(on).readings.keptClose(first.digest)).toEqual(before[0]?.accounts);
});
