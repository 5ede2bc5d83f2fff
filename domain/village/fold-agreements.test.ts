import { describe, expect, test } from 'vitest';
import { draftLease, leaseOf, signBodyOf } from '../settlement/settlement-fixture.ts';
import {
  addMember,
  addMeter,
  foundVillage,
  join,
  makePerson,
  type Person,
  sealedText,
  shuffle,
  type TestDevice,
} from './village-fixture.ts';

function leaseVillage() {
  const village = foundVillage();
  const { person: host, device } = join(village, 'Baraka', 'prosumer');
  const neighbour = addMember(village, 'Chipo');
  const grid = addMember(village, 'Grid', 'grid-provider');
  const [hostMeter, meter] = [addMeter(village, 'mill'), addMeter(village, 'home')];
  const parties = { owner: village.founder.id, host: host.id, grid: grid.id, hostMeter };
  const terms = leaseOf({ ...parties, neighbours: [{ member: neighbour.id, meter }] });
  const all = [village.founder, host, grid, neighbour];
  const sign = (party: string, signer: Person, by: TestDevice = device, changed: object = {}) =>
    village.held(
      village.write(by, 'agreements', 'agreement.sign', { ...signBodyOf(village, terms, party, signer), ...changed }),
    );
  const only = () => [...village.fold().agreements.values()][0];
  return { village, host, device, neighbour, grid, terms, all, sign, only };
}

describe('an agreement', () => {
  test('takes effect only when the last party has signed (P8, P16)', () => {
    const { village, device, terms, all, sign, only } = leaseVillage();
    draftLease(village, device, terms);
    for (const person of all) {
      expect(only()?.effectiveMs).toBeNull();
      expect(sign(person.id, person)).toBeUndefined();
    }
    expect(only()?.effectiveMs).toBe(village.records.at(-1)?.at.ms);
    expect(only()?.signatures.map((s) => s.party)).toEqual(all.map((p) => p.id));
  });

  test('takes effect with the signatures of two who signed apart, in any order of arrival', () => {
    const { village, device, terms, all, sign } = leaseVillage();
    draftLease(village, device, terms);
    all.forEach((person, i) => {
      sign(person.id, person, i % 2 === 0 ? device : village.device);
    });
    const state = village.fold();
    for (let seed = 1; seed < 20; seed++) expect(village.fold(shuffle(village.records, seed))).toEqual(state);
    expect([...state.agreements.values()][0]?.effectiveMs).not.toBeNull();
  });

  test('is not signed with another key, for another party, twice, or under other terms', () => {
    const { village, host, device, neighbour, terms, sign } = leaseVillage();
    draftLease(village, device, terms);
    const chipo = makePerson('Chipo');
    expect(sign(host.id, { ...chipo, id: host.id })).toBe('the signature is not of the signer');
    expect(sign(host.id, neighbour)).toBe('may not sign for this party');
    expect(sign(makePerson('Nobody').id, neighbour)).toBe('not a party');
    expect(sign(host.id, host, device, { terms: `0x${'00'.repeat(32)}` })).toBe('signed other terms than these');
    expect(sign(host.id, host, device, { agreement: village.newId('g', 'other') })).toBe('no such agreement');
    expect(sign(host.id, host)).toBeUndefined();
    expect(sign(host.id, host, village.device)).toBe('already signed');
  });

  test('is not drafted when it contradicts itself or names strangers (P10)', () => {
    const { village, device, terms } = leaseVillage();
    const draft = (changed: object) => village.held(draftLease(village, device, { ...terms, ...changed }));
    expect(draft({ wheelingPrice: 181n })).toBe('the terms contradict themselves: wheeling-over-price');
    expect(draft({ grid: makePerson('Nobody').id })).toBe('a party is not a member');
    expect(draft({ hostMeter: village.newId('e', 'none') })).toBe('a meter is unknown');
    expect(draft({})).toBeUndefined();
    expect(draft({})).toBe('this agreement exists');
  });

  test.each(['rentBp', 'months', 'after', 'hostPrice', 'neighbours', 'owner', 'from'])(
    'without %s is not a draft (P10)',
    (field) => {
      const { village, device, terms } = leaseVillage();
      const less = Object.fromEntries(Object.entries(terms).filter(([name]) => name !== field));
      expect(village.held(draftLease(village, device, less as typeof terms))).toBe('unreadable agreement');
    },
  );

  test('that a party declined is not signed any more', () => {
    const { village, host, device, terms, sign, only } = leaseVillage();
    draftLease(village, device, terms);
    const decline = (by: TestDevice, party: string) => {
      const agreement = village.newId('g', 'lease');
      return village.held(
        village.write(by, 'agreements', 'agreement.decline', { agreement, party, private: sealedText('too much') }),
      );
    };
    expect(decline(village.device, host.id)).toBe('may not decline for this party');
    expect(decline(device, makePerson('Nobody').id)).toBe('not a party');
    expect(decline(device, host.id)).toBeUndefined();
    expect(only()?.declined).toMatchObject({ party: host.id, private: sealedText('too much') });
    expect(sign(host.id, host)).toBe('the agreement was declined');
    expect(decline(device, host.id)).toBe('already declined');
  });

  test('in force is not declined', () => {
    const { village, host, device, terms, all, sign } = leaseVillage();
    draftLease(village, device, terms);
    for (const person of all) sign(person.id, person);
    const body = { agreement: village.newId('g', 'lease'), party: host.id, private: sealedText('late') };
    expect(village.held(village.write(device, 'agreements', 'agreement.decline', body))).toBe(
      'the agreement is in force',
    );
  });
});

describe('a meter that two agreements name', () => {
  const twice = 'a meter is in another agreement in force in the same months';

  test('is billed by the one that was in force first; the other is never fully signed', () => {
    const { village, device, terms, all, sign } = leaseVillage();
    const rival = { ...terms, hostPrice: 300n };
    draftLease(village, device, terms);
    draftLease(village, device, rival, 'rival');
    const signRival = (person: Person) =>
      sign(person.id, person, device, signBodyOf(village, rival, person.id, person, village.newId('g', 'rival')));
    for (const person of all.slice(1)) expect(signRival(person)).toBeUndefined();
    for (const person of all) expect(sign(person.id, person)).toBeUndefined();
    expect(signRival(village.founder)).toBe(twice);
    const state = village.fold();
    expect([...state.agreements.values()].filter((a) => a.effectiveMs !== null)).toHaveLength(1);
    for (let seed = 1; seed < 10; seed++) expect(village.fold(shuffle(village.records, seed))).toEqual(state);
  });

  test('is not drafted again for months in which it is in force, and is for months after', () => {
    const { village, device, terms, all, sign } = leaseVillage();
    draftLease(village, device, terms);
    for (const person of all) sign(person.id, person);
    const draft = (from: string, months: number) =>
      village.held(draftLease(village, device, { ...terms, from, months }, `${from} ${months}`));
    expect(draft('2011-12', 2)).toBe(twice);
    expect(draft('2023-12', 12)).toBe(twice);
    expect(draft('2011-12', 1)).toBeUndefined();
    expect(draft('2024-01', 12)).toBeUndefined();
  });
});

test('an organisation signs with as many signatories as it asks for (2 of 3)', () => {
  const { village, host, device, grid, terms, all, sign, only } = leaseVillage();
  const people = ['Dalia', 'Eshe', 'Farai'].map((name) => addMember(village, name));
  const board = village.newId('m', 'Power board');
  village.write(village.device, 'members', 'member.add-organisation', {
    member: board,
    private: sealedText('Power board'),
    roles: ['grid-provider'],
    signatories: people.map((p) => p.id),
    threshold: 2,
  });
  const [dalia, eshe] = people as [Person, Person];
  const withBoard = { ...terms, grid: board };
  draftLease(village, device, withBoard, 'board');
  const signBoard = (party: string, signer: Person) =>
    sign(party, signer, device, signBodyOf(village, withBoard, party, signer, village.newId('g', 'board')));
  for (const person of all.filter((p) => p !== grid)) expect(signBoard(person.id, person)).toBeUndefined();
  expect(signBoard(board, host)).toBe('may not sign for this party');
  expect(signBoard(board, dalia)).toBeUndefined();
  expect(only()?.effectiveMs).toBeNull();
  expect(signBoard(board, dalia)).toBe('already signed');
  expect(signBoard(board, eshe)).toBeUndefined();
  expect(only()?.effectiveMs).not.toBeNull();
});
