import { parseArgs } from 'node:util';
import { AppError } from '#core/ports/errors.ts';
import { VERSION } from '#main/version.ts';
import { asParseArgsOptions, type CommandIo, type CommandSpec, UsageError } from './command.ts';
import { COMMANDS } from './commands.ts';
import { formatCommand, formatOverview } from './help.ts';

const HELP_WORDS = new Set(['help', '--help', '-h']);

/** Runs one command line (without `node` and the script) and resolves to its exit code. */
export async function runCommandLine(line: readonly string[], io: CommandIo): Promise<number> {
  try {
    return await dispatch(line, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.note(`${error.message}\nSee gridpact --help.`);
      return 2;
    }
    const isStopped = error === io.signal.reason || (error instanceof Error && error.name === 'AbortError');
    io.note(io.signal.aborted && isStopped ? 'Stopped as asked, before it was done.' : explain(error));
    return 1;
  }
}

async function dispatch(line: readonly string[], io: CommandIo): Promise<number> {
  if (line.length === 0 || HELP_WORDS.has(line[0] ?? '')) {
    io.print(formatOverview(COMMANDS, VERSION));
    return line.length === 0 ? 2 : 0;
  }
  if (line[0] === '--version') {
    io.print(VERSION);
    return 0;
  }
  const command = findCommand(line);
  const rest = line.slice(command.name.split(' ').length);
  const { values, positionals } = parseLine(command, rest);
  if (values['help'] === true) {
    io.print(formatCommand(command));
    return 0;
  }
  if (positionals.length !== command.args.length) {
    const wanted = command.args.length === 0 ? 'no arguments' : command.args.join(' ');
    throw new UsageError(`gridpact ${command.name} takes ${wanted}; ${positionals.length} given.`);
  }
  const run = await command.load();
  return await run({ values, args: positionals, io });
}

function findCommand(line: readonly string[]): CommandSpec {
  const command = COMMANDS.find(({ name }) => name.split(' ').every((word, i) => line[i] === word));
  if (command) return command;
  const begun = COMMANDS.filter(({ name }) => name.startsWith(`${line[0]} `)).map(({ name }) => name);
  const hint = begun.length > 0 ? ` There is: ${begun.join(', ')}.` : '';
  throw new UsageError(`gridpact ${line.slice(0, begun.length > 0 ? 2 : 1).join(' ')} is not a command.${hint}`);
}

function parseLine(command: CommandSpec, args: readonly string[]) {
  try {
    const options = { ...asParseArgsOptions(command.options), help: { type: 'boolean' as const, short: 'h' } };
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(`gridpact ${command.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** An AppError already says what, where and what to do; anything else is a defect and shows where it came from. */
function explain(error: unknown): string {
  if (error instanceof AppError) return `${error.message} (${error.code})`;
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `This should not have happened, and nothing below is your fault. Please report it:\n${trace}`;
}
