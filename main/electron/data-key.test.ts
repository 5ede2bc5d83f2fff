import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dataKeyFile } from '#main/data-dir.ts';
import { openDataKey, type Vault } from './data-key.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'data-key-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

/** Electron's own is not here; this one turns bytes around, so that sealed and plain differ. */
const vault = (over: Partial<Vault> = {}): Vault => ({
  isEncryptionAvailable: () => true,
  getSelectedStorageBackend: () => 'gnome_libsecret',
  encryptString: (text) => Buffer.from(text, 'utf8').reverse(),
  decryptString: (sealed) => Buffer.from(sealed).reverse().toString('utf8'),
  ...over,
});

test('a new data folder gets a secret once, and only its sealed form is on disk, for this user alone', () => {
  const secret = openDataKey(dataDir, vault());
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(openDataKey(dataDir, vault())).toBe(secret);
  expect(readFileSync(dataKeyFile(dataDir), 'utf8')).not.toContain(secret);
  expect(statSync(dataKeyFile(dataDir)).mode & 0o077).toBe(0);
});

test('without safe storage, or with one whose password everybody knows, there is no secret', () => {
  expect(openDataKey(dataDir, vault({ isEncryptionAvailable: () => false }))).toBeNull();
  if (process.platform === 'linux') {
    expect(openDataKey(dataDir, vault({ getSelectedStorageBackend: () => 'basic_text' }))).toBeNull();
  }
});

test('a folder begun without a secret stays without one', () => {
  mkdirSync(join(dataDir, 'core'));
  expect(openDataKey(dataDir, vault())).toBeNull();
});

test('a secret the system no longer opens is named and never replaced', () => {
  openDataKey(dataDir, vault());
  const before = readFileSync(dataKeyFile(dataDir), 'utf8');
  const broken = vault({
    decryptString: () => {
      throw new Error('wrong user');
    },
  });
  expect(() => openDataKey(dataDir, broken)).toThrow(/safe storage does not open .*data-key\.sealed/);
  expect(readFileSync(dataKeyFile(dataDir), 'utf8')).toBe(before);
});
