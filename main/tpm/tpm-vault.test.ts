import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openDataKey } from '#core/crypto/data-key.ts';
import { composeOptions } from '#main/compose.ts';
import { createTpmVault } from './tpm-vault.ts';

const cli = join(import.meta.dirname, '../cli/cli.ts');
const missing = ['swtpm', 'tpm2_unseal'].filter((tool) => spawnSync(tool, ['--version']).error);
if (missing.length > 0) console.warn(`SKIPPED, NOT PASSED: the data key under a TPM (no ${missing.join(', ')} here)`);
const withTpm = test.skipIf(missing.length > 0);
/** A hang limit, not a measure. */
const HANG = { timeout: 60_000 };

let root: string;
let dataDir: string;
let running: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tpm-'));
  dataDir = join(root, 'data');
  mkdirSync(dataDir);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const child of running.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
  running = [];
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

/** A chip of its own, in software; answers the environment in which tpm2-tools reach it. */
async function startTpm(name: string): Promise<NodeJS.ProcessEnv> {
  const state = join(root, name);
  mkdirSync(state);
  const socket = join(state, 'socket');
  const ends = ['--server', `type=unixio,path=${socket}`, '--ctrl', `type=unixio,path=${socket}.ctrl`];
  const args = ['socket', '--tpm2', '--tpmstate', `dir=${state}`, ...ends, '--flags', 'startup-clear'];
  running.push(spawn('swtpm', args, { stdio: 'ignore' }));
  await vi.waitFor(() => expect(existsSync(socket)).toBe(true), HANG);
  return { ...process.env, TPM2TOOLS_TCTI: `swtpm:path=${socket}` };
}

const filesUnder = (dir: string): Buffer[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));

withTpm('the first start seals a secret to the TPM, and every later one gets the same from it (P46)', async () => {
  const env = await startTpm('chip');
  const secret = await createTpmVault(dataDir, env).open({ begun: false });
  expect(secret).toMatch(/^[\w-]{43}$/);
  // more often than the chip has places: nothing stays loaded in it
  for (let start = 0; start < 4; start++)
    expect(await createTpmVault(dataDir, env).open({ begun: start > 0 })).toBe(secret);
  const raw = Buffer.from(secret, 'base64url');
  const forms = [Buffer.from(secret), raw, Buffer.from(raw.toString('base64')), Buffer.from(raw.toString('hex'))];
  const files = filesUnder(dataDir);
  expect(files.length).toBe(1);
  for (const file of files) expect(forms.filter((form) => file.includes(form))).toEqual([]);
});

withTpm('the secret passes through pipes alone: no argument, variable or file of a tool ever holds it', async () => {
  const env = await startTpm('chip');
  const bin = join(root, 'bin');
  const seen = join(root, 'seen');
  mkdirSync(bin);
  for (const name of ['createprimary', 'create', 'load', 'unseal', 'flushcontext']) {
    const tool = `tpm2_${name}`;
    const real = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim();
    // tells its arguments, its environment and, once the tool is done, the files it works on
    const script = `#!/bin/sh\necho ${tool} "$@" >> ${seen}\nenv >> ${seen}\n${real} "$@"\nrc=$?\ncat * >> ${seen}\nexit $rc\n`;
    writeFileSync(join(bin, tool), script, { mode: 0o700 });
  }
  const temporary = join(root, 'temporary');
  mkdirSync(temporary);
  vi.stubEnv('TMPDIR', temporary);
  const secret = await createTpmVault(dataDir, { ...env, PATH: `${bin}:${env['PATH']}` }).open({ begun: false });
  const told = readFileSync(seen);
  expect(
    ['tpm2_create -C primary.ctx -i -', 'tpm2_unseal', 'TPM2TOOLS_TCTI='].filter((s) => !told.includes(s)),
  ).toEqual([]);
  for (const form of [secret, Buffer.from(secret, 'base64url')]) expect(told.includes(form)).toBe(false);
  expect(readdirSync(temporary)).toEqual([]);
});

withTpm('another TPM is refused with what to do, and nothing is changed', async () => {
  const [env, other] = [await startTpm('chip'), await startTpm('other')];
  const secret = await createTpmVault(dataDir, env).open({ begun: false });
  const before = filesUnder(dataDir);
  const refused = createTpmVault(dataDir, other).open({ begun: true });
  await expect(refused).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await expect(refused).rejects.toThrow(/does not open .*data-key\.tpm: another machine's .*new device.*paper words/);
  await expect(refused).rejects.not.toThrow(secret);
  expect(filesUnder(dataDir)).toEqual(before);
  expect(await createTpmVault(dataDir, env).open({ begun: true })).toBe(secret);
});

withTpm('a machine where no TPM answers says where it was looked for, and makes nothing', async () => {
  const env = { ...process.env, TPM2TOOLS_TCTI: `swtpm:path=${join(root, 'nobody')}` };
  const refused = createTpmVault(dataDir, env).open({ begun: false });
  await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(refused).rejects.toThrow(/does not answer .* swtpm:path=.*nobody .*tpm2_createprimary.*group tss/);
  expect(readdirSync(dataDir)).toEqual([]);
});

test('where tpm2-tools are missing, it says what to install, and makes nothing', async () => {
  const refused = createTpmVault(dataDir, { PATH: dataDir }).open({ begun: false });
  await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(refused).rejects.toThrow(/tpm2_createprimary is not installed.*apt-get install tpm2-tools/);
  expect(readdirSync(dataDir)).toEqual([]);
});

test('a folder that was begun without a TPM gets none later: its data key is wrapped already', async () => {
  await expect(createTpmVault(dataDir).open({ begun: true })).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  expect(readdirSync(dataDir)).toEqual([]);
});

test('a torn file is an error that says so, never a new secret', async () => {
  for (const text of ['', '{"v":1,"public":"AA', '{"v":2}', '{"v":1,"public":"","private":"AA"}']) {
    writeFileSync(join(dataDir, 'data-key.tpm'), text);
    const refused = createTpmVault(dataDir).open({ begun: true });
    await expect(refused, text).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(refused, text).rejects.toThrow(/data-key\.tpm is damaged/);
    expect(readFileSync(join(dataDir, 'data-key.tpm'), 'utf8')).toBe(text);
  }
});

withTpm(
  'a gateway begun with --tpm starts again by itself; copied to another machine it stays closed',
  async () => {
    const [env, other] = [await startTpm('chip'), await startTpm('other')];
    await startAndEnd(env, '--tpm');
    await startAndEnd(env);
    const core = join(dataDir, 'core');
    await expect(openDataKey(core, undefined)).rejects.toThrow(/locked by this machine's TPM/);
    await expect(openDataKey(core, '')).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect((await openDataKey(core, await createTpmVault(dataDir, env).open({ begun: true }))).holder).toBe('tpm');

    const copy = join(root, 'copy');
    cpSync(dataDir, copy, { recursive: true });
    const elsewhere = spawnSync(process.execPath, argsFor(copy), { env: other, encoding: 'utf8', ...HANG });
    expect(elsewhere.status).toBe(1);
    expect(elsewhere.stderr).toMatch(/A copied folder opens only on its own machine/);
    expect(() => composeOptions({ ...alone, dataDir, passphrase: 'mango river drum' })).toThrow(
      /locked by this machine's TPM .*Start without one/,
    );
  },
  120_000,
);

const alone = { host: 'gateway', listen: [], mdns: false, log: () => undefined } as const;

const argsFor = (dir: string, more: readonly string[] = []): string[] => {
  const quiet = ['--port', '0', '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0'];
  return [cli, 'gateway', '--data', dir, ...quiet, ...more];
};

async function startAndEnd(env: NodeJS.ProcessEnv, ...more: string[]): Promise<void> {
  const child = spawn(process.execPath, argsFor(dataDir, more), { env, stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited]);
  child.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
}
