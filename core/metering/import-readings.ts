import { randomBytes } from 'node:crypto';
import { parse } from 'csv-parse/sync';
import { zoneOf } from '#core/accounts/closing.ts';
import type { JobControl } from '#core/jobs.ts';
import { AppError } from '#core/ports/errors.ts';
import type { Village } from '#core/village/open-village.ts';
import { newId } from '#domain/ids.ts';
import { DAY_MS, dayOf, dayStart, HOUR_MS, monthOf, UTC, type Zone } from '#domain/time.ts';
import { MAX_ENTRY_SEGMENTS } from '#domain/village/fold-operations.ts';
import type { RevealedEntry } from '#domain/village/reveal.ts';
import { type OpenFrame, publishFrames } from './sealing.ts';

const MAX_ROWS = 200_000;
const MAX_WH_TENTHS = 10_000_000_000n;

export interface LoggerFile {
  readonly names: readonly string[];
  /** Start of each hour, UTC ms, strictly growing, and tenths of Wh per column; null = nobody recorded. */
  readonly rows: readonly { readonly atMs: number; readonly tenths: readonly (bigint | null)[] }[];
}

const badFile = (file: string, line: number, what: string): AppError =>
  new AppError('BAD_FILE', `${file}, line ${line}: ${what}. Nothing was imported.`, { data: { file, line, what } });

/** Reads an hourly logger file, `hour,name,name,...` with `YYYY-MM-DD HH:MM:SS` in village time and Wh per hour. */
export function readLoggerFile(file: string, content: string, zone: Zone): LoggerFile {
  if (content.length > 0 && !content.endsWith('\n')) {
    throw badFile(file, content.split('\n').length, 'the last line is cut off (the file must end with a line break)');
  }
  let lines: string[][];
  try {
    lines = parse(content, { relaxColumnCount: true, skipEmptyLines: true, maxRecordSize: 64 * 1024 });
  } catch (e) {
    throw badFile(file, 1, e instanceof Error ? e.message : 'not a CSV file');
  }
  const [head, ...body] = lines;
  if (head?.[0] !== 'hour' || head.length < 2) throw badFile(file, 1, 'the first line must be hour,name,name,...');
  if (new Set(head).size !== head.length) throw badFile(file, 1, 'two columns have one name');
  if (body.length === 0) throw badFile(file, 2, 'there is no reading');
  if (body.length > MAX_ROWS) throw badFile(file, MAX_ROWS, `more than ${MAX_ROWS} lines`);
  let last = Number.NEGATIVE_INFINITY;
  const rows = body.map((cells, i) => {
    const line = i + 2;
    if (cells.length !== head.length) throw badFile(file, line, `${cells.length} columns instead of ${head.length}`);
    const atMs = hourOf(cells[0] ?? '', zone);
    if (atMs === undefined)
      throw badFile(file, line, `"${(cells[0] ?? '').slice(0, 40)}" is not an hour (YYYY-MM-DD HH:00:00)`);
    if (atMs <= last) throw badFile(file, line, 'the hours must grow from line to line');
    last = atMs;
    const tenths = cells.slice(1).map((cell, c) => {
      if (cell === '') return null;
      const m = /^(\d{1,9})(?:\.(\d))?\d*$/.exec(cell);
      const value = m ? BigInt(m[1] as string) * 10n + BigInt(m[2] ?? '0') : undefined;
      if (value === undefined || value > MAX_WH_TENTHS)
        throw badFile(file, line, `"${cell.slice(0, 40)}" in column ${head[c + 1]} is not an energy in Wh`);
      return value;
    });
    return { atMs, tenths };
  });
  return { names: head.slice(1), rows };
}

function hourOf(text: string, zone: Zone): number | undefined {
  const m = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}):00(?::00)?$/.exec(text);
  if (!m || Number(m[2]) > 23) return undefined;
  try {
    return dayStart(m[1] as string, zone) + Number(m[2]) * HOUR_MS;
  } catch {
    return undefined;
  }
}

/** Frames of one column by UTC day: registers start at 0, an empty hour is a gap in which the register stands still. */
function framesOf(meter: string, file: LoggerFile, column: number, origin: 'file'): Map<string, OpenFrame> {
  const hours = new Map(file.rows.map((r) => [r.atMs, r.tenths[column] ?? null]));
  const first = file.rows[0]?.atMs ?? 0;
  const end = (file.rows.at(-1)?.atMs ?? 0) + HOUR_MS;
  const frames = new Map<string, OpenFrame>();
  let register = 0n;
  for (let day = Math.floor(first / DAY_MS) * DAY_MS; day < end; day += DAY_MS) {
    const importWh: (bigint | null)[] = [];
    const answered: number[] = [];
    for (let h = 0; h < 24; h++) {
      const at = day + h * HOUR_MS;
      const wh = hours.get(at) ?? null;
      if (h === 0) importWh.push(wh !== null || (hours.get(at - HOUR_MS) ?? null) !== null ? register / 10n : null);
      if (wh !== null) {
        importWh[h] = register / 10n;
        register += wh;
      }
      importWh.push(wh === null ? null : register / 10n);
      answered.push(wh === null ? 0 : 1);
    }
    if (!answered.includes(1)) continue;
    frames.set(dayOf(day, UTC), {
      meter,
      fromMs: day,
      stepMs: HOUR_MS,
      importWh,
      exportWh: null,
      asked: answered.map(() => 1),
      answered,
      clock: 'relative',
      origin,
    });
  }
  return frames;
}

/** Imports a logger file: unsigned by any meter, T0 until a second person vouches for it, then T1. */
export async function importReadings(
  village: Village,
  fileName: string,
  file: LoggerFile,
  columns: Readonly<Record<string, string>>,
  control: Pick<JobControl, 'progress' | 'signal'>,
): Promise<{ readonly entry: string; readonly hours: number; readonly wh: bigint }> {
  const byDay = new Map<string, OpenFrame[]>();
  let [hours, tenths] = [0, 0n];
  for (const [name, meter] of Object.entries(columns)) {
    const column = file.names.indexOf(name);
    if (column < 0)
      throw new AppError('BAD_FILE', `${fileName} has no column ${name}.`, { data: { file: fileName, what: name } });
    if (!village.state().meters.has(meter))
      throw new AppError('NOT_FOUND', `Column ${name} is mapped to a meter that does not exist.`);
    for (const r of file.rows) {
      const value = r.tenths[column] ?? null;
      if (value === null) continue;
      hours += 1;
      tenths += value;
    }
    for (const [day, frame] of framesOf(meter, file, column, 'file'))
      byDay.set(day, [...(byDay.get(day) ?? []), frame]);
  }
  if (byDay.size === 0)
    throw new AppError('BAD_FILE', `${fileName}: no column is mapped to a meter.`, { data: { file: fileName } });
  if (byDay.size > MAX_ENTRY_SEGMENTS) {
    throw new AppError(
      'BAD_FILE',
      `${fileName} holds readings of ${byDay.size} days; at most ${MAX_ENTRY_SEGMENTS} at a time. Split it. Nothing was imported.`,
      { data: { file: fileName, what: `${byDay.size} days` } },
    );
  }
  const segments: string[] = [];
  for (const [day, frames] of [...byDay].sort(([a], [b]) => (a < b ? -1 : 1))) {
    control.signal.throwIfAborted();
    segments.push(await publishFrames(village, day, frames));
    control.progress('storing days', segments.length, byDay.size);
  }
  const entry = newId('r', village.id, new Uint8Array(randomBytes(16)));
  const book = `operations-${monthOf(village.now(), zoneOf(village.state()))}`;
  await village.act([
    {
      book,
      kind: 'entry.add',
      body: {
        entry,
        kind: 'file',
        private: village.seal('entry', entry, { text: fileName.slice(0, 200) }),
        segments,
        hours,
        wh: tenths / 10n,
      },
    },
  ]);
  return { entry, hours, wh: tenths / 10n };
}

/** Enters a register read by eye: an edge of the meter's history that counts once another person vouches for it. */
export async function enterReading(
  village: Village,
  meter: string,
  atMs: number,
  importWh: bigint,
  reason: string,
): Promise<string> {
  const at = Math.floor(atMs / HOUR_MS) * HOUR_MS;
  const before = village.readings.lastEdge(
    meter,
    at,
    (frame, edge) => frame.origin !== 'file' && (frame.importWh?.[edge] ?? null) !== null,
  );
  const lastWh = before?.frame.importWh?.[before.edge] ?? null;
  if (before && lastWh !== null && importWh < lastWh) {
    throw new AppError(
      'READING_BELOW_LAST',
      `${importWh} Wh is below the last reading, ${lastWh} Wh. Read again, or say that the meter was replaced.`,
      {
        data: { wh: importWh.toString(), lastWh: lastWh.toString(), atMs: before.atMs },
      },
    );
  }
  const frame: OpenFrame = {
    meter,
    fromMs: at,
    stepMs: HOUR_MS,
    importWh: [importWh, null],
    exportWh: null,
    asked: [1],
    answered: [0],
    clock: 'informative',
    origin: 'hand',
  };
  const cid = await publishFrames(village, dayOf(at, UTC), [frame]);
  const entry = newId('r', village.id, new Uint8Array(randomBytes(16)));
  const book = `operations-${monthOf(village.now(), zoneOf(village.state()))}`;
  await village.act([
    {
      book,
      kind: 'entry.add',
      body: {
        entry,
        kind: 'hand',
        private: village.seal('entry', entry, { text: reason.slice(0, 200) }),
        segments: [cid],
        hours: 0,
        wh: importWh,
      },
    },
  ]);
  return entry;
}

/** The second person's word for what was imported or entered: it counts from then on. Errors: NOT_FOUND, NOT_ALLOWED. */
export async function vouchFor(village: Village, entry: string, document: string): Promise<RevealedEntry> {
  const known = village.revealed().entered.get(entry);
  if (!known) throw new AppError('NOT_FOUND', `There is no entry ${entry.slice(0, 80)} in this village.`);
  const book = `operations-${monthOf(village.now(), zoneOf(village.state()))}`;
  await village.act([
    { book, kind: 'entry.vouch', body: { entry, private: village.seal('voucher', entry, { text: document }) } },
  ]);
  return known;
}
