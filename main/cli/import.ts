import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { zoneOf } from '#core/accounts/closing.ts';
import { importReadings, readLoggerFile } from '#core/metering/import-readings.ts';
import { AppError } from '#core/ports/errors.ts';
import type { RevealedState } from '#domain/village/reveal.ts';
import { type CommandCall, readList, UsageError } from './command.ts';
import { withVillage } from './with-village.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** `gridpact readings import FILE`. */
export async function runImport(call: CommandCall): Promise<number> {
  const { values, args, io } = call;
  const path = args[0] ?? '';
  const columns = readColumns(readList(values, 'column'));
  const text = readText(path);
  const done = await withVillage(call, async ({ village }) => {
    const state = village.revealed();
    const file = readLoggerFile(basename(path), text, zoneOf(state));
    const meters = metersOf(state, file.names, columns);
    const control = {
      signal: io.signal,
      progress: (stage: string, n: number, of: number) => n === of && io.note(`${stage}: ${n} of ${of}`),
    };
    const imported = await importReadings(village, basename(path), file, Object.fromEntries(meters), control);
    const names = [...meters].map(([column, meter]) => ({ column, meter: state.meters.get(meter)?.name ?? meter }));
    return { ...imported, columns: names, unused: file.names.filter((n) => !meters.has(n)) };
  });
  if (values['json'] === true) {
    io.print(JSON.stringify({ ...done, wh: done.wh.toString(), trust: 0 }, null, 2));
    return 0;
  }
  io.print(`${done.hours} hours of ${done.columns.length} meters were imported: ${done.wh} Wh, entry ${done.entry}.`);
  if (done.unused.length > 0) io.print(`No meter was named for: ${done.unused.join(', ')}.`);
  io.print('They are shown (trust T0) and count for nothing until another person vouches for them:');
  io.print(`on the page Meters & assets, or with gridpact readings vouch ${done.entry} on that person's console.`);
  return 0;
}

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > MAX_FILE_BYTES) throw new AppError('BAD_FILE', `${path} is ${size} bytes, over ${MAX_FILE_BYTES}.`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (e) {
    if (e instanceof AppError) throw e;
    const why = e instanceof TypeError ? 'is not text (UTF-8)' : 'cannot be read';
    throw new AppError('BAD_FILE', `${path} ${why}. Nothing was imported.`, { cause: e });
  }
}

function readColumns(given: readonly string[]): Map<string, string> {
  const columns = new Map<string, string>();
  for (const pair of given) {
    const at = pair.indexOf('=');
    if (at < 1 || at === pair.length - 1) throw new UsageError(`--column ${pair} must be NAME=METER.`);
    columns.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return columns;
}

/** Column -> meter id. Without --column, each column that is named like a meter. */
function metersOf(state: RevealedState, names: readonly string[], columns: ReadonlyMap<string, string>) {
  const find = (wanted: string): string | undefined =>
    state.meters.has(wanted) ? wanted : [...state.meters.values()].find((m) => m.name === wanted)?.id;
  const meters = new Map<string, string>();
  for (const [column, wanted] of columns) {
    const meter = find(wanted);
    if (!meter) throw new AppError('NOT_FOUND', `--column ${column}=${wanted}: this village has no meter ${wanted}.`);
    if ([...meters.values()].includes(meter)) throw new AppError('BAD_INPUT', `Two columns are mapped to ${wanted}.`);
    meters.set(column, meter);
  }
  if (columns.size > 0) return meters;
  for (const name of names) {
    const meter = find(name);
    if (meter) meters.set(name, meter);
  }
  if (meters.size > 0) return meters;
  const known = [...state.meters.values()].map((m) => m.name).slice(0, 20);
  throw new AppError(
    'BAD_FILE',
    `No column is named like a meter (columns: ${names.slice(0, 20).join(', ')}; meters: ${known.join(', ') || 'none'}). Say which is which with --column NAME=METER.`,
  );
}
