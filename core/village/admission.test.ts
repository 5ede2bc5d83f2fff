import { expect, test } from 'vitest';
import type { KnownRecord, SignedRecord } from '#domain/books/record.ts';
import {
  addBodyOf,
  foundVillage,
  join,
  joinBodyOf,
  makeDevice,
  makePerson,
  type Person,
  recoverOnce,
  signRecord,
  type TestDevice,
  type TestVillage,
} from '#domain/village/village-fixture.ts';
import { createAdmission } from './admission.ts';

function entryOf(record: KnownRecord, device: TestDevice) {
  const { id: _, ...plain } = record;
  const signed: SignedRecord = signRecord(plain, device);
  return { book: record.book, device: device.id, records: [signed] };
}
function rotationOf(village: TestVillage, member: Person, before: Person, after: Person) {
  const value = { member: member.id, key: after.address, number: 1 };
  return {
    member: member.id,
    address: after.address,
    number: 1,
    sig: village.act('KeyRotation', before, value),
    keySig: village.act('MemberKey', after, value),
  };
}
/** What a device granted by `person` would come in with. */
function grantedBy(village: TestVillage, person: Person, name: string) {
  const device = makeDevice(name);
  const record = village.write(device, 'members', 'device.grant', { grant: village.grant(person, device) });
  return entryOf(record, device);
}
const admissionOf = (village: TestVillage) => createAdmission(village.id, recoverOnce, () => village.nowMs);

test('a device that joined with an invitation is accepted once the inviter is known, in every book', () => {
  const village = foundVillage();
  const { device } = join(village, 'Baraka');
  const [found, joined] = village.records as [KnownRecord, KnownRecord];
  const { admit, learn } = admissionOf(village);
  expect(admit(entryOf(joined, device))).toBe('wait');
  learn([found]);
  expect(admit(entryOf(joined, device))).toBe('accept');
  expect(admit({ book: 'assets', device: device.id, records: [] })).toBe('wait');
  learn([joined]);
  expect(admit({ book: 'assets', device: device.id, records: [] })).toBe('accept');
});

test('what is learned does not depend on the order in which it comes', () => {
  const village = foundVillage();
  const { device } = join(village, 'Baraka');
  const { admit, learn } = admissionOf(village);
  learn([...village.records].reverse());
  expect(admit({ book: 'assets', device: device.id, records: [] })).toBe('accept');
});

test('a grant copied from the books does not let in the device that carries it', () => {
  const village = foundVillage();
  const tablet = makeDevice('tablet');
  const thief = makeDevice('thief');
  const grant = village.grant(village.founder, tablet);
  const { admit, learn } = admissionOf(village);
  learn(village.records);
  const copied = village.write(thief, 'members', 'device.grant', { grant });
  expect(admit(entryOf(copied, thief))).toBe('wait');
  const carried = village.write(tablet, 'members', 'device.grant', { grant });
  expect(admit(entryOf(carried, tablet))).toBe('accept');
});

test('a join whose invite key did not sign is refused by name', () => {
  const village = foundVillage();
  const person = makePerson('Eve');
  const device = makeDevice('Eve');
  const body = { ...joinBodyOf(village, person, device), inviteSig: new Uint8Array(64) };
  const { admit, learn } = admissionOf(village);
  learn(village.records);
  const record = village.write(device, 'members', 'member.join', body);
  expect(admit(entryOf(record, device))).toEqual({ refuse: 'the invitation key did not sign' });
});

test('a key that an insider claims for another member lets no device in', () => {
  const village = foundVillage();
  const { person: insider, device } = join(village, 'Baraka');
  const forged = makePerson('forged');
  const { admit, learn } = admissionOf(village);
  village.write(device, 'members', 'member.key', rotationOf(village, village.founder, insider, forged));
  learn(village.records);
  const claimed = { ...village.founder, sign: forged.sign };
  expect(admit(grantedBy(village, claimed, 'stolen'))).toBe('wait');
});

test('a rotated key lets in the next device of its member', () => {
  const village = foundVillage();
  const next = makePerson('Ana again');
  village.write(village.device, 'members', 'member.key', rotationOf(village, village.founder, village.founder, next));
  const { admit, learn } = admissionOf(village);
  learn(village.records);
  const ana = { ...village.founder, sign: next.sign };
  expect(admit(grantedBy(village, ana, 'tablet'))).toBe('accept');
});

test('a member whose own key did not sign lets no device in; one whose key did does', () => {
  const village = foundVillage();
  const [chipo, dalia] = [makePerson('Chipo'), makePerson('Dalia')];
  const unsigned = { ...addBodyOf(village, chipo), keySig: village.founder.sign(`0x${'00'.repeat(32)}`) };
  village.write(village.device, 'members', 'member.add', unsigned);
  village.write(village.device, 'members', 'member.add', addBodyOf(village, dalia));
  const { admit, learn } = admissionOf(village);
  learn(village.records);
  expect(admit(grantedBy(village, chipo, 'phone of Chipo'))).toBe('wait');
  expect(admit(grantedBy(village, dalia, 'phone of Dalia'))).toBe('accept');
});

test('a device nobody let in is named with its book and the time, until somebody does', () => {
  const village = foundVillage();
  const { device } = join(village, 'Baraka');
  const { admit, learn, waiting } = admissionOf(village);
  expect(admit({ book: 'assets', device: device.id, records: [] })).toBe('wait');
  expect(waiting()).toEqual([{ device: device.id, book: 'assets', sinceMs: village.nowMs }]);
  learn(village.records);
  expect(waiting()).toEqual([]);
});
