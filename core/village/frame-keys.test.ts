import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDataKey } from '#core/crypto/data-key.ts';
import { deviceKeysFrom } from '#core/crypto/device-keys.ts';
import { openConsoleStore } from '#core/storage/console-store.ts';
import { foundVillage, join, type TestDevice } from '#domain/village/village-fixture.ts';
import { createFrameKeys } from './frame-keys.ts';

const MONTH = '2012-01';
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(joinPath(tmpdir(), 'frame-keys-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function openVillage() {
  const village = foundVillage();
  const dataKey = await openDataKey(dir, undefined);
  const stores = new Map<string, ReturnType<typeof openConsoleStore>>();
  const keysOf = (device: TestDevice) => {
    const store = stores.get(device.id) ?? openConsoleStore(joinPath(dir, `${device.id}.sqlite`));
    stores.set(device.id, store);
    return createFrameKeys(store, dataKey, village.id, deviceKeysFrom(device.seed));
  };
  /** The state, with the boxes that a console makes of these devices' seeds. */
  const stateWith = (...devices: readonly TestDevice[]) => {
    const state = village.fold();
    for (const { id, seed } of devices) {
      const granted = state.devices.get(id);
      if (granted) state.devices.set(id, { ...granted, box: deviceKeysFrom(seed).box });
    }
    return state;
  };
  const close = () => {
    for (const s of stores.values()) s.close();
  };
  return { village, keysOf, stateWith, close };
}

test('noise that an insider wrote first under a key does not keep the real key from anyone', async () => {
  const { village, keysOf, stateWith, close } = await openVillage();
  const { device: insider } = join(village, 'Baraka');
  const { device: reader } = join(village, 'Chipo');
  const state = () => stateWith(village.device, insider, reader);
  const maker = keysOf(village.device);
  const { id, key } = maker.current(MONTH);
  const noise = { ephemeral: new Uint8Array(32).fill(9), iv: new Uint8Array(12), box: new Uint8Array(48) };
  const sealed = [village.device, reader].map((d) => ({ device: d.id, ...noise }));
  village.write(insider, 'members', 'key.share', { key: id, scope: MONTH, sealed });
  for (const body of maker.owed(state())) village.write(village.device, 'members', 'key.share', body);
  const readers = keysOf(reader);
  expect(readers.learn(state())).toBe(true);
  expect(readers.all().get(id)).toEqual(key);
  expect(maker.owed(state())).toEqual([]);
  expect(readers.owed(state())).toEqual([]);
  expect(keysOf(reader).all().get(id)).toEqual(key);
  close();
});

test('who holds a key shares it with a device that came after its maker was gone', async () => {
  const { village, keysOf, stateWith, close } = await openVillage();
  const { device: reader } = join(village, 'Chipo');
  const maker = keysOf(village.device);
  const { id, key } = maker.current(MONTH);
  for (const body of maker.owed(stateWith(village.device, reader)))
    village.write(village.device, 'members', 'key.share', body);
  const holder = keysOf(reader);
  holder.learn(stateWith(village.device, reader));
  const { device: late } = join(village, 'Dalia');
  const state = stateWith(village.device, reader, late);
  expect(holder.owed(state).map((o) => o.sealed.map((s) => s.device))).toEqual([[late.id]]);
  for (const body of holder.owed(state)) village.write(reader, 'members', 'key.share', body);
  const latecomer = keysOf(late);
  latecomer.learn(stateWith(village.device, reader, late));
  expect(latecomer.all().get(id)).toEqual(key);
  close();
});
