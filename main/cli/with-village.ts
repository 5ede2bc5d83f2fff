import type { Console, OpenVillage } from '#core/console.ts';
import { AppError } from '#core/ports/errors.ts';
import { startConsole } from '#core/start-core.ts';
import { composeOptions } from '#main/compose.ts';
import { defaultDataDir } from '#main/data-dir.ts';
import { type CommandCall, readText } from './command.ts';
import { readKeyHolder } from './key-holder.ts';

type Call = Pick<CommandCall, 'values' | 'io'>;

/** Opens one village of the data folder for a command that ends by itself. Errors: VILLAGE_LOCKED, NOT_FOUND. */
export const withVillage = <T>(call: Call, work: (open: OpenVillage) => Promise<T>): Promise<T> =>
  withConsole(call, (console, dataDir) =>
    work(choose([...console.open.values()], readText(call.values, 'village'), dataDir)),
  );

/** Opens the data folder for a command that ends by itself. Errors: VILLAGE_LOCKED. */
export async function withConsole<T>(
  { values, io }: Call,
  work: (console: Console, dataDir: string) => Promise<T>,
): Promise<T> {
  const dataDir = readText(values, 'data') ?? defaultDataDir();
  const keyHolder = readKeyHolder(values);
  const options = composeOptions({
    dataDir,
    host: 'command-line',
    listen: ['/ip4/127.0.0.1/tcp/0'],
    mdns: false,
    log: (line) => io.note(line),
    ...keyHolder,
  });
  const { console, stop } = await startConsole({ ...options, autoPoll: false }).catch((e: unknown) => {
    if (!(e instanceof AppError) || e.code !== 'VILLAGE_LOCKED') throw e;
    const message = `A console uses ${dataDir} right now. Close it and try again, or use its pages.`;
    throw new AppError('VILLAGE_LOCKED', message, { cause: e });
  });
  try {
    return await work(console, dataDir);
  } finally {
    await stop();
  }
}

function choose(villages: readonly OpenVillage[], wanted: string | undefined, dataDir: string): OpenVillage {
  const [first] = villages;
  if (!first) throw new AppError('NOT_FOUND', `There is no village in ${dataDir}. Found or join one first.`);
  const known = villages.map((v) => `${v.village.id.slice(0, 8)} (${v.village.row.name})`).join(', ');
  if (wanted === undefined) {
    if (villages.length === 1) return first;
    throw new AppError('BAD_INPUT', `Several villages are in ${dataDir}: ${known}. Say which with --village.`);
  }
  const matches = villages.filter((v) => v.village.id.startsWith(wanted.toLowerCase()));
  if (matches[0] && matches.length === 1) return matches[0];
  throw new AppError('NOT_FOUND', `--village ${wanted.slice(0, 64)} is none of those in ${dataDir}: ${known}.`);
}
