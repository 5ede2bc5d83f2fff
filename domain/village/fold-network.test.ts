import { describe, expect, test } from 'vitest';
import { devicesWithout, isNetworkKeyExposed, NETWORK_KEY_GRACE_MS, oldestNetworkEpoch } from './fold-network.ts';
import { foundVillage, join, sealedText, type TestDevice, type TestVillage } from './village-fixture.ts';

const sealedTo = (device: TestDevice) => ({
  device: device.id,
  ephemeral: new Uint8Array(32),
  iv: new Uint8Array(12),
  box: new Uint8Array(48),
});
const keyBody = (epoch: number, devices: readonly TestDevice[], letter = 'a') => ({
  epoch,
  key: `${letter}${epoch}`.padEnd(16, '0'),
  sealed: devices.map(sealedTo),
});
const change = (village: TestVillage, by: TestDevice, body: object) =>
  village.write(by, 'members', 'network.key', body);

describe('a key of the village network', () => {
  test('is changed by a coordinator only, and of two changes at once one counts', () => {
    const village = foundVillage();
    const { device } = join(village, 'Baraka', 'consumer');
    expect(village.held(change(village, device, keyBody(1, [device])))).toMatch(/only a coordinator/);
    const first = change(village, village.device, keyBody(1, [village.device]));
    const second = change(village, village.device, keyBody(1, [village.device], 'b'));
    expect([village.held(first), village.held(second)]).toEqual([
      undefined,
      'another change of the network key came first',
    ]);
    expect(village.held(change(village, village.device, { ...keyBody(2, [device]), key: keyBody(1, []).key }))).toMatch(
      /used before/,
    );
    expect(village.fold().networkKeys.map((k) => k.epoch)).toEqual([1]);
  });

  test('opens the network until every console has the next one, or for 30 days', () => {
    const village = foundVillage();
    const { device } = join(village, 'Baraka', 'consumer');
    const record = change(village, village.device, keyBody(1, [village.device, device]));
    const state = village.fold();
    const made = state.networkKeys[0];
    expect(made && devicesWithout(state, made)).toEqual([device.id]);
    expect(oldestNetworkEpoch(state, record.at.ms + NETWORK_KEY_GRACE_MS - 1)).toBe(0);
    expect(oldestNetworkEpoch(state, record.at.ms + NETWORK_KEY_GRACE_MS)).toBe(1);
    village.write(device, 'members', 'network.seen', { epoch: 1 });
    expect(oldestNetworkEpoch(village.fold(), village.nowMs)).toBe(1);
  });

  test('is exposed while a revoked console knows the newest', () => {
    const village = foundVillage();
    const { device } = join(village, 'Baraka', 'consumer');
    expect(isNetworkKeyExposed(village.fold())).toBe(false);
    village.write(village.device, 'members', 'device.revoke', {
      device: device.id,
      last: {},
      private: sealedText('lost'),
    });
    expect(isNetworkKeyExposed(village.fold())).toBe(true);
    change(village, village.device, keyBody(1, [village.device]));
    expect(isNetworkKeyExposed(village.fold())).toBe(false);
    expect(oldestNetworkEpoch(village.fold(), village.nowMs)).toBe(1);
  });

  test('is shared later with a console that joined since, under its own name only', () => {
    const village = foundVillage();
    change(village, village.device, keyBody(1, [village.device]));
    const { device } = join(village, 'Baraka', 'consumer');
    const shared = village.write(village.device, 'members', 'network.share', keyBody(1, [device]));
    const wrong = village.write(village.device, 'members', 'network.share', keyBody(1, [device], 'b'));
    expect([village.held(shared), village.held(wrong)]).toEqual([undefined, 'there is no such network key']);
    expect([...(village.fold().networkKeys[0]?.sealed.keys() ?? [])]).toEqual([village.device.id, device.id]);
  });
});
