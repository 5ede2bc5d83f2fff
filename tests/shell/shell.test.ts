import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Shell, startShell } from './stand-in/start-shell.ts';

let driver: string;
const dir = mkdtempSync(join(tmpdir(), 'shell-'));
let shells: Shell[] = [];

beforeAll(async () => {
  driver = await bundleDriver();
});

afterEach(async () => {
  for (const shell of shells) shell.kill();
  await Promise.all(shells.map(({ exited }) => exited));
  shells = [];
});

afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));

test('in the stand-in (not Electron) the console opens, its page reaches the core in another process, and asks, commands and hears', async () => {
  const shell = await openShell('journey');
  expect(await shell.evaluate('driver.journey("sw")')).toEqual({
    host: 'electron',
    before: null,
    after: 'sw',
    topic: 'villages',
  });
  const pids = await corePids(shell);
  expect(pids).toHaveLength(1);
  expect(() => process.kill(pids[0] ?? 0, 0)).not.toThrow();
  const heading = () => shell.evaluate('document.querySelector("h1, h2")?.textContent ?? ""');
  await expect.poll(heading, { timeout: 20_000 }).not.toBe('');
  expect(shell.told.filter(({ event }) => event === 'page-error')).toEqual([]);
});

test('in the stand-in (not Electron) the page has the bridge and nothing else of the machine', async () => {
  const shell = await openShell('isolation');
  const found = await shell.evaluate(
    '({ bridge: Object.keys(gridpact), frozen: Object.isFrozen(gridpact), require: typeof require, process: typeof process, binding: typeof standInSend, origin: isSecureContext })',
  );
  expect(found).toEqual({
    bridge: ['connect'],
    frozen: true,
    require: 'undefined',
    process: 'undefined',
    binding: 'undefined',
    origin: true,
  });
});

test('in the stand-in (not Electron) the page can go nowhere, open nothing and ask the system for nothing but to copy text and to look through the camera', async () => {
  const shell = await openShell('navigation');
  await shell.evaluate('void (location.href = "https://example.com/away")');
  await shell.waitFor('navigation', ({ url, denied }) => url === 'https://example.com/away' && denied);
  await shell.evaluate('void open("https://example.com/popup")');
  await shell.waitFor('window-open', ({ denied }) => denied);
  expect(await shell.ask({ ask: 'url' })).toMatch(/^gridpact:\/\/console\/(#|$)/);
  expect(await shell.evaluate('fetch("https://example.com/").then(() => "out", () => "refused")')).toBe('refused');
  for (const permission of [
    'media',
    'geolocation',
    'notifications',
    'clipboard-read',
    'serial',
    'usb',
    'openExternal',
  ]) {
    expect(await shell.ask({ ask: 'would-grant', permission }), permission).toBe(false);
  }
  expect(await shell.ask({ ask: 'would-grant', permission: 'clipboard-sanitized-write' })).toBe(true);
  expect(await shell.ask({ ask: 'would-grant', permission: 'media', media: ['video'] })).toBe(true);
  for (const media of [['audio'], ['audio', 'video']] as const)
    expect(await shell.ask({ ask: 'would-grant', permission: 'media', media })).toBe(false);
});

test('in the stand-in (not Electron) a core that is killed is started again once, told in a plain dialog, and the page finds it again', async () => {
  const shell = await openShell('crash');
  const gone = shell.evaluate('driver.untilCoreIsGone()');
  await expect.poll(() => shell.evaluate('document.documentElement.dataset.portOpen')).toBe('yes');
  const [first = 0] = await corePids(shell);
  process.kill(first, 'SIGKILL');
  await gone;
  await shell.waitFor('dialog', ({ kind, text }) => kind === 'message' && text.includes('starts again'));
  await expect
    .poll(() => shell.evaluate('driver.journey("fr").catch(() => "not yet")'), { timeout: 20_000 })
    .toMatchObject({ after: 'fr' });
  const [second = 0] = await corePids(shell);
  expect(second).not.toBe(first);
  process.kill(second, 'SIGKILL');
  await shell.waitFor('dialog', ({ kind, text }) => kind === 'error' && text.includes('stopped twice'));
  expect(await shell.exited).toBe(1);
});

test('in the stand-in (not Electron) quitting waits for the core, which leaves its data folder free for the next start', async () => {
  const shell = await openShell('quit');
  const [core = 0] = await corePids(shell);
  await shell.ask({ ask: 'quit' }).catch(() => undefined);
  expect(await shell.exited).toBe(0);
  expect(() => process.kill(core, 0)).toThrow();
  expect(readdirSync(join(dir, 'quit')).length).toBeGreaterThan(0);
  const again = await openShell('quit');
  expect(await again.evaluate('driver.journey("sw")')).toMatchObject({ after: 'sw' });
});

async function openShell(name: string): Promise<Shell> {
  const shell = startShell({ GRIDPACT_DATA: join(dir, name) });
  shells.push(shell);
  await shell.waitFor('loaded');
  await shell.evaluate(driver);
  return shell;
}

async function corePids(shell: Shell): Promise<number[]> {
  return (await shell.ask({ ask: 'core-pids' })) as number[];
}

/** The driver as one script that the debugger can run in the page, whose policy allows no script of ours. */
async function bundleDriver(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    root: join(import.meta.dirname, '../..'),
    build: {
      write: false,
      minify: false,
      lib: { entry: join(import.meta.dirname, 'page-driver.ts'), formats: ['iife'], name: 'pageDriver' },
    },
  });
  const outputs = Array.isArray(built) ? built.flatMap(({ output }) => output) : [];
  const [chunk] = outputs.filter((output) => output.type === 'chunk');
  if (!chunk) throw new Error('the page driver was not built');
  return `${chunk.code}\nundefined`;
}
