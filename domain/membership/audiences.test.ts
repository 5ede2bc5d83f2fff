import { describe, expect, test } from 'vitest';
import { leaseOf } from '../settlement/settlement-fixture.ts';
import type { Agreement, DataGrant, VillageState } from '../village/state.ts';
import { assetBodyOf, foundVillage, join, meterBodyOf, sealedText } from '../village/village-fixture.ts';
import { assetScope, audienceOf, MEMBERS, meterScope } from './audiences.ts';
import type { AssetLevel } from './data-grants.ts';

const FIRST_MS = Date.UTC(2012, 0, 1);
const [MONTH, BEFORE] = ['2012-01', '2011-12'];

/** A lease in force from January on between people of whom each has a console. */
function leased() {
  const village = foundVillage();
  const names = ['Odo', 'Baraka', 'Gita', 'Chipo', 'Dalia', 'Esi'] as const;
  const people = Object.fromEntries(names.map((name) => [name, join(village, name)]));
  const idOf = (name: string): string => people[name]?.person.id ?? '';
  const state = village.fold();
  const [mill, chipos, dalias] = ['mill', 'chipos', 'dalias'].map((name, i) => {
    const body = { ...meterBodyOf(village, name), kind: 'use' as const, sinceMs: 0 };
    state.meters.set(body.meter, { ...body, id: body.meter, member: idOf(['Baraka', 'Chipo', 'Dalia'][i] ?? '') });
    return body.meter;
  }) as [string, string, string];
  const owner = people['Odo']?.person ?? village.founder;
  const { asset, ...fields } = assetBodyOf(village, 'roof', owner, 'SN 1');
  state.assets.set(asset, { ...fields, id: asset, host: idOf('Baraka') });
  const neighbours = [chipos, dalias].map((meter, i) => ({ meter, member: idOf(['Chipo', 'Dalia'][i] ?? '') }));
  const parties = { owner: idOf('Odo'), host: idOf('Baraka'), grid: idOf('Gita'), hostMeter: mill };
  const terms = { ...leaseOf({ ...parties, neighbours }), asset, from: MONTH };
  const none = {
    version: 1,
    hash: '',
    draftedBy: idOf('Odo'),
    draftedMs: 0,
    record: '',
    signatures: [],
    declined: null,
  };
  const agreement: Agreement = { ...none, id: 'r1', terms, effectiveMs: FIRST_MS };
  state.agreements.set('r1', agreement);
  const grant = (given: Partial<DataGrant>): void => {
    const what = { meters: [], assets: [], level: 'shared' as const, fromMs: 0, untilMs: FIRST_MS * 2, revoked: null };
    const body = { ...what, id: 'd1', owner: idOf('Odo'), to: idOf('Esi'), atMs: 0, record: '' };
    state.dataGrants.set('d1', { ...body, private: sealedText('audit'), ...given });
  };
  const nameOf = new Map([
    [village.device.id, 'Ana'],
    ...names.map((name) => [people[name]?.device.id ?? '', name] as const),
  ]);
  const reads = (scope: string, atMs = FIRST_MS): string =>
    [...audienceOf(state, scope, atMs)].map((d) => nameOf.get(d)).join(' ');
  return {
    state,
    mill,
    chipos,
    asset,
    agreement,
    grant,
    reads,
    deviceOf: (name: string) => people[name]?.device.id ?? '',
  };
}
function change(
  state: VillageState,
  device: string,
  to: Partial<NonNullable<ReturnType<VillageState['devices']['get']>>>,
) {
  const known = state.devices.get(device);
  if (known) state.devices.set(device, { ...known, ...to });
}

describe('readings of a month', () => {
  test('are for the household, coordinators, and who it deals with that month: not for the other neighbours (P42)', () => {
    const { state, mill, chipos, agreement, reads } = leased();
    expect(reads(meterScope(mill, MONTH))).toBe('Ana Odo Baraka Gita');
    expect(reads(meterScope(chipos, MONTH))).toBe('Ana Odo Baraka Gita Chipo');
    expect([reads(meterScope(mill, BEFORE)), reads(meterScope(chipos, BEFORE))]).toEqual(['Ana Baraka', 'Ana Chipo']);
    state.agreements.set('r1', { ...agreement, effectiveMs: null });
    expect(reads(meterScope(chipos, MONTH))).toBe('Ana Chipo');
  });

  test('are for a reader from the month of the grant to its end, unless it was taken back (LO4)', () => {
    const { chipos, grant, reads } = leased();
    const isReader = (given: Partial<DataGrant>, month = MONTH, atMs = FIRST_MS): boolean => {
      grant({ meters: [chipos], ...given });
      return reads(meterScope(chipos, month), atMs).includes('Esi');
    };
    expect(isReader({})).toBe(true);
    expect(isReader({ meters: [] })).toBe(false);
    expect([isReader({ untilMs: FIRST_MS + 1 }), isReader({ untilMs: FIRST_MS })]).toEqual([true, false]);
    expect(isReader({ revoked: { by: '', atMs: 0, record: '' } })).toBe(false);
    expect([isReader({ fromMs: FIRST_MS }), isReader({ fromMs: FIRST_MS }, '2011-11')]).toEqual([true, false]);
  });
});

describe('fields of an asset', () => {
  test('are for its people, the shared ones for its partners too (EL4)', () => {
    const { asset, reads } = leased();
    expect(reads(assetScope(asset, 'shared'))).toBe('Ana Odo Baraka Gita Chipo Dalia');
    expect(reads(assetScope(asset, 'private'))).toBe('Ana Odo Baraka');
  });

  test.each<[string, Partial<DataGrant>, AssetLevel[]]>([
    ['shared', { level: 'shared' }, ['shared']],
    ['private', { level: 'private' }, ['shared', 'private']],
    ['private, ended', { level: 'private', untilMs: FIRST_MS }, []],
    ['private, taken back', { level: 'private', revoked: { by: '', atMs: 0, record: '' } }, []],
    ['private, of another asset', { level: 'private', assets: [] }, []],
  ])('are for a reader as far as the grant goes: %s (EL4, LO4)', (_, given, levels) => {
    const { asset, grant, reads } = leased();
    grant({ assets: [asset], ...given });
    const open = (['shared', 'private'] as const).filter((l) => reads(assetScope(asset, l)).includes('Esi'));
    expect(open).toEqual(levels);
  });
});

test('a console that was taken out or is in two hands is of no audience (P42, J15)', () => {
  const { state, mill, asset, reads, deviceOf } = leased();
  change(state, deviceOf('Baraka'), { revoked: { last: { members: 99 }, private: sealedText('lost'), atMs: 0 } });
  change(state, deviceOf('Odo'), { frozenFrom: { ms: 0, n: 0 } });
  const scopes = [MEMBERS, meterScope(mill, MONTH), assetScope(asset, 'private')];
  expect(scopes.map((scope) => reads(scope))).toEqual(['Ana Gita Chipo Dalia Esi', 'Ana Gita', 'Ana']);
});
