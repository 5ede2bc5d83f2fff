import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { AppError } from '#core/ports/errors.ts';
import { dayOf, daysFromCivil, HOUR_MS, UTC } from '#domain/time.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_LINE_BYTES = 16 * 1024;
const MAX_CELL_WH = 100_000_000;
const MAX_WINDOW_HOURS = 24 * 366;

/** The hours wanted of a site file: local wall-clock hours counted from 1970-01-01 00:00 of the file's own time. */
export interface HourWindow {
  readonly firstLocalHour: number;
  readonly hours: number;
}

/** Hourly energy of each line of a site. */
export interface SiteHours extends HourWindow {
  /** Name the columns share, such as 'ug01'. */
  readonly site: string;
  readonly columns: readonly string[];
  /** Tenths of Wh by column and hour of the window; null = nobody recorded this hour. */
  readonly tenths: readonly (readonly (number | null)[])[];
}

const atLine = (file: string, line: number, what: string, todo: string): AppError =>
  new AppError('SITE_FILE', `${file}, line ${line}: ${what}. ${todo}`, { data: { file, line } });

function checkHeader(file: string, line: number, header: readonly string[]): { site: string; columns: string[] } {
  const [first, ...columns] = header;
  const todo = 'The first line must read hour,<site>_0,<site>_1 and so on.';
  if (first !== 'hour') throw atLine(file, line, `the first column is not 'hour'`, todo);
  if (columns.length < 1 || columns.length > 247)
    throw atLine(file, line, `there are ${columns.length} lines of the site`, todo);
  const site = /^([A-Za-z0-9-]{1,40})_\d{1,3}$/.exec(columns[0] ?? '')?.[1];
  if (!site) throw atLine(file, line, 'the second column is not <site>_<number>', todo);
  columns.forEach((column, i) => {
    const [name, number] = [column.slice(0, site.length), Number(column.slice(site.length + 1))];
    const right = name === site && column === `${site}_${number}` && columns.indexOf(column) === i && number <= 246;
    if (!right) throw atLine(file, line, `column ${i + 2} is not another line of site ${site}`, todo);
  });
  return { site, columns };
}

function parseHour(file: string, line: number, text: string): number {
  const found = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):00(?::00)?$/.exec(text);
  const [year, month, day, hour] = (found ?? []).slice(1).map(Number);
  if (year !== undefined && month !== undefined && day !== undefined && hour !== undefined && hour < 24) {
    const days = daysFromCivil(year, month, day);
    if (dayOf(days * 24 * HOUR_MS, UTC) === text.slice(0, 10)) return days * 24 + hour;
  }
  throw atLine(file, line, 'the hour cannot be read', 'Write it as YYYY-MM-DD HH:00:00 in local time.');
}

function parseCell(file: string, line: number, column: string, text: string): number | null {
  if (text === '') return null;
  const wh = /^\d{1,12}(\.\d{1,24})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(wh <= MAX_CELL_WH)) {
    throw atLine(
      file,
      line,
      `the value of ${column} is not an energy in Wh`,
      `Write a number from 0 to ${MAX_CELL_WH}, or leave it empty.`,
    );
  }
  return Math.round(wh * 10);
}

function createCollector(
  file: string,
  window: HourWindow,
): { take(line: number, cells: string[]): void; done(): SiteHours } {
  let header: { site: string; columns: string[] } | null = null;
  let tenths: (number | null)[][] = [];
  let lastHour = Number.NEGATIVE_INFINITY;
  let recorded = 0;
  return {
    take(line, cells) {
      if (!header) {
        header = checkHeader(file, line, cells);
        tenths = header.columns.map(() => Array.from({ length: window.hours }, () => null));
        return;
      }
      const wanted = header.columns.length + 1;
      if (cells.length !== wanted) {
        throw atLine(
          file,
          line,
          `${cells.length} columns instead of ${wanted}`,
          'The file may be cut off: fetch it again.',
        );
      }
      const hour = parseHour(file, line, cells[0] ?? '');
      if (hour <= lastHour)
        throw atLine(file, line, 'the hour is not after the one before', 'Sort the lines and remove doubles.');
      lastHour = hour;
      const index = hour - window.firstLocalHour;
      header.columns.forEach((column, i) => {
        const value = parseCell(file, line, column, cells[i + 1] ?? '');
        const row = tenths[i];
        if (!row || index < 0 || index >= window.hours || value === null) return;
        row[index] = value;
        recorded += 1;
      });
    },
    done() {
      if (!header) throw atLine(file, 1, 'the file is empty', 'Give a file with hourly Wh per line.');
      if (recorded === 0) {
        const day = dayOf(window.firstLocalHour * HOUR_MS, UTC);
        throw new AppError(
          'SITE_FILE',
          `${file}: nothing is recorded in the ${window.hours / 24} days from ${day}. Choose other days.`,
          {
            data: { file, day },
          },
        );
      }
      return { ...header, ...window, tenths };
    },
  };
}

/** Reads hourly Wh per line from a stream; throws SITE_FILE naming the line and what to do. */
export async function parseSiteStream(input: Readable, file: string, window: HourWindow): Promise<SiteHours> {
  if (!(window.hours >= 1 && window.hours <= MAX_WINDOW_HOURS)) {
    throw new AppError(
      'SITE_FILE',
      `${file}: can replay 1 to ${MAX_WINDOW_HOURS / 24} days at once. Choose fewer days.`,
    );
  }
  const collector = createCollector(file, window);
  const options = {
    info: true,
    bom: true,
    relax_column_count: true,
    max_record_size: MAX_LINE_BYTES,
    record_delimiter: ['\n', '\r\n'],
  };
  const parser = parse(options);
  let lastByte = 10;
  let lines = 0;
  input.on('data', (chunk: Buffer) => {
    lastByte = chunk.at(-1) ?? lastByte;
  });
  input.once('error', (error) => parser.destroy(error));
  input.pipe(parser);
  try {
    for await (const row of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      lines = row.info.lines;
      collector.take(lines, row.record);
    }
    // A number cut in two still reads as a number: only the line end shows that the last one is whole.
    if (lastByte !== 10)
      throw atLine(file, lines, 'the last line has no end', 'Fetch the file again, or end the line if it is whole.');
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw atLine(
      file,
      Number(error['lines'] ?? 0),
      error.message.split(':')[0] ?? 'not CSV',
      'The file may be cut off: fetch it again.',
    );
  } finally {
    input.destroy();
  }
  return collector.done();
}

/** Reads a site file of hourly Wh (local time, one column a line, `_0` the site total). Throws SITE_FILE. */
export async function readSiteFile(path: string, window: HourWindow): Promise<SiteHours> {
  const file = basename(path);
  let size: number;
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new Error('not a file');
    size = found.size;
  } catch (error) {
    throw new AppError('SITE_FILE', `${path} cannot be read. Check the path and its permissions.`, {
      data: { file },
      cause: error,
    });
  }
  if (size > MAX_FILE_BYTES) {
    throw new AppError('SITE_FILE', `${file} is larger than ${MAX_FILE_BYTES / 1024 / 1024} MB. Split it by year.`, {
      data: { file, size },
    });
  }
  return await parseSiteStream(createReadStream(path, { end: MAX_FILE_BYTES }), file, window);
}
