import { describe, expect, test } from 'vitest';
import {
  addBodyOf,
  addMember,
  changeOf,
  foundVillage,
  join,
  joinBodyOf,
  keyBodyOf,
  makeDevice,
  makePerson,
  sealedText,
} from './village-fixture.ts';

describe('a village', () => {
  test('is founded once, and its founder alone closes accounts', () => {
    const village = foundVillage();
    const again = village.write(village.device, 'members', 'village.found', village.records[0]?.body);
    const state = village.fold();
    expect(state.founding?.name).toBe('Kisoro');
    expect(state.coordinators).toEqual({ members: [village.founder.id], threshold: 1, epoch: 0 });
    expect(state.members.get(village.founder.id)?.roles).toEqual(['consumer', 'coordinator']);
    expect(state.onHold.get(again.id)).toBe('the village is already founded');
  });
});

describe('joining', () => {
  test('makes a member with the roles of the invitation and a device that may write', () => {
    const village = foundVillage();
    const { person, device } = join(village, 'Baraka', 'prosumer');
    const state = village.fold();
    expect(state.members.get(person.id)).toMatchObject({ roles: ['prosumer'], admittedBy: village.founder.id });
    expect(state.devices.get(device.id)?.member).toBe(person.id);
  });

  test.each([
    ['expired', { expiresMs: 1 }, 'the invitation had expired'],
    ['not of a coordinator', { issuer: makePerson('Chipo') }, 'the member who invited is not a coordinator'],
  ])('with an invitation that is %s does not count', (_, options, reason) => {
    const village = foundVillage();
    addMember(village, 'Chipo');
    const device = makeDevice('Dalia');
    const body = joinBodyOf(village, makePerson('Dalia'), device, options);
    expect(village.held(village.write(device, 'members', 'member.join', body))).toBe(reason);
  });

  test('with an invitation signed before the coordinator changed keys does not count', () => {
    const village = foundVillage();
    const dalia = makePerson('Dalia');
    const device = makeDevice('Dalia');
    const body = joinBodyOf(village, dalia, device);
    const rotation = keyBodyOf(village, village.founder, village.founder, makePerson('Ana again'));
    village.write(village.device, 'members', 'member.key', rotation);
    const record = village.write(device, 'members', 'member.join', body);
    expect(village.held(record)).toBe('the invitation was signed with an old key');
  });

  test('twice, or on the device of another member, does not count', () => {
    const village = foundVillage();
    const { person, device } = join(village, 'Baraka');
    const twice = village.write(device, 'members', 'member.join', joinBodyOf(village, person, device));
    const chipo = makePerson('Chipo');
    const taken = village.write(device, 'members', 'member.join', joinBodyOf(village, chipo, device));
    expect(village.held(twice)).toBe('this member has already joined');
    expect(village.held(taken)).toBe('the device belongs to another member');
  });

  test('lets in one person: who comes second with the same invitation does not count', () => {
    const village = foundVillage();
    join(village, 'Baraka');
    const device = makeDevice('Dalia');
    const body = joinBodyOf(village, makePerson('Dalia'), device, { invitee: 'Baraka' });
    const record = village.write(device, 'members', 'member.join', body);
    expect(village.held(record)).toBe('the invitation was used before');
    expect(village.fold().members.size).toBe(2);
  });

  test('under a member id that is not of the key does not count', () => {
    const village = foundVillage();
    const device = makeDevice('Baraka');
    const thief = { ...makePerson('Baraka'), id: village.newId('m', 'someone else') };
    const record = village.write(device, 'members', 'member.join', joinBodyOf(village, thief, device));
    expect(village.held(record)).toBe('the member id does not belong to the key');
  });
});

describe('only coordinators', () => {
  const village = foundVillage();
  const { person, device } = join(village, 'Baraka');
  const chipo = makePerson('Chipo');

  test('admit members (P2)', () => {
    const record = village.write(device, 'members', 'member.add', addBodyOf(village, chipo));
    expect(village.held(record)).toBe('only a coordinator admits members');
    expect(village.fold().members.has(chipo.id)).toBe(false);
  });

  test('admit organisations (P2)', () => {
    const member = village.newId('m', 'Water board');
    const body = {
      member,
      private: sealedText('Water board'),
      roles: ['consumer'],
      signatories: [person.id],
      threshold: 1,
    };
    const record = village.write(device, 'members', 'member.add-organisation', body);
    expect(village.held(record)).toBe('only a coordinator admits members');
  });

  test('change roles, and nobody makes themselves coordinator (P2)', () => {
    const body = { member: person.id, roles: ['coordinator'] };
    const record = village.write(device, 'members', 'member.roles', body);
    expect(village.held(record)).toBe('only a coordinator changes roles');
  });

  test('revoke the devices of others (P2)', () => {
    const body = { device: village.device.id, last: {}, private: sealedText('mine now') };
    const record = village.write(device, 'members', 'device.revoke', body);
    expect(village.held(record)).toBe('only its member or a coordinator revokes a device');
  });
});

describe('admitting', () => {
  test('needs a proof that the new key exists', () => {
    const village = foundVillage();
    const body = { ...addBodyOf(village, makePerson('Chipo')), keySig: village.founder.sign(`0x${'00'.repeat(32)}`) };
    expect(village.held(village.write(village.device, 'members', 'member.add', body))).toBe('the new key did not sign');
  });

  test('an organisation needs people who are members, each once, and a number that fits', () => {
    const village = foundVillage();
    const baraka = addMember(village, 'Baraka');
    const add = (signatories: readonly string[], threshold: number, name = 'Water board') => {
      const body = {
        member: village.newId('m', name),
        private: sealedText(name),
        roles: ['consumer'],
        signatories,
        threshold,
      };
      return village.held(village.write(village.device, 'members', 'member.add-organisation', body));
    };
    expect(add([baraka.id, baraka.id], 1)).toBe('signatories and their number do not fit');
    expect(add([baraka.id], 2)).toBe('signatories and their number do not fit');
    expect(add([makePerson('Nobody').id], 1)).toBe('a signatory is not a person of this village');
    expect(add([baraka.id, village.founder.id], 2)).toBeUndefined();
    expect(add([village.newId('m', 'Water board')], 1, 'Board of boards')).toMatch(/not a person/);
  });

  test('a coordinator who closes accounts keeps the role while they do', () => {
    const village = foundVillage();
    const body = { member: village.founder.id, roles: ['consumer'] };
    const record = village.write(village.device, 'members', 'member.roles', body);
    expect(village.held(record)).toBe('a member who closes accounts stays coordinator');
  });
});

describe('a member key', () => {
  test('is rotated by the key before and keeps the member', () => {
    const village = foundVillage();
    const { person, device } = join(village, 'Baraka');
    const next = makePerson('Baraka, second key');
    village.write(device, 'members', 'member.key', keyBodyOf(village, person, person, next));
    const state = village.fold();
    expect(state.members.get(person.id)?.keys.map((k) => k.address)).toEqual([person.address, next.address]);
    expect(state.everKeys.get(person.id)).toEqual(new Set([person.address, next.address]));
  });

  test('is not rotated by another key, for a key nobody holds, or out of turn', () => {
    const village = foundVillage();
    const { person, device } = join(village, 'Baraka');
    const next = makePerson('Baraka, second key');
    const rotate = (body: unknown) => village.held(village.write(device, 'members', 'member.key', body));
    const good = keyBodyOf(village, person, person, next);
    expect(rotate(keyBodyOf(village, person, next, next))).toBe('the key before did not sign');
    expect(rotate({ ...good, keySig: good.sig })).toBe('the new key did not sign');
    expect(rotate(keyBodyOf(village, person, person, next, 2))).toBe('another key came first');
    expect(rotate(good)).toBeUndefined();
    expect(rotate(keyBodyOf(village, person, person, makePerson('third')))).toBe('another key came first');
  });

  test('that was rotated away grants no more devices', () => {
    const village = foundVillage();
    const { person, device } = join(village, 'Baraka');
    const old = village.grant(person, makeDevice('stolen keys'));
    village.write(device, 'members', 'member.key', keyBodyOf(village, person, person, makePerson('Baraka 2')));
    const record = village.write(device, 'members', 'device.grant', { grant: old });
    expect(village.held(record)).toBe('the device grant was signed with an old key');
  });

  test('that was lost lets in a device under an older date until the change is settled or that device is revoked', () => {
    const village = foundVillage();
    const { person, device } = join(village, 'Baraka', 'coordinator');
    const [own, thief] = [makePerson('Baraka 2'), makeDevice('thief')];
    const grant = village.grant(person, thief);
    const beforeMs = village.nowMs;
    village.nowMs += 60_000;
    village.write(device, 'members', 'member.key', keyBodyOf(village, person, person, own));
    const older = { seen: [], atMs: beforeMs };
    village.write(thief, 'members', 'device.grant', { grant }, older);
    const taken = keyBodyOf(village, person, person, makePerson('thief'));
    const theirs = village.write(thief, 'members', 'member.key', taken, older);
    const keysNow = () => village.fold().members.get(person.id)?.keys.at(-1)?.address;
    expect([keysNow(), village.held(theirs)]).toEqual([taken.address, undefined]);
    const revocation = { device: thief.id, last: {}, private: sealedText('never ours') };
    village.write(village.device, 'members', 'device.revoke', revocation);
    expect([keysNow(), village.held(theirs)]).toEqual([own.address, 'the device was revoked before this']);
  });
});

describe('a device', () => {
  test('is granted by its member once', () => {
    const village = foundVillage();
    const phone = makeDevice('phone');
    const grant = village.grant(village.founder, phone);
    const first = village.write(phone, 'members', 'device.grant', { grant });
    const again = village.write(village.device, 'members', 'device.grant', { grant });
    expect(village.fold().devices.get(phone.id)?.member).toBe(village.founder.id);
    expect(village.held(first)).toBeUndefined();
    expect(village.held(again)).toBe('the device was granted before');
  });

  test('that was never granted writes nothing that counts', () => {
    const village = foundVillage();
    const record = village.write(makeDevice('stranger'), 'members', 'member.roles', {});
    expect(village.held(record)).toBe('the device was not granted yet');
  });

  test('shares keys: of each author the first share for a device stays, and none stands in the way of another', () => {
    const village = foundVillage();
    const { device: insider } = join(village, 'Baraka');
    const share = (byte: number) => ({
      shares: [
        {
          key: 'ab'.repeat(8),
          scope: 'members',
          sealed: [
            {
              device: village.device.id,
              ephemeral: new Uint8Array(32).fill(byte),
              iv: new Uint8Array(12),
              box: new Uint8Array(48),
            },
          ],
        },
      ],
    });
    for (const byte of [7, 8]) village.write(insider, 'members', 'key.share', share(byte));
    for (const byte of [1, 2]) village.write(village.device, 'members', 'key.share', share(byte));
    const sealed = village
      .fold()
      .keyShares.get(`members ${'ab'.repeat(8)}`)
      ?.get(village.device.id);
    expect([...(sealed ?? [])].map(([author, s]) => [author, s.ephemeral[0]])).toEqual([
      [insider.id, 7],
      [village.device.id, 1],
    ]);
  });
});

describe('the coordinators who close accounts', () => {
  function twoMore() {
    const village = foundVillage();
    const baraka = addMember(village, 'Baraka', 'coordinator');
    const chipo = addMember(village, 'Chipo', 'coordinator');
    const all = [village.founder, baraka, chipo];
    const change = (body: unknown) =>
      village.held(village.write(village.device, 'members', 'policy.coordinators', body));
    return { village, baraka, chipo, all, change };
  }

  test('change from 1 of 1 to 2 of 3, and then need two signatures to change again', () => {
    const { village, baraka, chipo, all, change } = twoMore();
    expect(change(changeOf(village, all, 2, village.founder))).toBeUndefined();
    expect(village.fold().coordinators).toEqual({ members: all.map((p) => p.id), threshold: 2, epoch: 1 });
    const back = [village.founder];
    expect(change(changeOf(village, back, 1, baraka, 1))).toBeUndefined();
    expect(village.fold().coordinators.epoch).toBe(1);
    expect(change(changeOf(village, back, 1, baraka, 1))).toBe('already signed');
    expect(change(changeOf(village, back, 1, chipo, 1))).toBeUndefined();
    expect(village.fold().coordinators).toEqual({ members: [village.founder.id], threshold: 1, epoch: 2 });
  });

  test('are not changed by one who is not among them, by a wrong signature, or for a past epoch', () => {
    const { village, baraka, all, change } = twoMore();
    expect(change(changeOf(village, all, 2, baraka))).toBe('not signed by a present coordinator');
    const good = changeOf(village, all, 2, village.founder);
    expect(change({ ...good, threshold: 3 })).toBe('not signed by a present coordinator');
    expect(change(good)).toBeUndefined();
    expect(change(good)).toBe('the coordinators have changed since');
  });

  test('are coordinators, named once, with operators that are their keys in order', () => {
    const { village, all, change } = twoMore();
    const dalia = addMember(village, 'Dalia');
    const wrong = 'a named coordinator is not one, or their key changed';
    expect(change(changeOf(village, [...all, dalia], 2, village.founder))).toBe(wrong);
    const good = changeOf(village, all, 2, village.founder);
    expect(change({ ...good, operators: [...good.operators].reverse() })).toBe(wrong);
    expect(change({ ...good, operators: good.operators.slice(1) })).toBe(wrong);
    const fit = 'the number of signatures does not fit';
    expect(change(changeOf(village, all, 4, village.founder))).toBe(fit);
    expect(change(changeOf(village, [village.founder, village.founder], 2, village.founder))).toBe(fit);
  });
});
