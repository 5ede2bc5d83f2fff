import type { CommandSpec } from './command.ts';

export function formatOverview(commands: readonly CommandSpec[], version: string): string {
  return [
    `Gridpact ${version}: the operator console of an offline village microgrid`,
    '',
    'gridpact <command> [options]',
    '',
    ...columns(commands.map((command) => [[command.name, ...command.args].join(' '), command.summary])),
    '',
    'gridpact <command> --help says more. gridpact --version names the version.',
    'Exit codes: 0 done, 1 not done (the reason is on stderr), 2 the command line makes no sense.',
  ].join('\n');
}

export function formatCommand(command: CommandSpec): string {
  const options = Object.entries(command.options).map(([name, { value, text }]) => [
    `--${name}${value ? ` ${value}` : ''}`,
    text,
  ]);
  return [
    `gridpact ${[command.name, ...command.args].join(' ')} [options]`,
    '',
    `${command.summary}.`,
    '',
    ...columns([...options, ['--help', 'this text']]),
  ].join('\n');
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([left = '']) => left.length));
  return rows.map(([left = '', right = '']) => `  ${left.padEnd(width)}  ${right}`);
}
