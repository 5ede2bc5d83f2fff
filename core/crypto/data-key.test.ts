import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { utf8 } from '#domain/bytes.ts';
import { openDataKey } from './data-key.ts';

const PASSPHRASE = 'the river rises in April';
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'data-key-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a passphrase opens what it closed, and another one says so and changes nothing', async () => {
  const sealed = (await openDataKey(dir, PASSPHRASE)).seal('psk', utf8('secret'));
  const before = readFileSync(join(dir, 'data-key'));
  const wrong = openDataKey(dir, 'the river falls in April');
  await expect(wrong).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await expect(wrong).rejects.toThrow(/passphrase does not open .* Nothing was changed/);
  await expect(openDataKey(dir, undefined)).rejects.toThrow(/locked with a passphrase/);
  expect(readFileSync(join(dir, 'data-key'))).toEqual(before);
  const again = await openDataKey(dir, PASSPHRASE);
  expect(again.holder).toBe('passphrase');
  expect(again.open('psk', sealed)).toEqual(utf8('secret'));
});

test('without a passphrase the key lies in a file only this user can read, and the console knows it', async () => {
  const made = await openDataKey(dir, undefined);
  expect(made.holder).toBe('none');
  if (process.platform !== 'win32') expect(statSync(join(dir, 'data-key')).mode & 0o777).toBe(0o600);
  expect((await openDataKey(dir, undefined)).open('a', made.seal('a', utf8('x')))).toEqual(utf8('x'));
});

test('what was sealed under one label opens under no other, nor with a byte changed', async () => {
  const key = await openDataKey(dir, undefined);
  const sealed = key.seal('one', utf8('secret'));
  expect(() => key.open('two', sealed)).toThrow(/stored under two does not open/);
  for (const at of [0, 12, sealed.length - 1]) {
    const changed = Uint8Array.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => key.open('one', changed)).toThrow(/does not open/);
  }
  expect(() => key.open('one', new Uint8Array(3))).toThrow(/does not open/);
});

test('a data key file that was torn is an error, never a new key', async () => {
  await openDataKey(dir, undefined);
  const path = join(dir, 'data-key');
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, 40));
  await expect(openDataKey(dir, undefined)).rejects.toThrow();
  expect(readFileSync(path)).toEqual(whole.subarray(0, 40));
});
