import { zoneOf } from '#core/accounts/closing.ts';
import { villageOfBundle } from '#core/bundles/bundle-walk.ts';
import { chooseConsole } from '#core/bundles/choose-console.ts';
import { type ExportWish, exportBundle } from '#core/bundles/export-bundle.ts';
import { knownConsoles } from '#core/bundles/known-consoles.ts';
import { marksBefore } from '#core/bundles/since.ts';
import { type TakenBundle, takeBundle } from '#core/bundles/take-bundle.ts';
import type { Console, OpenVillage } from '#core/console.ts';
import type { JobControl } from '#core/jobs.ts';
import { AppError } from '#core/ports/errors.ts';
import type { Village } from '#core/village/open-village.ts';
import { dayStart } from '#domain/time.ts';
import { type CommandCall, type CommandIo, readText, UsageError } from './command.ts';
import { withConsole, withVillage } from './with-village.ts';

const LIKE_DATE = /^\d+[-./]\d+[-./]\d+$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** `gridpact bundle export FILE`. */
export async function runBundleExport(call: CommandCall): Promise<number> {
  const { values, args, io } = call;
  const path = args[0] ?? '';
  const since = readText(values, 'since');
  const done = await withVillage(call, async ({ village }) => {
    const wish = await wishOf(village, since, io.signal);
    const written = await exportBundle(village, path, wish, controlOf(io));
    return { ...written, village: village.id };
  });
  if (values['json'] === true) {
    io.print(JSON.stringify({ ...done, file: path }, null, 2));
    return 0;
  }
  io.print(`${path}: ${done.entries} entries and ${done.blocks} days of readings, ${sizeOf(done.bytes)}.`);
  if (done.entries === 0) io.print(`Nothing was written since ${since}.`);
  io.print('Bring it in on the other console: its page Sync, or gridpact bundle import FILE.');
  return 0;
}

async function wishOf(village: Village, since: string | undefined, signal: AbortSignal): Promise<ExportWish> {
  if (since === undefined) return {};
  if (LIKE_DATE.test(since) && !DATE.test(since))
    throw new UsageError(`--since ${since} is not a day: write it as YYYY-MM-DD.`);
  if (!DATE.test(since)) return { there: chooseConsole(village, since) };
  const ms = startOfDay(village, since);
  return { there: { have: await marksBefore(village.node, ms, signal), wants: [] } };
}

function startOfDay(village: Village, day: string): number {
  try {
    return dayStart(day, zoneOf(village.state()));
  } catch {
    throw new UsageError(`--since ${day} is not a day.`);
  }
}

/** `gridpact bundle import FILE`. */
export async function runBundleImport(call: CommandCall): Promise<number> {
  const { values, args, io } = call;
  const path = args[0] ?? '';
  const wholeParts = values['whole-parts'] === true;
  return await withConsole(call, async (console) => {
    const { village } = await openFor(console, path);
    const taken = await takeBundle(village, path, { wholeParts }, controlOf(io)).catch((e: unknown) => {
      if (e instanceof AppError && e.code === 'BUNDLE_DAMAGED' && Number(e.data['entries']) > 0)
        io.note('With --whole-parts this command takes what is whole.');
      throw e;
    });
    const { report, ...sums } = taken;
    if (values['json'] === true) {
      const { manifest, ...told } = report;
      const from = manifest ? { device: manifest.device, madeMs: manifest.madeMs } : null;
      io.print(JSON.stringify({ ...sums, village: village.id, report: { ...told, from } }, null, 2));
    } else for (const line of sentencesOf(taken, village)) io.print(line);
    return report.isWhole ? 0 : 1;
  });
}

/** The village that the file is of. Errors: NOT_FOUND with what to do first. */
async function openFor(console: Console, path: string): Promise<OpenVillage> {
  const village = await villageOfBundle(path);
  const open = console.open.get(village);
  if (open) return open;
  throw new AppError(
    'NOT_FOUND',
    `${path} is of the village ${village.slice(0, 8)}, which this console is not in. Join it first with an invitation of one of its coordinators (a text or a QR code; no network is needed), then bring the file in.`,
    { data: { village } },
  );
}

function sentencesOf({ report, joined, known, restored, waiting, blocks, refused }: TakenBundle, village: Village) {
  const lines = [`${joined} new entries and ${blocks} days of readings are in the books; ${known} were here already.`];
  if (restored > 0) lines.push(`${restored} entries of months that were put away are back.`);
  for (const { reason, count } of refused) lines.push(`${count} entries were refused: ${reason}.`);
  if (report.signer === 'unknown') lines.push('The console that wrote the file is not known in this village.');
  if (waiting > 0) {
    lines.push(`${waiting} entries wait for others that are not here. They are forgotten when this console closes.`);
    lines.push('Write a file here, bring it in over there, and ask for one with --since this console:');
    lines.push(`it will hold exactly what is missing here (console ${village.keys.id.slice(0, 8)}).`);
  }
  if (!report.isWhole) lines.push('The file is not whole: ask for it again.');
  const others = knownConsoles(village).length;
  if (others > 0 && waiting === 0) lines.push(`What other consoles lack: gridpact bundle export --since NAME FILE.`);
  return lines;
}

const sizeOf = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;

function controlOf(io: CommandIo): JobControl {
  let told = '';
  return {
    signal: io.signal,
    progress(stage, done, of) {
      const line = of > 0 ? `${stage}: ${Math.floor((done / of) * 10) * 10} %` : `${stage}`;
      if (line !== told) io.note(line);
      told = line;
    },
  };
}
