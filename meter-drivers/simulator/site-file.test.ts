import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AppError } from '#core/ports/errors.ts';
import { daysFromCivil } from '#domain/time.ts';
import { parseSiteStream, readSiteFile } from './site-file.ts';

const WINDOW = { firstLocalHour: daysFromCivil(2026, 3, 1) * 24, hours: 48 };
const parse = (text: string, window = WINDOW) =>
  parseSiteStream(Readable.from([Buffer.from(text)]), 'site.csv', window);
const HEADER = 'hour,kijiji_0,kijiji_1\n';

test('hours are placed by their local time, values rounded to tenths, empty cells and absent hours are null', async () => {
  const site = await parse(
    `${HEADER}2026-02-28 23:00:00,9.0,9.0\n2026-03-01 00:00:00,10.19999999999,\n2026-03-01 02:00:00,,0.1\n2026-03-03 00:00:00,7,7\n`,
  );
  expect(site.site).toBe('kijiji');
  expect(site.columns).toEqual(['kijiji_0', 'kijiji_1']);
  expect(site.tenths[0]?.slice(0, 4)).toEqual([102, null, null, null]);
  expect(site.tenths[1]?.slice(0, 4)).toEqual([null, null, 1, null]);
  expect(site.tenths[0]).toHaveLength(48);
});

test('a file with a byte order mark and Windows line ends is read', async () => {
  const site = await parse(`\uFEFF${HEADER}2026-03-01 00:00:00,1.0,2.0\n`.replaceAll('\n', '\r\n'));
  expect(site.tenths.map((column) => column[0])).toEqual([10, 20]);
});

test.each([
  [
    'a missing column',
    `${HEADER}2026-03-01 00:00:00,1.0,2.0\n2026-03-01 01:00:00,1.0\n`,
    /line 3: 2 columns instead of 3/,
  ],
  ['a column too many', `${HEADER}2026-03-01 00:00:00,1.0,2.0,3.0\n`, /line 2: 4 columns instead of 3/],
  ['a word for a number', `${HEADER}2026-03-01 00:00:00,1.0,two\n`, /line 2: the value of kijiji_1/],
  ['a negative value', `${HEADER}2026-03-01 00:00:00,-1.0,2.0\n`, /line 2: the value of kijiji_0/],
  ['an absurdly large value', `${HEADER}2026-03-01 00:00:00,100000001,2.0\n`, /line 2: the value of kijiji_0/],
  ['an hour that cannot be read', `${HEADER}01/03/2026 00:00,1.0,2.0\n`, /line 2: the hour cannot be read/],
  ['a date that does not exist', `${HEADER}2026-02-30 00:00:00,1.0,2.0\n`, /line 2: the hour cannot be read/],
  ['an hour within the hour', `${HEADER}2026-03-01 00:30:00,1.0,2.0\n`, /line 2: the hour cannot be read/],
  ['an hour twice', `${HEADER}2026-03-01 00:00:00,1,2\n2026-03-01 00:00:00,1,2\n`, /line 3: the hour is not after/],
  [
    'an hour before the last',
    `${HEADER}2026-03-01 05:00:00,1,2\n2026-03-01 04:00:00,1,2\n`,
    /line 3: the hour is not after/,
  ],
  ['a quote that is never closed', `${HEADER}2026-03-01 00:00:00,1.0,"2.0\n`, /line \d+: .*cut off/],
  ['a line without end', `${HEADER}${'1'.repeat(100_000)}`, /line \d+:/],
  ['no header', '2026-03-01 00:00:00,1.0,2.0\n', /line 1: the first column is not 'hour'/],
  ['columns of two sites', 'hour,kijiji_0,mji_1\n', /line 1: column 3/],
  ['a column twice', 'hour,kijiji_0,kijiji_0\n', /line 1: column 3/],
  ['no content', '', /line 1: the file is empty/],
  [
    'nothing recorded in those days',
    `${HEADER}2026-02-01 00:00:00,1.0,2.0\n`,
    /nothing is recorded in the 2 days from 2026-03-01/,
  ],
])('a file with %s is SITE_FILE naming the place', async (_, text, message) => {
  const refused = parse(text);
  await expect(refused).rejects.toMatchObject({ code: 'SITE_FILE', message: expect.stringMatching(message) });
});

test('a file torn at any byte inside a line is refused as SITE_FILE', async () => {
  const whole = `${HEADER}2026-03-01 00:00:00,1.5,2.5\n2026-03-01 01:00:00,3.5,4.5\n`;
  for (let end = 0; end < whole.length; end += 1) {
    const torn = parse(whole.slice(0, end));
    const isWholeLine = whole[end - 1] === '\n' && end > HEADER.length;
    if (isWholeLine) expect((await torn).tenths[1]?.[0]).toBe(25);
    else await expect(torn).rejects.toMatchObject({ code: 'SITE_FILE' });
  }
});

test('no text makes the reader fail with anything but SITE_FILE', async () => {
  const cell = fc.oneof(
    fc.constantFrom('', '1.0', '-1', 'NaN', '1e9', '"', '2026-03-01 00:00:00', 'hour'),
    fc.string({ maxLength: 8 }),
  );
  const line = fc.array(cell, { maxLength: 4 }).map((cells) => cells.join(','));
  const text = fc
    .tuple(fc.boolean(), fc.array(line, { maxLength: 8 }))
    .map(([header, lines]) => `${header ? HEADER : ''}${lines.join('\n')}\n`);
  await fc.assert(
    fc.asyncProperty(text, async (given) => {
      const result = await parse(given).catch((error: unknown) => error);
      if (result instanceof Error) expect(result).toBeInstanceOf(AppError);
    }),
    { numRuns: 300 },
  );
});

test('more than a year at once, a folder and a file that is not there are refused', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'gridpact-site-'));
  try {
    writeFileSync(join(dir, 'site.csv'), `${HEADER}2026-03-01 00:00:00,1.0,2.0\n`);
    expect((await readSiteFile(join(dir, 'site.csv'), WINDOW)).tenths[1]?.[0]).toBe(20);
    await expect(readSiteFile(join(dir, 'site.csv'), { ...WINDOW, hours: 24 * 400 })).rejects.toMatchObject({
      code: 'SITE_FILE',
    });
    await expect(readSiteFile(dir, WINDOW)).rejects.toMatchObject({ code: 'SITE_FILE' });
    await expect(readSiteFile(join(dir, 'none.csv'), WINDOW)).rejects.toMatchObject({ code: 'SITE_FILE' });
  } finally {
    rmSync(dir, { recursive: true });
  }
});
