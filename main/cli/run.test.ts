import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VERSION } from '#main/version.ts';
import { COMMANDS } from './commands.ts';
import { runCommandLine } from './run.ts';

async function run(...line: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const io = { print: (text: string) => out.push(text), note: (text: string) => err.push(text) };
  const code = await runCommandLine(line, { ...io, signal: AbortSignal.abort() });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

test('help names every command, every option and the exit codes, and is an answer, not an error', async () => {
  const overview = await run('--help');
  expect(overview).toMatchObject({ code: 0, err: '' });
  for (const command of COMMANDS) {
    expect(overview.out).toContain(command.name);
    const help = await run(...command.name.split(' '), '--help');
    expect(help).toMatchObject({ code: 0, err: '' });
    for (const option of Object.keys(command.options)) expect(help.out).toContain(`--${option}`);
  }
});

test('every command can be loaded', async () => {
  for (const command of COMMANDS) await expect(command.load(), command.name).resolves.toBeTypeOf('function');
});

test('--version answers the version of the package', async () => {
  expect(await run('--version')).toEqual({ code: 0, out: VERSION, err: '' });
});

test('a command line that makes no sense ends with 2 and says on stderr what is wrong and where to look', async () => {
  const cases: [string[], RegExp][] = [
    [['fly'], /gridpact fly is not a command/],
    [['readings'], /gridpact readings is not a command/],
    [['gateway', '--prot', '1'], /gridpact gateway: .*--prot/],
    [['gateway', 'extra'], /takes no arguments; 1 given/],
    [['readings', 'import'], /takes FILE; 0 given/],
    [['gateway', '--port', '70000'], /--port 70000 is not a whole number from 0 to 65535/],
    [['gateway', '--port', '0x10'], /--port 0x10/],
    [['gateway', '--lan'], /--lan .* needs --tls-cert FILE and --tls-key FILE/],
    [['gateway', '--tls-cert', 'x.pem'], /belong to --lan/],
    [['gateway', '--tpm', '--passphrase-file', import.meta.filename], /--tpm and a passphrase .* exclude each other/],
  ];
  for (const [line, message] of cases) {
    const { code, out, err } = await run(...line);
    expect({ code, out }, line.join(' ')).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
    expect(err).toContain('See gridpact --help.');
  }
});

test('what cannot be done ends with 1 and names what, where and what to do', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'cli-'));
  try {
    const { code, err } = await run('pair', '--data', dir);
    expect(code).toBe(1);
    expect(err).toBe(`No gateway runs on ${dir}. Start one with gridpact gateway. (NOT_FOUND)`);
    expect(await run('gateway', '--data', dir, '--passphrase-file', join(dir, 'none'))).toMatchObject({ code: 1 });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('asked for nothing, the program shows its help and ends with 2', () => {
  const cli = join(import.meta.dirname, 'cli.ts');
  const { status, stdout } = spawnSync(process.execPath, [cli], { encoding: 'utf8' });
  expect({ status, help: stdout.includes('gridpact <command>') }).toEqual({ status: 2, help: true });
});
