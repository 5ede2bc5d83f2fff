import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HDNodeWallet, Mnemonic } from 'ethers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ConsoleStore, openConsoleStore } from '#core/storage/console-store.ts';
import { recoverSigner } from '#domain/membership/typed-data.ts';
import { type DataKey, openDataKey } from './data-key.ts';
import { createKeystore } from './keystore.ts';

const VILLAGE = 'ab'.repeat(32);
const MEMBER = 'm1';
const PIN = '2468';
const DIGEST = `0x${'5a'.repeat(32)}`;
const LOCK_MS = 15 * 60_000;

let dir = '';
let store: ConsoleStore;
let nowMs = 0;
let dataKey: DataKey;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'keystore-'));
  dataKey = await openDataKey(dir, undefined);
  store = openConsoleStore(join(dir, 'console.sqlite'), dataKey);
  nowMs = Date.UTC(2026, 2, 1);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const openKeystore = async () => createKeystore(store, VILLAGE, await openDataKey(dir, undefined), () => nowMs);
async function withKey() {
  const keystore = await openKeystore();
  const made = await keystore.create(PIN);
  made.store(MEMBER);
  return { keystore, made };
}
/** A crash: nothing is closed in order, the file is opened again. */
const reopen = (): void => {
  store.close();
  store = openConsoleStore(join(dir, 'console.sqlite'), dataKey);
};

test('a key signs for its address once the PIN is given, and twelve words make the same key again', async () => {
  const { keystore, made } = await withKey();
  expect(made.words).toHaveLength(12);
  const key = await keystore.unlock(MEMBER, PIN);
  expect(key.address).toBe(made.key.address);
  expect(recoverSigner(DIGEST, key.sign(DIGEST))).toBe(made.key.address);
  const again = await keystore.fromWords(` ${made.words.join('  ').toUpperCase()} `, '1357');
  expect(again.key.address).toBe(made.key.address);
  again.store(MEMBER);
  await expect(keystore.unlock(MEMBER, PIN)).rejects.toMatchObject({ code: 'WRONG_PIN' });
  expect((await keystore.unlock(MEMBER, '1357')).address).toBe(made.key.address);
});

test('words that are misspelt, missing or out of order are refused without naming any of them', async () => {
  const { keystore, made } = await withKey();
  const [first = '', second = '', ...rest] = made.words;
  for (const words of [[first, ...rest], ['gridpact', second, ...rest], []]) {
    const failed = await keystore.fromWords(words.join(' '), PIN).catch((e: unknown) => e as Error);
    expect(failed).toMatchObject({ code: 'BAD_WORDS' });
    expect((failed as Error).message).not.toContain(second);
  }
});

test('five wrong PINs lock the key for a quarter of an hour, also for the right one, also after a crash', async () => {
  const { keystore } = await withKey();
  for (const left of [4, 3, 2, 1, 0])
    await expect(keystore.unlock(MEMBER, '0000')).rejects.toMatchObject({ code: 'WRONG_PIN', data: { left } });
  reopen();
  const after = await openKeystore();
  await expect(after.unlock(MEMBER, PIN)).rejects.toMatchObject({ code: 'PIN_LOCKED', data: { minutes: 15 } });
  expect(store.pinTries(`member-key|${VILLAGE}|${MEMBER}`).count).toBe(5);
  nowMs += LOCK_MS;
  expect(await after.unlock(MEMBER, PIN)).toBeDefined();
  await expect(after.unlock(MEMBER, '0000')).rejects.toMatchObject({ data: { left: 4 } });
});

test('the paper words open a locked key at once, with a PIN of its own', async () => {
  const { keystore, made } = await withKey();
  for (let i = 0; i < 5; i++) await keystore.unlock(MEMBER, '0000').catch(() => undefined);
  const again = await keystore.fromWords(made.words.join(' '), '1357');
  again.store(MEMBER);
  expect((await keystore.unlock(MEMBER, '1357')).address).toBe(made.key.address);
});

test('a try is counted before the PIN is tried, so that pulling the plug buys no other', async () => {
  const { keystore } = await withKey();
  const trying = keystore.unlock(MEMBER, '0000').catch(() => undefined);
  expect(store.pinTries(`member-key|${VILLAGE}|${MEMBER}`).count).toBe(1);
  await trying;
  await Promise.allSettled(Array.from({ length: 9 }, () => keystore.unlock(MEMBER, '0000')));
  await expect(keystore.unlock(MEMBER, PIN)).rejects.toMatchObject({ code: 'PIN_LOCKED' });
});

test('a key that is not here is said to be not here', async () => {
  const keystore = await openKeystore();
  expect(keystore.has('m2')).toBe(false);
  await expect(keystore.unlock('m2', PIN)).rejects.toMatchObject({ code: 'NO_KEY_HERE' });
});

test('neither the key nor the words nor the PIN are in any file', async () => {
  const { made } = await withKey();
  const { privateKey } = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(made.words.join(' ')));
  reopen();
  for (const file of ['console.sqlite', 'data-key']) {
    const bytes = readFileSync(join(dir, file));
    expect(bytes.includes(Buffer.from(privateKey.slice(2), 'hex'))).toBe(false);
    expect(bytes.includes(made.words.slice(0, 2).join(' '))).toBe(false);
    expect(bytes.includes(privateKey.slice(2))).toBe(false);
  }
});
