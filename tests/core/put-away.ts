import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { dropMonth, writeMonth } from '#core/archive/drop-month.ts';
import { monthPlaces } from '#core/archive/month-places.ts';
import { joinVillage } from '#core/villages/invitations.ts';
import { HOUR_MS, monthSpan } from '#domain/time.ts';
import {
  converge,
  found,
  invite,
  makeFolder,
  openConsole,
  PIN,
  QUIET,
  type TestConsole,
  villageOf,
  WAIT,
} from './consoles.ts';
import { MONTH, makeLease, setClocks, settleMonth, THREE_MONTHS } from './months.ts';

export const placeOf = (on: TestConsole, month = MONTH) =>
  monthPlaces(villageOf(on), 13).find((m) => m.month === month);
export const startedFrom = (on: TestConsole) => villageOf(on).store.startedFrom()?.month;

export async function closeMonth(on: TestConsole, month: string): Promise<void> {
  await settleMonth(on, month);
  await vi.waitFor(() => expect(villageOf(on).state().epochs.at(-1)?.month).toBe(month), WAIT);
  await vi.waitFor(() => expect(villageOf(on).index.outside.size).toBe(villageOf(on).state().outside.size), WAIT);
}
export const fileIn = (name: string): string => join(makeFolder('stick'), name);
/** Writes a settled month to a file and removes it from this console; answers the file. */
export async function putAway(on: TestConsole, month: string, name = `${month}.car`) {
  const file = { path: fileIn(name), name };
  await writeMonth(villageOf(on), month, file.path, name, QUIET);
  await dropMonth(villageOf(on), month, file, QUIET);
  return file;
}

/** Three settled months; the readings and records of the first are in a file and on no console. */
export async function withoutMarch(keeper?: TestConsole) {
  const first = await openConsole();
  await found(first);
  const lease = await makeLease(first);
  if (keeper) {
    const text = await invite(first, 'Keeper', ['consumer', 'coordinator']);
    await joinVillage(keeper.console(), { text, name: 'Keeper', pin: PIN });
    await converge(first, keeper);
  }
  for (const month of THREE_MONTHS) {
    await villageOf(first).act([{ book: `operations-${month}`, kind: 'note', body: `of ${month}` }]);
    if (keeper) setClocks(monthSpan(month, { offsetMin: 180 }).to + HOUR_MS, keeper);
    await closeMonth(first, month);
  }
  if (keeper) {
    await converge(first, keeper);
    await villageOf(keeper).node.setOnline(false);
  }
  return { first, lease, march: await putAway(first, MONTH, 'march.car') };
}
