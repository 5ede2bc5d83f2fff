import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KnownRecord, recordBytes } from '../books/record.ts';
import { cidOf, encode } from '../bytes.ts';
import { draftLease, leaseOf, settle, signBodyOf } from '../settlement/settlement-fixture.ts';
import { DAY_MS } from '../time.ts';
import { foldVillage, stateHash } from './fold.ts';
import { emptyState } from './state.ts';
import {
  addBodyOf,
  addMember,
  addMeter,
  assetBodyOf,
  foundVillage,
  join,
  makeDevice,
  makePerson,
  recoverOnce,
  sealedText,
  shuffle,
  type TestVillage,
} from './village-fixture.ts';

/** A village with everything in it: two devices that work apart, a rival serial, a close, a revocation, a twin. */
function busyVillage(): TestVillage {
  const village = foundVillage();
  const { person: baraka, device: tablet } = join(village, 'Baraka', 'coordinator');
  const { person: chipo, device: phone } = join(village, 'Chipo', 'grid-provider');
  const meters = ['mill', 'home'].map((name) => addMeter(village, name)) as [string, string];
  const dalia = addMember(village, 'Dalia');
  const terms = leaseOf({
    owner: village.founder.id,
    host: baraka.id,
    grid: chipo.id,
    hostMeter: meters[0],
    neighbours: [{ member: dalia.id, meter: meters[1] }],
  });
  draftLease(village, tablet, terms);
  for (const person of [village.founder, baraka, chipo, dalia])
    village.write(tablet, 'agreements', 'agreement.sign', signBodyOf(village, terms, person.id, person));
  const apart = { seen: [] };
  village.write(village.device, 'assets', 'asset.add', assetBodyOf(village, 'roof', village.founder, 'SN1'), apart);
  village.write(tablet, 'assets', 'asset.add', assetBodyOf(village, 'barn', baraka, 'SN1'), apart);
  settle(village);
  village.write(tablet, 'market-2012-01', 'order.sell', { anything: [1, 2] });
  const stolen = makeDevice('stolen');
  village.write(village.device, 'members', 'device.grant', { grant: village.grant(baraka, stolen) });
  village.write(stolen, 'operations-2012-01', 'note', 1);
  const body = { device: stolen.id, last: { 'operations-2012-01': 0 }, private: sealedText('stolen') };
  village.write(tablet, 'members', 'device.revoke', body);
  village.write(stolen, 'operations-2012-01', 'note', 2);
  const one = village.write(phone, 'members', 'key.share', { one: 1 });
  village.write(phone, 'members', 'key.share', { two: 2 }, { twinOf: one });
  return village;
}
const busy = busyVillage();
const whole = busy.fold();

describe('the state of a village', () => {
  test('is what everyone wrote', () => {
    expect(whole.members.size).toBe(4);
    expect([...whole.agreements.values()].map((a) => a.effectiveMs !== null)).toEqual([true]);
    expect([...whole.closes.values()].map((c) => c.receipt?.final)).toEqual([true]);
    expect([...whole.assets.values()].map((a) => a.private)).toEqual([sealedText('roof')]);
    expect(whole.conflicts.map((c) => c.kind).sort()).toEqual(['equivocation', 'serial-twice']);
  });

  test('and its hash are the same for any order of arrival and any duplicates (P16)', () => {
    const hash = stateHash(whole);
    fc.assert(
      fc.property(fc.integer(), fc.nat(busy.records.length), (seed, again) => {
        const arrived = shuffle([...busy.records, ...busy.records.slice(0, again)], seed);
        const state = busy.fold(arrived);
        expect(state).toEqual(whole);
        expect([...state.members.keys(), ...state.closes.keys()]).toEqual([
          ...whole.members.keys(),
          ...whole.closes.keys(),
        ]);
        expect(stateHash(state)).toBe(hash);
      }),
      { numRuns: 60 },
    );
  });

  test('is the same once two parts of the village that were apart have met', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: busy.records.length, maxLength: 100 }), (sides) => {
        const left = busy.records.filter((_, i) => sides[i]);
        const right = busy.records.filter((_, i) => !sides[i]);
        busy.fold(left);
        busy.fold(right);
        expect(busy.fold([...right, ...left])).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });

  test('never throws on a part of the records', () => {
    fc.assert(
      fc.property(fc.subarray(busy.records), (some) => {
        expect(busy.fold(some).village).toBe(busy.id);
      }),
      { numRuns: 40 },
    );
  });

  test('takes no records of another village', () => {
    const state = foldVillage('ee'.repeat(32), busy.records, { nowMs: busy.nowMs, recover: recoverOnce });
    expect([state.founding, state.onHold.size, state.unknown.size]).toEqual([null, 0, 0]);
  });

  test('has another hash when a record more or less is there, and when one stops counting', () => {
    const hash = stateHash(whole);
    expect(stateHash(busy.fold(busy.records.slice(1)))).not.toBe(hash);
    const held = { ...whole, onHold: emptyState('').onHold };
    expect(stateHash(held)).not.toBe(hash);
  });
});

describe('a record that this version does not know', () => {
  test('is kept and hashed, and changes nothing else', () => {
    const village = foundVillage();
    const before = village.fold();
    const hash = stateHash(before);
    const record = village.write(village.device, 'members', 'member.shine', { any: 'thing' });
    const after = village.fold();
    expect([...after.unknown.keys()]).toEqual([record.id]);
    expect({ ...after, unknown: before.unknown, outside: before.outside }).toEqual(before);
    expect(stateHash(after)).not.toBe(hash);
  });

  test('is unknown too when its kind is a word of the language', () => {
    const village = foundVillage();
    const record = village.write(village.device, 'members', 'constructor', {});
    const state = village.fold();
    expect([state.unknown.has(record.id), state.onHold.size]).toEqual([true, 0]);
  });
});

describe('a record whose clock runs ahead', () => {
  test('waits until its day has come, and then counts', () => {
    const village = foundVillage();
    const record = village.write(village.device, 'members', 'member.add', addBodyOf(village, makePerson('Late')), {
      atMs: village.nowMs + 3 * DAY_MS,
    });
    expect(village.fold().members.size).toBe(1);
    expect(village.fold(village.records, record.at.ms - DAY_MS - 1).members.size).toBe(1);
    expect(village.fold(village.records, record.at.ms - DAY_MS).members.size).toBe(2);
  });
});

describe('a revoked device', () => {
  function theft() {
    const village = foundVillage();
    const { person, device } = join(village, 'Baraka', 'coordinator');
    const stolen = makeDevice('stolen');
    village.write(stolen, 'members', 'device.grant', { grant: village.grant(person, stolen) });
    const add = (name: string) =>
      village.write(stolen, 'members', 'member.add', addBodyOf(village, makePerson(name)), { seen: [] });
    const revoke = (by: typeof device, of: typeof device, last: Record<string, number>) =>
      village.write(
        by,
        'members',
        'device.revoke',
        { device: of.id, last, private: sealedText('stolen') },
        { seen: [] },
      );
    return { village, device, stolen, add, revoke };
  }

  test('counts up to the last number that the revocation names, whenever it says it wrote', () => {
    const { village, device, stolen, add, revoke } = theft();
    const [honest, forged] = [add('Honest'), add('Forged')];
    revoke(device, stolen, { members: honest.seq });
    expect(village.held(honest)).toBeUndefined();
    expect(village.held(forged)).toBe('the device was revoked before this');
    expect(village.fold().devices.get(stolen.id)?.revoked?.private).toEqual(sealedText('stolen'));
  });

  test('counts for nothing in a book that the revocation does not name (formats 5)', () => {
    const { village, device, stolen, add, revoke } = theft();
    const written = add('Forged');
    revoke(device, stolen, {});
    expect(village.held(written)).toBe('the device was revoked before this');
    expect(village.fold().devices.get(stolen.id)?.revoked).not.toBeNull();
  });

  test('does not take its member out of the village, whose own key proves the join', () => {
    const { village, device, revoke } = theft();
    revoke(village.device, device, {});
    const state = village.fold();
    expect([state.members.size, state.devices.get(device.id)?.revoked === null]).toEqual([2, false]);
  });

  test('revokes nobody after its last number', () => {
    const { village, device, stolen, revoke } = theft();
    revoke(stolen, village.device, {});
    revoke(device, stolen, { members: 0 });
    const state = village.fold();
    expect(state.devices.get(village.device.id)?.revoked).toBeNull();
    expect(state.devices.get(stolen.id)?.revoked).not.toBeNull();
  });

  test('does not revoke itself up to a number that it never reaches, so that nobody else could any more (J15)', () => {
    const { village, device, stolen, add, revoke } = theft();
    const honest = add('Honest');
    const own = revoke(stolen, stolen, { members: 1_000_000 });
    const forged = add('Forged');
    expect(village.held(own)).toBe('a device does not revoke itself');
    revoke(device, stolen, { members: honest.seq });
    expect([honest, own, forged].map((r) => village.held(r))).toEqual([
      undefined,
      'the device was revoked before this',
      'the device was revoked before this',
    ]);
  });

  test('by two who had seen not equally much of it counts as far as both had, in whatever order they came', () => {
    const { village, device, stolen, add, revoke } = theft();
    const written = [add('One'), add('Two'), add('Three')];
    const [, two, three] = written;
    revoke(village.device, stolen, { members: three?.seq ?? 0, assets: 4 });
    const second = revoke(device, stolen, { members: two?.seq ?? 0, agreements: 4 });
    const state = village.fold();
    expect(written.map((r) => state.onHold.has(r.id))).toEqual([false, false, true]);
    expect(state.devices.get(stolen.id)?.revoked?.last).toEqual({ members: two?.seq });
    expect([state.onHold.has(second.id), village.fold(shuffle(village.records, 7))]).toEqual([false, state]);
    const again = revoke(village.device, stolen, { members: three?.seq ?? 0 });
    expect(village.held(again)).toBe('already revoked');
  });

  test('and one that it revokes in turn are both out: a thief gains nothing by revoking back', () => {
    const { village, device, stolen, revoke } = theft();
    revoke(stolen, device, { members: 0 });
    revoke(device, stolen, { members: 0 });
    const after = village.write(stolen, 'members', 'member.add', addBodyOf(village, makePerson('Forged')));
    const state = village.fold();
    expect([device, stolen].map((d) => state.devices.get(d.id)?.revoked === null)).toEqual([false, false]);
    expect(state.onHold.has(after.id)).toBe(true);
    expect(village.fold(shuffle(village.records, 3))).toEqual(state);
  });
});

describe('a device that writes two records with one number', () => {
  test('is frozen from the earlier of their clocks, and both are shown', () => {
    const village = foundVillage();
    const add = (name: string, options = {}) =>
      village.write(village.device, 'members', 'member.add', addBodyOf(village, makePerson(name)), options);
    const before = add('Before');
    const one = add('One');
    const two = add('Two', { twinOf: one });
    const after = add('After');
    const state = village.fold();
    expect(state.conflicts.map((c) => [c.kind, [c.counts, c.onHold].sort()])).toEqual([
      ['equivocation', [one.id, two.id].sort()],
    ]);
    expect([before, one, two, after].map((r) => state.onHold.has(r.id))).toEqual([false, true, true, true]);
    expect(state.devices.get(village.device.id)?.frozenFrom).toEqual(one.at);
  });

  test('cannot unmake the village with a back-dated twin of its founding', () => {
    const village = foundVillage();
    const found = village.records[0] as KnownRecord;
    village.write(village.device, 'members', 'member.roles', {}, { twinOf: found, atMs: 0 });
    expect(village.fold().founding?.name).toBe('Kisoro');
  });

  test('cannot undo what an anchored cut holds with a back-dated twin (formats 4)', () => {
    const village = foundVillage();
    const chipo = addMember(village, 'Chipo');
    const { device: tablet, person } = join(village, 'Baraka', 'coordinator');
    village.write(tablet, 'members', 'member.add', addBodyOf(village, makePerson('Dalia')));
    settle(village);
    const later = village.write(tablet, 'members', 'member.add', addBodyOf(village, makePerson('Eshe')));
    village.write(tablet, 'members', 'member.roles', {}, { twinOf: later, atMs: 0 });
    const state = village.fold();
    expect([chipo, person, makePerson('Dalia')].map((p) => state.members.has(p.id))).toEqual([true, true, true]);
    expect(state.members.has(makePerson('Eshe').id)).toBe(false);
  });
});

test('ten thousand records fold into one state', () => {
  const village = foundVillage();
  let last = village.write(village.device, 'assets', 'meter.add', {});
  const records = [...village.records];
  while (records.length < 10_000) {
    const body = { ...assetBodyOf(village, `${records.length}`, village.founder, `SN${records.length}`) };
    const { id: prev, ...record } = last;
    const next = { ...record, kind: 'asset.add', seq: record.seq + 1, prev, body };
    last = { ...next, id: cidOf(recordBytes(next)) };
    records.push(last);
  }
  const state = village.fold(shuffle(records, 5));
  expect(state.assets.size).toBe(9998);
  expect(encode([...state.onHold.values()])).toEqual(encode(['unreadable meter']));
});
