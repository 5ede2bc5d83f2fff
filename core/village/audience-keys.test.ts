import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keyIdOf } from '#core/crypto/aead.ts';
import { openDataKey } from '#core/crypto/data-key.ts';
import { deviceKeysFrom, newSeed } from '#core/crypto/device-keys.ts';
import { type ConsoleStore, openConsoleStore } from '#core/storage/console-store.ts';
import { audienceOf, MEMBERS, meterScope } from '#domain/membership/audiences.ts';
import {
  addMeter,
  foundVillage,
  join,
  sealedText,
  type TestDevice,
  type TestVillage,
} from '#domain/village/village-fixture.ts';
import { type AudienceKeys, createAudienceKeys } from './audience-keys.ts';
import { openKeyRing } from './key-ring.ts';

const MONTH = '2012-01';
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(joinPath(tmpdir(), 'audience-keys-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function openVillage() {
  const village = foundVillage();
  const dataKey = await openDataKey(dir, undefined);
  const stores = new Map<string, ReturnType<typeof openConsoleStore>>();
  const seeds = new Map<string, Uint8Array>([[village.device.id, village.device.seed]]);
  const keysOf = (device: TestDevice, on = device) => {
    const store = stores.get(on.id) ?? openConsoleStore(joinPath(dir, `${on.id}.sqlite`), dataKey);
    stores.set(on.id, store);
    return createAudienceKeys(openKeyRing(store, dataKey, village.id, device.id), deviceKeysFrom(device.seed));
  };
  const enter = (name: string, ...roles: Parameters<typeof join>[2][]) => {
    const { person, device } = join(village, name, ...roles);
    seeds.set(device.id, device.seed);
    return { person, device };
  };
  /** The state, with the boxes that a console makes of these devices' seeds. */
  const state = () => {
    const folded = village.fold();
    for (const [id, seed] of seeds) {
      const granted = folded.devices.get(id);
      if (granted) folded.devices.set(id, { ...granted, box: deviceKeysFrom(seed).box });
    }
    return folded;
  };
  const give = (device: TestDevice, keys: AudienceKeys, elapsedMs = 0): string[] => {
    const { records } = keys.owed(state(), village.nowMs, elapsedMs);
    for (const { book, body } of records) village.write(device, book, 'key.share', body);
    return records.flatMap((r) => r.body.shares.flatMap((s) => s.sealed.map((x) => x.device)));
  };
  const ringOf = (device: TestDevice) => {
    keysOf(device);
    return openKeyRing(stores.get(device.id) as ConsoleStore, dataKey, village.id, device.id);
  };
  const close = () => {
    for (const s of stores.values()) s.close();
  };
  return { village, keysOf, ringOf, enter, state, give, close };
}

const revoke = (village: TestVillage, device: TestDevice) =>
  village.write(village.device, 'members', 'device.revoke', {
    device: device.id,
    last: { members: 99 },
    private: sealedText('lost'),
  });

test('noise that an insider wrote first under a key does not keep the real key from anyone', async () => {
  const { village, keysOf, enter, state, give, close } = await openVillage();
  const { device: insider } = enter('Baraka');
  const { device: reader } = enter('Chipo');
  const maker = keysOf(village.device);
  const { id, key } = maker.current(state(), MEMBERS, village.nowMs);
  const noise = { ephemeral: new Uint8Array(32).fill(9), iv: new Uint8Array(12), box: new Uint8Array(48) };
  const sealed = [village.device, reader].map((d) => ({ device: d.id, ...noise }));
  village.write(insider, 'members', 'key.share', { shares: [{ key: id, scope: MEMBERS, sealed }] });
  give(village.device, maker);
  const readers = keysOf(reader);
  expect(readers.learn(state())).toBe(true);
  expect(readers.find(id)).toEqual(key);
  expect(give(village.device, maker)).toEqual([]);
  expect(give(reader, readers)).toEqual([]);
  expect(keysOf(reader).find(id)).toEqual(key);
  close();
});

test('who holds a key shares it with a device that came after its maker was gone', async () => {
  const { village, keysOf, enter, state, give, close } = await openVillage();
  const { device: reader } = enter('Chipo');
  const maker = keysOf(village.device);
  const { id, key } = maker.current(state(), MEMBERS, village.nowMs);
  give(village.device, maker);
  const holder = keysOf(reader);
  holder.learn(state());
  const { device: late } = enter('Dalia');
  expect(give(reader, holder)).toEqual([]);
  // The maker closes accounts and comes first; when its turn is over without a word, the next one gives.
  const { nextMs } = holder.owed(state(), village.nowMs, 1000);
  expect(nextMs).toBeGreaterThan(0);
  expect(give(reader, holder, nextMs)).toEqual([late.id]);
  const latecomer = keysOf(late);
  latecomer.learn(state());
  expect(latecomer.find(id)).toEqual(key);
  close();
});

test('of many holders that see a newcomer at once only the maker gives at once', async () => {
  const { village, keysOf, enter, state, give, close } = await openVillage();
  const holders = ['Baraka', 'Chipo', 'Dalia', 'Eze'].map((name) => enter(name).device);
  const maker = keysOf(village.device);
  maker.current(state(), MEMBERS, village.nowMs);
  give(village.device, maker);
  const others = holders.map((h) => keysOf(h));
  for (const o of others) o.learn(state());
  const { device: late } = enter('Farai');
  const now = [maker, ...others].map((k) => k.owed(state(), village.nowMs, 0));
  expect(now.map((o) => o.records.length)).toEqual([1, 0, 0, 0, 0]);
  expect(new Set(now.slice(1).map((o) => o.nextMs)).size).toBe(4);
  give(village.device, maker);
  expect(others.map((o) => o.owed(state(), village.nowMs, 0).records.length)).toEqual([0, 0, 0, 0]);
  expect(others.map((o) => give(late, o, 60_000).length)).toEqual([0, 0, 0, 0]);
  expect(keysOf(late).learn(state())).toBe(true);
  close();
});

test('a key ends with its audience: what is sealed after a device was revoked never opens to it (P42)', async () => {
  const { village, keysOf, enter, state, give, close } = await openVillage();
  const { device: stolen } = enter('Baraka');
  const { device: stays } = enter('Chipo');
  const maker = keysOf(village.device);
  const before = maker.current(state(), MEMBERS, village.nowMs);
  give(village.device, maker);
  revoke(village, stolen);
  const after = maker.current(state(), MEMBERS, village.nowMs);
  expect(after.id).not.toBe(before.id);
  expect(maker.current(state(), MEMBERS, village.nowMs).id).toBe(after.id);
  give(village.device, maker);
  const [thief, honest] = [keysOf(stolen), keysOf(stays)];
  for (const k of [thief, honest]) k.learn(state());
  expect([thief.find(before.id), thief.find(after.id)]).toEqual([before.key, undefined]);
  expect([honest.find(before.id), honest.find(after.id)]).toEqual([before.key, after.key]);
  close();
});

test('a restored copy seals with none of the keys that its old device made and may have lost', async () => {
  const { village, keysOf, enter, state, give, close } = await openVillage();
  const { device: old } = enter('Baraka', 'coordinator');
  const { device: copy } = enter('Chipo', 'coordinator');
  const before = keysOf(old).current(state(), MEMBERS, village.nowMs);
  give(old, keysOf(old));
  revoke(village, old);
  const restored = keysOf(copy, old);
  expect(restored.find(before.id)).toEqual(before.key);
  const after = restored.current(state(), MEMBERS, village.nowMs);
  expect(after.id).not.toBe(before.id);
  give(copy, restored);
  const thief = keysOf(old);
  thief.learn(state());
  expect(thief.find(before.id)).toEqual(before.key);
  expect(state().keyShares.get(`${MEMBERS} ${after.id}`)?.has(old.id)).toBe(false);
  close();
});

test('a share of noise by somebody without the key ends no key', async () => {
  const { village, keysOf, enter, state, close } = await openVillage();
  const { device: insider } = enter('Baraka');
  const maker = keysOf(village.device);
  const meter = addMeter(village, 'mill');
  const scope = meterScope(meter, MONTH);
  const { id } = maker.current(state(), scope, village.nowMs);
  const noise = { ephemeral: new Uint8Array(32), iv: new Uint8Array(12), box: new Uint8Array(48) };
  const body = { shares: [{ key: id, scope, sealed: [{ device: insider.id, ...noise }] }] };
  expect(village.held(village.write(insider, `segments-${MONTH}`, 'key.share', body))).toBeUndefined();
  expect(audienceOf(state(), scope, village.nowMs).has(insider.id)).toBe(false);
  expect(maker.current(state(), scope, village.nowMs).id).toBe(id);
  close();
});

test('the keys of many meters go out a few hundred to a record, each in the book of its month', async () => {
  const { village, keysOf, enter, state, give, close } = await openVillage();
  for (const name of ['Baraka', 'Chipo', 'Dalia']) enter(name, 'coordinator');
  const maker = keysOf(village.device);
  for (let i = 0; i < 100; i++)
    maker.current(state(), meterScope(addMeter(village, `home ${i}`), MONTH), village.nowMs);
  const { records } = maker.owed(state(), village.nowMs, 0);
  expect(records.map((r) => [r.book, r.body.shares.reduce((n, s) => n + s.sealed.length, 0)])).toEqual([
    [`segments-${MONTH}`, 256],
    [`segments-${MONTH}`, 44],
  ]);
  expect(new Set(give(village.device, maker)).size).toBe(3);
  expect(give(village.device, maker)).toEqual([]);
  close();
});

test('the keys of many months are given some months at a time, and looked through again only where something came', async () => {
  const { village, keysOf, ringOf, enter, state, close } = await openVillage();
  const { device: late } = enter('Baraka', 'coordinator');
  const months = Array.from({ length: 6 }, (_, i) => `2012-0${i + 1}`);
  const made = (month: string) =>
    Array.from({ length: 250 }, (_, i) => {
      const key = newSeed();
      const scope = meterScope(`e${i.toString(16).padStart(32, '0')}`, month);
      return { id: keyIdOf(key), key, scope, giver: village.device.id };
    });
  for (const month of months) ringOf(village.device).add(made(month));
  const maker = keysOf(village.device);
  const parts: number[] = [];
  for (let isMore = true; isMore; ) {
    const owed = maker.owed(state(), village.nowMs, 0);
    isMore = owed.isMore;
    for (const { book, body } of owed.records) village.write(village.device, book, 'key.share', body);
    parts.push(owed.records.flatMap((r) => r.body.shares).length);
  }
  expect(parts).toEqual(months.map(() => 250));
  expect(keysOf(late).learn(state())).toBe(true);
  expect(months.map((month) => ringOf(late).ofMonth(month).length)).toEqual(months.map(() => 250));

  while (maker.owed(state(), village.nowMs, 0).isMore);
  expect(ringOf(village.device).settled()).toMatchObject({ stamp: expect.stringMatching(/./), open: [] });
  maker.current(state(), meterScope(addMeter(village, 'mill'), '2012-03'), village.nowMs);
  expect(ringOf(village.device).settled().open).toEqual(['2012-03']);
  const givenTo: string[] = [];
  for (let isMore = true; isMore; ) {
    const owed = maker.owed(state(), village.nowMs, 0);
    isMore = owed.isMore;
    for (const { body } of owed.records) givenTo.push(...body.shares.flatMap((s) => s.sealed.map((k) => k.device)));
  }
  expect(givenTo).toEqual([late.id]);
  close();
});
