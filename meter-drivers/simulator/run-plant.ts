import { parseArgs } from 'node:util';
import { AppError } from '#core/ports/errors.ts';
import { DAY_MS, dayStart, HOUR_MS } from '#domain/time.ts';
import type { ReadyLine } from './control-protocol.ts';
import { startControlServer } from './control-server.ts';
import { startModbusServer } from './modbus-server.ts';
import { createPlant, type Plant } from './plant.ts';
import type { PlantSource } from './plant-source.ts';
import { createReplaySource } from './replay-source.ts';
import { readSiteFile } from './site-file.ts';
import { VILLAGE_KEY } from './village-plan.ts';
import { createVillageSource } from './village-source.ts';

const USAGE = `gridpact plant (--village ${VILLAGE_KEY} [--seed N] | --site FILE --from YYYY-MM-DD) [--days N]
  [--from YYYY-MM-DD] [--zone-offset-min N] [--port N] [--control N] [--true-silence] [--with-parent]`;

const badUsage = (what: string): AppError => new AppError('PLANT_USAGE', `${what}\n${USAGE}`);

function readOptions(argv: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean', default: false } as const;
    const options = { village: text, seed: text, site: text, from: text, days: text, 'zone-offset-min': text };
    const { values } = parseArgs({
      args: [...argv],
      options: { ...options, port: text, control: text, 'true-silence': flag, 'with-parent': flag },
    });
    return values;
  } catch (error) {
    throw badUsage(error instanceof Error ? error.message : 'These arguments cannot be read.');
  }
}
type Options = ReturnType<typeof readOptions>;

function wholeNumber(text: string | undefined, name: string, fallback: number, low: number, high: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (text === '' || !Number.isInteger(value) || value < low || value > high) {
    throw badUsage(`--${name} must be a whole number from ${low} to ${high}.`);
  }
  return value;
}

function firstDay(text: string, offsetMin: number): number {
  try {
    return dayStart(text, { offsetMin });
  } catch {
    throw badUsage(`--from must be a date such as 2026-03-01, not '${text.slice(0, 40)}'.`);
  }
}

async function openSource(options: Options): Promise<{ key: string; source: PlantSource }> {
  const zoneOffsetMin = wholeNumber(options['zone-offset-min'], 'zone-offset-min', 180, -840, 840);
  const days = wholeNumber(options.days, 'days', 31, 1, 366);
  if (options.site !== undefined && options.village === undefined) {
    if (options.from === undefined) throw badUsage('--site needs --from.');
    const window = { firstLocalHour: firstDay(options.from, 0) / HOUR_MS, hours: (days * DAY_MS) / HOUR_MS };
    const recorded = await readSiteFile(options.site, window);
    return { key: recorded.site, source: createReplaySource(recorded, zoneOffsetMin) };
  }
  if (options.village !== VILLAGE_KEY || options.site !== undefined) {
    throw badUsage(`Give either --village ${VILLAGE_KEY} or --site FILE.`);
  }
  const fromDay = options.from ?? '2026-03-01';
  firstDay(fromDay, zoneOffsetMin);
  const seed = wholeNumber(options.seed, 'seed', 1, 0, 0xffff_ffff);
  return { key: VILLAGE_KEY, source: createVillageSource({ seed, fromDay, days, zoneOffsetMin }) };
}

async function serve(options: Options, plant: Plant, source: PlantSource): Promise<number> {
  const port = wholeNumber(options.port, 'port', 0, 0, 65_535);
  const controlPort = wholeNumber(options.control, 'control', 0, 0, 65_535);
  const modbus = await startModbusServer({ host: '127.0.0.1', port, answer: plant.answer });
  try {
    const control = await startControlServer(controlPort, plant.handle);
    const ready: ReadyLine = {
      ready: true,
      simulated: true,
      modbusPort: modbus.port,
      controlPort: control.port,
      meters: [...source.meters],
      fromMs: source.fromMs,
      toMs: source.toMs,
      zoneOffsetMin: source.zoneOffsetMin,
    };
    process.stdout.write(`${JSON.stringify(ready)}\n`);
    await untilStopped(options['with-parent'] === true);
    await control.close();
  } finally {
    await modbus.close();
  }
  return 0;
}

/** Resolves on SIGINT or SIGTERM and, with a parent, when stdin ends because the parent is gone. */
async function untilStopped(withParent: boolean): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  await new Promise<void>((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve());
    if (!withParent) return;
    process.stdin.on('error', () => resolve());
    process.stdin.once('close', () => resolve());
    process.stdin.resume();
  });
}

/**
 * Runs the simulated plant until it is told to stop: Modbus TCP for the meters, a control channel for the clock, both on
 * loopback. Prints one JSON line when it serves. Gives the process exit code; errors go to stderr.
 */
export async function runPlant(argv: readonly string[]): Promise<number> {
  try {
    const options = readOptions(argv);
    const { key, source } = await openSource(options);
    const silence = options['true-silence'] === true ? 'no-answer' : 'exception';
    return await serve(options, createPlant({ key, source, silence, realNow: () => performance.now() }), source);
  } catch (error) {
    const code = error instanceof AppError ? error.code : 'PLANT_FAILED';
    process.stderr.write(`${code}: ${error instanceof Error ? error.message : String(error)}\n`);
    return code === 'PLANT_USAGE' ? 2 : 1;
  }
}
