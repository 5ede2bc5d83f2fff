import { expect, test } from 'vitest';
import { audienceOf, meterScope, readersOf } from '../membership/audiences.ts';
import { addMeter, dataGrantOf, foundVillage, join } from './village-fixture.ts';

function lend() {
  const village = foundVillage();
  const { person, device } = join(village, 'Baraka', 'third-party');
  const meter = addMeter(village, 'mill');
  const body = dataGrantOf(village, meter, person.id);
  const write = (changed: object = {}, by = village.device) =>
    village.held(village.write(by, 'members', 'data.grant', { ...body, ...changed }));
  const reads = (month: string, atMs: number) =>
    audienceOf(village.fold(), meterScope(meter, month), atMs).has(device.id);
  return { village, person, device, meter, body, write, reads };
}

test('a data grant reads the months from its first to its end, and not after (LO4)', () => {
  const { village, body, write, reads } = lend();
  expect(reads('2011-12', village.nowMs)).toBe(false);
  expect(write()).toBeUndefined();
  expect([reads('2011-12', village.nowMs), reads('2011-11', body.untilMs - 1)]).toEqual([true, true]);
  expect(reads('2011-12', body.untilMs)).toBe(false);
});

test('a data grant does not reach back before the month it names', () => {
  const { village, person, meter, write, reads } = lend();
  expect(write(dataGrantOf(village, meter, person.id, Date.UTC(2012, 0, 1)))).toBeUndefined();
  expect([reads('2012-01', village.nowMs), reads('2011-11', village.nowMs)]).toEqual([true, false]);
});

test('a data grant counts with the signature of the owner alone, whoever carries it', () => {
  const { village, person, device, write } = lend();
  expect(write({ signer: person.id })).toBe('may not sign for the owner');
  expect(write({ owner: person.id })).toBe('only their owner lets others read these');
  expect(write({ to: village.founder.id })).toBe('the signature is not of the owner');
  expect(write({ meters: [village.newId('e', 'none')] })).toBe('only their owner lets others read these');
  expect(write({}, device)).toBeUndefined();
  expect(write()).toBe('this data grant exists');
});

test('a data grant is taken back by its owner, its reader or a coordinator, once, and reads nothing since', () => {
  const { village, device, body, meter, write, reads } = lend();
  const { device: stranger } = join(village, 'Chipo');
  expect(write()).toBeUndefined();
  const revoke = (by: typeof device) =>
    village.held(village.write(by, 'members', 'data.revoke', { grant: body.grant }));
  expect(revoke(stranger)).toBe('only its owner, its reader or a coordinator revokes a data grant');
  expect(reads('2011-12', village.nowMs)).toBe(true);
  expect(revoke(device)).toBeUndefined();
  expect(revoke(village.device)).toBe('already revoked');
  expect(reads('2011-12', village.nowMs)).toBe(false);
  expect(readersOf(village.fold(), meter, '2011-12', village.nowMs).map((r) => r.reason.kind)).toEqual(['coordinator']);
});
