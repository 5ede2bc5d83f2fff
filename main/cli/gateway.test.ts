import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const cli = join(import.meta.dirname, 'cli.ts');
const LINK = /(http:\/\/127\.0\.0\.1:\d+\/)#pair=(\d{8})/g;
let dataDir: string;
let children: ChildProcess[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'gateway-command-'));
});

afterEach(async () => {
  for (const child of children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
  children = [];
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

test('it prints address, code and link; SIGUSR2 and the pair command make new codes; SIGTERM ends it cleanly', async () => {
  const gateway = start();
  const [first] = await gateway.links(1);
  gateway.child.kill('SIGUSR2');
  const [, second] = await gateway.links(2);
  expect(second?.code).not.toBe(first?.code);
  expect(await pair(first)).toBe(403);
  expect(await pair(second)).toBe(200);

  const asked = spawnSync(process.execPath, [cli, 'pair', '--data', dataDir], { encoding: 'utf8' });
  const [third] = Array.from(asked.stdout.matchAll(LINK), ([, url = '', code = '']) => ({ url, code }));
  expect(third?.url).toBe(first?.url);
  expect(await pair(third)).toBe(200);

  const exited = once(gateway.child, 'exit');
  gateway.child.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
  expect(existsSync(join(dataDir, 'gateway', 'running.json'))).toBe(false);
});

test('a folder that another console has open is refused with its name, and the first one goes on', async () => {
  const gateway = start();
  const [link] = await gateway.links(1);
  const second = spawnSync(process.execPath, [cli, 'gateway', '--data', dataDir, '--port', '0', '--no-mdns'], {
    encoding: 'utf8',
  });
  expect(second.status).toBe(1);
  expect(second.stderr).toContain(dataDir);
  expect(await pair(link)).toBe(200);
});

test('a folder that the desktop app sealed is not opened without its key', () => {
  writeFileSync(join(dataDir, 'data-key.sealed'), 'sealed');
  const refused = spawnSync(process.execPath, [cli, 'gateway', '--data', dataDir, '--port', '0'], { encoding: 'utf8' });
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('only the desktop app can open');
  expect(existsSync(join(dataDir, 'core'))).toBe(false);
});

interface Link {
  readonly url: string;
  readonly code: string;
}

function start() {
  const args = ['gateway', '--data', dataDir, '--port', '0', '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0'];
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  /** Resolves when so many links were printed. */
  async function links(count: number): Promise<Link[]> {
    for (;;) {
      const found = Array.from(text.matchAll(LINK), ([, url = '', code = '']) => ({ url, code }));
      if (found.length >= count) return found;
      if (child.exitCode !== null) throw new Error(`the gateway ended with exit code ${child.exitCode}: ${text}`);
      await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    }
  }
  return { child, links };
}

async function pair(link: Link | undefined): Promise<number> {
  if (!link) throw new Error('no link was printed');
  const answer = await fetch(new URL('/pair', link.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: new URL(link.url).origin },
    body: JSON.stringify({ code: link.code }),
  });
  return answer.status;
}
