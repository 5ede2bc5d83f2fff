import { type SQLOutputValue, StatementSync } from 'node:sqlite';
import { afterEach, expect, test, vi } from 'vitest';
import { DAY_MS, HOUR_MS, type Month, monthSpan } from '#domain/time.ts';
import { endAll, found, openConsole, type TestConsole, villageOf, WAIT } from './consoles.ts';
import { dayOfMeter, FIRST_DAY_MS, makeLease, sealDay, settleMonth } from './months.ts';

afterEach(endAll);

const ZONE = { offsetMin: 180 };
const MONTHS = Array.from({ length: 6 }, (_, n): Month => new Date(Date.UTC(2026, 2 + n)).toISOString().slice(0, 7));

type Row = Record<string, SQLOutputValue>;
const FEW = 2;
const SEALED_DAYS = 8;
/** Months are not of one length, so a day more or less may lie in the window that is looked at. */
const CALENDAR = 3;
/** Asked again and again whether something changed: one row each time, however much there is. */
const POLL = 'select n from segment_changes';

/** Rows that `work` reads from SQLite, by statement. */
async function rowsRead(work: () => Promise<void>): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  const note = (sql: string, n: number): void => {
    if (n > 0 && sql !== POLL) rows[sql] = (rows[sql] ?? 0) + n;
  };
  const get = Reflect.get(StatementSync.prototype, 'get') as (
    this: StatementSync,
    ...values: unknown[]
  ) => Row | undefined;
  const all = Reflect.get(StatementSync.prototype, 'all') as (this: StatementSync, ...values: unknown[]) => Row[];
  const spies = [
    vi.spyOn(StatementSync.prototype, 'get').mockImplementation(function (this: StatementSync, ...values) {
      const row = Reflect.apply(get, this, values);
      note(this.sourceSQL, row === undefined ? 0 : 1);
      return row;
    }),
    vi.spyOn(StatementSync.prototype, 'all').mockImplementation(function (this: StatementSync, ...values) {
      const found = Reflect.apply(all, this, values);
      note(this.sourceSQL, found.length);
      return found;
    }),
  ];
  try {
    await work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return rows;
}

/** What opening a console takes, up to its first screen. */
async function openingOf(on: TestConsole) {
  const open = async (): Promise<void> => {
    await on.restart();
    const client = on.client();
    const [village] = (await client.villages.state()).villages;
    const id = { village: village?.id ?? '' };
    await client.today.get(id);
    await client.meters.list(id);
    await client.sync.status(id);
  };
  // After a close the first time looks through all days, when it has answered, and remembers that it did.
  const before = villageOf(on).store.daysLooked();
  await open();
  await vi.waitFor(() => expect(villageOf(on).store.daysLooked()).not.toBe(before), WAIT);
  await open();
  const rows = await rowsRead(open);
  return { rows, inMemory: villageOf(on).index.outside.size };
}

test('opening reads as much with six closed months as with two', async () => {
  const on = await openConsole();
  await found(on);
  const { hostMeter, homeMeter } = await makeLease(on);
  const openings: Awaited<ReturnType<typeof openingOf>>[] = [];
  for (const [n, month] of MONTHS.entries()) {
    const { to } = monthSpan(month, ZONE);
    const days = Math.floor((to - FIRST_DAY_MS) / DAY_MS) - 1;
    for (let back = SEALED_DAYS; back > 0; back--) {
      const dayMs = FIRST_DAY_MS + (days - back) * DAY_MS;
      on.clock.atMs = dayMs + DAY_MS + HOUR_MS;
      const wh = BigInt(24 * (days - back + 30));
      await sealDay(on, dayOfMeter(hostMeter, dayMs, 1_000n + wh, 1n), dayOfMeter(homeMeter, dayMs, 2_000n + wh, 1n));
    }
    await settleMonth(on, month);
    await vi.waitFor(() => expect(villageOf(on).index.outside.size).toBe(villageOf(on).state().outside.size), WAIT);
    if (n === FEW - 1 || n === MONTHS.length - 1) openings.push(await openingOf(on));
  }
  expect(villageOf(on).state().epochs).toHaveLength(MONTHS.length);
  const [few, many] = openings;
  if (!few || !many) throw new Error('it was opened with few and with many months');
  expect(many.inMemory).toBe(few.inMemory);
  expect(Object.keys(few.rows).length).toBeGreaterThan(10);
  const grown = Object.entries(many.rows).filter(([sql, n]) => n > (few.rows[sql] ?? 0) + CALENDAR);
  // One small row to a book, and one to a month and device, and no more.
  const more = MONTHS.length - FEW;
  for (const [sql, n] of grown) {
    expect(sql).toMatch(/from book_read|from segment_tally/);
    expect(n - (few.rows[sql] ?? 0)).toBeLessThanOrEqual(2 * more);
  }
});
