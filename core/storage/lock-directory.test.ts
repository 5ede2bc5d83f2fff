import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDirectory } from './lock-directory.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const taken = { code: 'VILLAGE_LOCKED' };
/** Takes the lock in a process of its own, which then waits. */
async function lockElsewhere() {
  const script = `const { lockDirectory } = await import(${JSON.stringify(join(import.meta.dirname, 'lock-directory.ts'))});
    lockDirectory(${JSON.stringify(dir)}); process.stdout.write('locked'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '..', '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('one process at a time has a folder, and the lock goes when it is released', () => {
  const unlock = lockDirectory(dir);
  expect(() => lockDirectory(dir)).toThrow(expect.objectContaining(taken));
  expect(() => lockDirectory(dir)).toThrow(new RegExp(`process ${process.pid}.*${dir}`));
  unlock();
  lockDirectory(dir)();
  expect(existsSync(join(dir, 'lock'))).toBe(false);
});

test('a folder that a living process has is refused; after kill -9 of that process it is free', async () => {
  const other = await lockElsewhere();
  expect(() => lockDirectory(dir)).toThrow(new RegExp(`process ${other.pid}`));
  other.kill('SIGKILL');
  await once(other, 'close');
  lockDirectory(dir)();
});

test.runIf(process.platform === 'linux')('a lock whose process id was given to another process is stale', () => {
  lockDirectory(dir);
  const [pid] = readFileSync(join(dir, 'lock'), 'utf8').split('\n');
  writeFileSync(join(dir, 'lock'), `${pid}\n12345`);
  lockDirectory(dir)();
});

test('a lock that was torn while it was written is stale', () => {
  for (const content of ['', 'garbage', '-1\n', '0\n']) {
    writeFileSync(join(dir, 'lock'), content);
    lockDirectory(dir)();
  }
});
