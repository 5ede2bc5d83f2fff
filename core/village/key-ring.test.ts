import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keyIdOf } from '#core/crypto/aead.ts';
import { type DataKey, openDataKey } from '#core/crypto/data-key.ts';
import { newSeed } from '#core/crypto/device-keys.ts';
import { type ConsoleStore, openConsoleStore } from '#core/storage/console-store.ts';
import { MEMBERS, meterScope } from '#domain/membership/audiences.ts';
import { type HeldKey, openKeyRing } from './key-ring.ts';

const [VILLAGE, OTHER, DEVICE] = ['b'.repeat(64), 'c'.repeat(64), 'd'.repeat(64)];
const MONTHS = Array.from({ length: 120 }, (_, i) => `${2012 + Math.floor(i / 12)}-${`0${(i % 12) + 1}`.slice(-2)}`);
const METERS = Array.from({ length: 30 }, (_, i) => `e${i.toString(16).padStart(32, '0')}`);

let dir = '';
let dataKey: DataKey;
let store: ConsoleStore;
/** What was read from the disk. */
let read: string[] = [];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'key-ring-'));
  dataKey = await openDataKey(dir, undefined);
  store = openConsoleStore(join(dir, 'console.sqlite'), dataKey);
  read = [];
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const openRing = (village = VILLAGE) => {
  const watched: ConsoleStore = {
    ...store,
    audienceKey(of, id) {
      read.push(id);
      return store.audienceKey(of, id);
    },
    audienceKeysOf(of, month, scope) {
      read.push(scope ?? month);
      return store.audienceKeysOf(of, month, scope);
    },
  };
  return openKeyRing(watched, dataKey, village, DEVICE);
};
const made = (scope: string, giver = DEVICE): HeldKey => {
  const key = newSeed();
  return { id: keyIdOf(key), key, scope, giver };
};
const tenYears = (): HeldKey[][] => MONTHS.map((month) => METERS.map((meter) => made(meterScope(meter, month))));

test('keys of ten years are found when they are asked for, and opening reads none of them', () => {
  const years = tenYears();
  for (const month of years) openRing().add(month);
  const ring = openRing();
  expect(read).toEqual([]);
  for (const month of [years[0], years[60], years[119]])
    for (const h of month ?? []) {
      expect(ring.find(h.id)).toEqual(h);
      expect(ring.newestOwn(h.scope)).toEqual(h);
    }
  expect(ring.ofMonth('2012-01')).toEqual(years[0]);
  expect(ring.months()).toEqual(MONTHS);
  expect(ring.find('0'.repeat(16))).toBeUndefined();
  expect(openRing(OTHER).find(years[0]?.[0]?.id ?? '')).toBeUndefined();
});

test('it holds what was asked for last, and no more than a bounded number', () => {
  const all = tenYears().flat();
  openRing().add(all);
  const ring = openRing();
  for (const { id } of all) ring.find(id);
  read = [];
  for (const { id } of all.slice(-2_000)) ring.find(id);
  expect(read).toEqual([]);
  for (const { id } of all.slice(0, 1_000)) ring.find(id);
  expect(read).toEqual(all.slice(0, 1_000).map((h) => h.id));
});

test('a key that comes is found at once by who asked for it before, and told as later than those before', () => {
  const [first, second] = [made(MEMBERS), made(meterScope(METERS[0] ?? '', '2012-01'), 'a'.repeat(64))];
  const ring = openRing();
  expect([ring.newest(), ring.find(second.id), ring.ofMonth('2012-01')]).toEqual([0, undefined, []]);
  ring.add([first]);
  const before = ring.newest();
  ring.add([second]);
  for (const on of [ring, openRing()]) {
    expect(on.find(second.id)).toEqual(second);
    expect(on.ofMonth('2012-01')).toEqual([second]);
    expect(on.newestOwn(second.scope)).toBeUndefined();
    expect(on.since(before)).toEqual([second.id]);
    expect(on.since(on.newest())).toEqual([]);
  }
});

test('of what is owed to nobody it keeps the months of keys that came since', () => {
  const ring = openRing();
  ring.add([made(MEMBERS)]);
  ring.putSettled({ stamp: 'as it was', open: [] });
  ring.add([made(meterScope(METERS[0] ?? '', '2012-02'))]);
  ring.add([made(meterScope(METERS[1] ?? '', '2012-02')), made(MEMBERS)]);
  expect(openRing().settled()).toEqual({ stamp: 'as it was', open: ['2012-02', ''] });
});

test('P46: the raw disk shows no key, in no spelling, and what is removed with a village is gone', () => {
  const keys = tenYears().slice(0, 3).flat();
  openRing().add(keys);
  const bytes = Buffer.concat(readdirSync(dir).map((name) => readFileSync(join(dir, name))));
  for (const { key } of keys)
    for (const spelled of [
      Buffer.from(key),
      ...(['hex', 'base64', 'base64url'] as const).map((as) => Buffer.from(key).toString(as)),
    ])
      expect(bytes.includes(spelled)).toBe(false);
  store.removeVillage(VILLAGE);
  expect(openRing().months()).toEqual([]);
});
