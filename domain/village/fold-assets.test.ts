import { describe, expect, test } from 'vitest';
import { cutNow, settle } from '../settlement/settlement-fixture.ts';
import { ZERO_HASH } from './state.ts';
import { addMeter, assetBodyOf, foundVillage, join, makePerson, meterBodyOf, sealedText } from './village-fixture.ts';

describe('an asset', () => {
  test('is registered by its owner or a coordinator, not by others (P2)', () => {
    const village = foundVillage();
    const { person, device } = join(village, 'Baraka', 'owner');
    const add = (by: typeof device, name: string, owner = person) =>
      village.held(village.write(by, 'assets', 'asset.add', assetBodyOf(village, name, owner, name)));
    expect(add(device, 'roof')).toBeUndefined();
    expect(add(village.device, 'barn')).toBeUndefined();
    expect(add(device, 'shed', village.founder)).toBe('only its owner or a coordinator registers an asset');
    expect(add(village.device, 'moon', makePerson('Nobody'))).toBe('owner or host is not a member');
    expect(add(device, 'roof')).toBe('this asset exists');
  });

  test('with a serial that is registered already is shown as a conflict', () => {
    const village = foundVillage();
    const first = assetBodyOf(village, 'roof', village.founder, 'SN1');
    village.write(village.device, 'assets', 'asset.add', first);
    const twin = village.write(
      village.device,
      'assets',
      'asset.add',
      assetBodyOf(village, 'b', village.founder, 'SN1'),
    );
    const state = village.fold();
    expect(state.onHold.get(twin.id)).toBe('this serial number is registered already');
    expect(state.conflicts).toMatchObject([{ kind: 'serial-twice', onHold: twin.id }]);
  });

  test('that an anchored close holds beats one that was back-dated afterwards (formats 4)', () => {
    const village = foundVillage();
    const { person, device } = join(village, 'Baraka', 'owner');
    const honest = village.write(
      village.device,
      'assets',
      'asset.add',
      assetBodyOf(village, 'roof', village.founder, 'SN1'),
    );
    const body = assetBodyOf(village, 'claim', person, 'SN1');
    const late = village.write(device, 'assets', 'asset.add', body, { atMs: honest.at.ms - 1, seen: [] });
    expect([...village.fold().assets.values()].map((a) => a.private)).toEqual([sealedText('claim')]);
    const { records } = cutNow(village);
    const { [device.id]: _, ...assets } = records['assets'] ?? {};
    settle(village, { cut: { rules: 1, checkpoint: ZERO_HASH, records: { ...records, assets } } });
    const state = village.fold();
    expect([...state.assets.values()].map((a) => a.private)).toEqual([sealedText('roof')]);
    expect(state.onHold.has(late.id)).toBe(true);
  });
});

describe('a meter', () => {
  test('is added by a coordinator only (P2)', () => {
    const village = foundVillage();
    const { device } = join(village, 'Baraka');
    const record = village.write(device, 'assets', 'meter.add', meterBodyOf(village, 'mill'));
    expect(village.held(record)).toBe('only a coordinator adds a meter');
  });

  test('is added once, for a member and an asset that are known', () => {
    const village = foundVillage();
    addMeter(village, 'mill');
    const add = (changed: object) => {
      const body = { ...meterBodyOf(village, 'home'), ...changed };
      return village.held(village.write(village.device, 'assets', 'meter.add', body));
    };
    expect(add(meterBodyOf(village, 'mill'))).toBe('this meter exists');
    expect(add({ member: makePerson('Nobody').id })).toBe('the member of this meter is unknown');
    expect(add({ asset: village.newId('a', 'none') })).toBe('the asset of this meter is unknown');
    expect(add({ member: village.founder.id })).toBeUndefined();
  });
});
