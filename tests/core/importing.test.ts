import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { previewAccounts } from '#core/accounts/closing.ts';
import { enterReading, importReadings, readLoggerFile, vouchFor } from '#core/metering/import-readings.ts';
import { addMeter } from '#core/metering/meters-procedures.ts';
import { DAY_MS } from '#domain/time.ts';
import { runCommandLine } from '#main/cli/run.ts';
import {
  codeOf,
  converge,
  duplicatesOn,
  endAll,
  found,
  intervalsOn,
  MARCH_MS,
  makeFolder,
  openConsole,
  openTwo,
  QUIET,
  type TestConsole,
} from './consoles.ts';
import { homeMeter } from './plant.ts';

afterEach(endAll);

const FILE = 'loggers.csv';
const ZONE = { offsetMin: 180 };
const HEAD = 'hour,home,mill';
const row = (h: number, ...cells: (number | '')[]): string =>
  `2026-03-01 ${String(h).padStart(2, '0')}:00:00,${cells.join(',')}`;
const fileOf = (...rows: string[]): string => `${[HEAD, ...rows].join('\n')}\n`;
const GOOD = fileOf(row(0, 10.5, 100), row(1, 0.5, ''), row(2, 9, 200), row(5, 1, 1));

/** A meter of the books that no console reads. */
const addSilentMeter = (on: TestConsole, name: string): Promise<string> =>
  addMeter(
    on.console(),
    on.open(),
    homeMeter(name),
    { model: 'schneider-iem3000', host: '127.0.0.1', port: 1, unit: name.length },
    { evenIfSilent: true },
  );
async function withMeters(on: TestConsole) {
  on.clock.atMs = MARCH_MS + 40 * DAY_MS;
  return { home: await addSilentMeter(on, 'home'), mill: await addSilentMeter(on, 'the mill') };
}
const importInto = (on: TestConsole, text: string, columns: Record<string, string>) =>
  importReadings(on.open().village, FILE, readLoggerFile(FILE, text, ZONE), columns, QUIET);
const counted = async (on: TestConsole): Promise<bigint> =>
  (await previewAccounts(on.open().village, '2026-03')).energy.measuredWh;

describe('a logger file', () => {
  const bad: [string, string, RegExp][] = [
    ['that was torn in its last line', GOOD.slice(0, -3), /line 5: the last line is cut off/],
    ['whose hours do not grow', fileOf(row(2, 1, 1), row(2, 1, 1)), /line 3: the hours must grow/],
    ['with an hour that is none', fileOf('2026-02-30 00:00:00,1,1'), /line 2: "2026-02-30 00:00:00" is not an hour/],
    ['with a half hour', fileOf('2026-03-01 00:30:00,1,1'), /line 2: .* is not an hour/],
    ['with a bad number', fileOf(row(0, 1, 1), '2026-03-01 01:00:00,1,2e9'), /line 3: "2e9" in column mill/],
    ['with a negative number', fileOf('2026-03-01 01:00:00,-1,2'), /line 2: "-1" in column home/],
    ['with a missing cell', fileOf('2026-03-01 01:00:00,1'), /line 2: 2 columns instead of 3/],
    ['with two columns of one name', 'hour,a,a\n2026-03-01 01:00:00,1,1\n', /line 1: two columns have one name/],
    ['without a heading', `${row(0, 1, 1)}\n`, /line 1: the first line must be/],
    ['without a reading', `${HEAD}\n`, /line 2: there is no reading/],
    ['that is empty', '', /line 1/],
    ['with an open quote', `${HEAD}\n"2026-03-01 00:00:00,1,1\n`, /line 1/],
  ];
  test.each(bad)('%s is refused with its line, and nothing is imported', (_what, text, message) => {
    expect(() => readLoggerFile(FILE, text, ZONE)).toThrow(message);
    expect(() => readLoggerFile(FILE, text, ZONE)).toThrow(/Nothing was imported/);
  });

  test('is shown and counts for nothing until another person vouches for it; twice imported it counts once', async () => {
    const [first, second] = await openTwo();
    const { home, mill } = await withMeters(first);
    second.clock.atMs = first.clock.atMs;
    const columns = { home, mill };
    const one = await importInto(first, GOOD, columns);
    expect(one).toMatchObject({ hours: 7, wh: 322n });
    expect(intervalsOn(first, home).find((i) => i.wh === 10n)?.trust).toBe(0);
    expect(await counted(first)).toBe(0n);
    await expect(vouchFor(first.open().village, one.entry, 'the logger')).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      data: { reason: 'the author cannot vouch for their own entry' },
    });
    await converge(first, second);
    await vouchFor(second.open().village, one.entry, 'the logger');
    await converge(first, second);
    const wh = await counted(first);
    expect(wh).toBeGreaterThan(319n);
    expect(wh).toBeLessThanOrEqual(322n);
    expect(await counted(second)).toBe(wh);
    const two = await importInto(first, GOOD, columns);
    await converge(first, second);
    await vouchFor(second.open().village, two.entry, 'the logger');
    await converge(first, second);
    expect([await counted(first), await counted(second)]).toEqual([wh, wh]);
    expect((await duplicatesOn(first, mill, Date.UTC(2026, 1, 28))).length).toBeGreaterThan(0);
  });

  test('is imported whole or says what is missing: an unknown column, an unknown meter, no column at all', async () => {
    const on = await openConsole();
    await found(on);
    const { home } = await withMeters(on);
    for (const columns of [{ roof: home }, { home: 'e'.repeat(33) }, {}])
      expect(await codeOf(importInto(on, GOOD, columns))).toMatch(/BAD_FILE|NOT_FOUND/);
    expect(on.open().village.state().segments.size).toBe(0);
    expect(on.open().village.state().entries.size).toBe(0);
  });
});

describe('a register read by eye', () => {
  test('below the last one is refused with both figures; what it says counts once another person vouches', async () => {
    const [first, second] = await openTwo();
    const { home } = await withMeters(first);
    const { village } = first.open();
    const read = (day: number, wh: bigint) => enterReading(village, home, MARCH_MS + day * DAY_MS, wh, 'read by eye');
    const start = await read(1, 1000n);
    await expect(read(2, 999n)).rejects.toMatchObject({
      code: 'READING_BELOW_LAST',
      message: expect.stringMatching(/999 Wh is below the last reading, 1000 Wh/),
    });
    const end = await read(3, 1700n);
    second.clock.atMs = first.clock.atMs;
    await converge(first, second);
    expect(await counted(second)).toBe(0n);
    for (const entry of [start, end]) await vouchFor(second.open().village, entry, 'a photograph');
    expect(await counted(second)).toBe(700n);
  });
});

describe('gridpact readings import', () => {
  async function run(...line: string[]) {
    const [out, err]: [string[], string[]] = [[], []];
    const io = { print: (t: string) => out.push(t), note: (t: string) => err.push(t) };
    const code = await runCommandLine(line, { ...io, signal: new AbortController().signal });
    return { code, out: out.join('\n'), err: err.join('\n') };
  }
  function write(text: string): string {
    const path = join(makeFolder('loggers'), FILE);
    writeFileSync(path, text);
    return path;
  }

  test('imports columns named like meters or given, and another person vouches on their console', async () => {
    const [first, second] = await openTwo();
    const { home } = await withMeters(first);
    // The command line knows no clock but the computer's.
    for (const c of [first, second]) c.clock.atMs = Date.now() + DAY_MS / 2;
    await first.stop();
    const path = write(GOOD);
    const answer = await run('readings', 'import', path, '--data', first.dir, '--json', '--column', 'mill=the mill');
    expect(answer).toMatchObject({ code: 0 });
    expect(JSON.parse(answer.out)).toMatchObject({
      hours: 3,
      wh: '301',
      trust: 0,
      columns: [{ column: 'mill', meter: 'the mill' }],
      unused: ['home'],
    });
    const byName = await run('readings', 'import', path, '--data', first.dir);
    expect(byName.out).toMatch(/4 hours of 1 meters were imported: 21 Wh/);
    expect(byName.out).toMatch(/count for nothing until another person vouches/);
    const entry = /entry (\S+)\./.exec(byName.out)?.[1] ?? '';
    expect(await run('readings', 'vouch', entry, '--data', first.dir)).toMatchObject({ code: 1 });
    await first.restart();
    await converge(first, second);
    await second.stop();
    const vouched = await run('readings', 'vouch', entry, '--data', second.dir, '--document', 'the logger itself');
    expect(vouched).toMatchObject({ code: 0, out: expect.stringContaining('From now on they count') });
    await second.restart();
    await converge(first, second);
    expect(intervalsOn(first, home).find((i) => i.wh === 10n)?.trust).toBe(1);
  });

  test('says what is in the way: a console that runs, a torn file, no village, no such meter', async () => {
    const on = await openConsole();
    await found(on);
    await withMeters(on);
    const good = write(GOOD);
    const busy = await run('readings', 'import', good, '--data', on.dir);
    expect(busy).toMatchObject({
      code: 1,
      err: expect.stringMatching(/Close it and try again, or use its page.*VILLAGE_LOCKED/),
    });
    await on.stop();
    const torn = await run('readings', 'import', write(GOOD.slice(0, -3)), '--data', on.dir);
    expect(torn).toMatchObject({
      code: 1,
      err: expect.stringMatching(/loggers.csv, line 5.*Nothing was imported.*BAD_FILE/),
    });
    const meter = await run('readings', 'import', good, '--data', on.dir, '--column', 'home=roof');
    expect(meter.err).toMatch(/no meter roof/);
    expect((await run('readings', 'import', good, '--data', makeFolder('empty'))).err).toMatch(/There is no village/);
    expect((await run('readings', 'import', '/nowhere.csv', '--data', on.dir)).err).toMatch(/cannot be read/);
    expect((await run('readings', 'import', good, '--column', 'home')).code).toBe(2);
    expect((await run('readings', 'import', good, '--data', on.dir, '--village', 'ffff')).err).toMatch(/none of those/);
    await on.restart();
    expect(on.open().village.state().entries.size).toBe(0);
  });
});
