import { describe, expect, test } from 'vitest';
import { cidOf, utf8 } from '../bytes.ts';
import type { Frame } from '../metering/frame.ts';
import { DAY_MS, HOUR_MS, monthSpan } from '../time.ts';
import {
  addMember,
  addMeter,
  foundVillage,
  join,
  sealedText,
  shuffle,
  type TestDevice,
} from '../village/village-fixture.ts';
import { accountsOf, type FrameFact, readingRules } from './accounts.ts';
import { cutNow, draftLease, energyIn, historiesOf, leaseOf, settle, signBodyOf } from './settlement-fixture.ts';
import { rootOfStatements } from './statements.ts';

/** A lease village whose meters are read by the hour; a register is told by its start and its gain per hour. */
function meteredVillage() {
  const village = foundVillage();
  const { person: host, device: tablet } = join(village, 'Baraka', 'prosumer');
  const [neighbour, grid] = [addMember(village, 'Chipo'), addMember(village, 'Grid', 'grid-provider')];
  const meters = {
    mill: addMeter(village, 'mill'),
    home: addMeter(village, 'home'),
    site: addMeter(village, 'site', 'site'),
  };
  const parties = { owner: village.founder.id, host: host.id, grid: grid.id, hostMeter: meters.mill };
  const terms = leaseOf({ ...parties, neighbours: [{ member: neighbour.id, meter: meters.home }] });
  draftLease(village, village.device, terms);
  for (const person of [village.founder, host, neighbour, grid])
    village.write(tablet, 'agreements', 'agreement.sign', signBodyOf(village, terms, person.id, person));

  const facts: FrameFact[] = [];
  const read = (
    name: string,
    meter: string,
    day: string,
    startWh: bigint,
    gains: readonly bigint[],
    more: object = {},
  ) => {
    const fromMs = Date.parse(`${day}T00:00:00Z`);
    const importWh = [startWh];
    for (const gain of gains) importWh.push((importWh.at(-1) as bigint) + gain);
    const frame: Frame = {
      v: 1,
      meter,
      gateway: village.device.id,
      fromMs,
      stepMs: HOUR_MS,
      importWh,
      exportWh: null,
      asked: gains.map(() => 60),
      answered: gains.map(() => 60),
      clock: 'synchronised',
      origin: 'gateway',
      prev: null,
      salt: new Uint8Array(16),
      ...more,
    };
    const segment = cidOf(utf8(name));
    facts.push({ segment, frame, signatureOk: true });
    return segment;
  };
  const announce = (cid: string, day: string, device: TestDevice = village.device) => {
    const fromMs = Date.parse(`${day}T00:00:00Z`);
    const span = { fromMs, toMs: fromMs + DAY_MS };
    const body = { cid, day, root: new Uint8Array(32), frames: 1, bytes: 1, ...span, prev: null };
    village.write(device, `segments-${day.slice(0, 7)}`, 'segment.announce', body);
  };
  const add = (name: string, meter: string, day: string, startWh: bigint, gains: readonly bigint[], more?: object) => {
    const cid = read(name, meter, day, startWh, gains, more);
    announce(cid, day);
    return cid;
  };
  const account = (month: string) => {
    const state = village.fold();
    return accountsOf(state, energyIn(state, historiesOf(state, facts)), month);
  };
  const netOf = (month: string) => {
    const names = new Map([
      [village.founder.id, 'owner'],
      [host.id, 'host'],
      [neighbour.id, 'neighbour'],
      [grid.id, 'grid'],
    ]);
    return Object.fromEntries(account(month).statements.map((s) => [names.get(s.member), s.net]));
  };
  const close = (month: string, prev?: string) => {
    const { statements } = account(month);
    const lanes = statements.map((s) => ({ member: s.member, index: s.index, net: s.net }));
    return settle(village, { month, lanes, cut: cutNow(village, prev), ...(prev === undefined ? {} : { prev }) });
  };
  return { village, tablet, meters, facts, read, announce, add, account, netOf, close };
}

const sumOf = (statements: readonly { readonly net: bigint }[]) => statements.reduce((sum, s) => sum + s.net, 0n);

describe('the accounts of a month', () => {
  test('are what the meters measured at the prices of the lease, and sum to zero (P12, P13, P16)', () => {
    const { meters, add, account, netOf } = meteredVillage();
    add(
      'mill',
      meters.mill,
      '2012-01-05',
      0n,
      Array.from({ length: 20 }, () => 500n),
    );
    add(
      'home',
      meters.home,
      '2012-01-05',
      0n,
      Array.from({ length: 10 }, () => 500n),
    );
    add(
      'site',
      meters.site,
      '2012-01-05',
      0n,
      Array.from({ length: 20 }, () => 800n),
    );
    const accounts = account('2012-01');
    expect(accounts.energy).toEqual({
      measuredWh: 15_000n,
      siteWh: 16_000n,
      heldWh: 0n,
      estimatedWh: 0n,
      unattributedWh: 1000n,
    });
    expect(netOf('2012-01')).toEqual({ owner: 1700n + 510n, host: -1700n + 340n, neighbour: -900n, grid: 50n });
    expect(sumOf(accounts.statements)).toBe(0n);
  });

  test('have one root whatever the order in which records and frames came (P16)', () => {
    const { village, meters, facts, add, account } = meteredVillage();
    add('a', meters.mill, '2012-01-05', 0n, [400n, 500n]);
    add('b', meters.mill, '2012-01-05', 0n, [100n, 200n]);
    add('c', meters.home, '2012-01-06', 0n, [400n, 500n]);
    const rootOf = (a: ReturnType<typeof account>) => rootOfStatements(village.id, 1, a.statements);
    const root = rootOf(account('2012-01'));
    for (let seed = 1; seed < 20; seed++) {
      const state = village.fold(shuffle(village.records, seed));
      expect(rootOf(accountsOf(state, energyIn(state, historiesOf(state, shuffle(facts, seed))), '2012-01'))).toBe(
        root,
      );
    }
    expect(account('2012-01')).toMatchObject({ duplicates: 2, energy: { measuredWh: 1800n } });
  });

  test('take the hours of village time, not of UTC', () => {
    const { meters, add, account } = meteredVillage();
    const { from } = monthSpan('2012-01', { offsetMin: 180 });
    expect(new Date(from).toISOString()).toBe('2011-12-31T21:00:00.000Z');
    add(
      'eve',
      meters.mill,
      '2011-12-31',
      0n,
      Array.from({ length: 24 }, () => 10n),
    );
    expect(account('2012-01').energy.measuredWh).toBe(30n);
    expect(account('2011-12').energy.measuredWh).toBe(210n);
  });

  test('have no site total where no site meter told anything', () => {
    const { meters, add, account } = meteredVillage();
    add('mill', meters.mill, '2012-01-05', 0n, [5n]);
    expect(account('2012-01').energy).toMatchObject({ siteWh: null, unattributedWh: null });
  });

  test('hold a spike out of every bill until a coordinator decides (P40)', () => {
    const { village, meters, add, account } = meteredVillage();
    add('mill', meters.mill, '2012-01-05', 0n, [100n, 32_993n]);
    expect(account('2012-01').energy).toMatchObject({ measuredWh: 100n, heldWh: 32_993n });
    const fromMs = Date.UTC(2012, 0, 5, 1);
    const body = { meter: meters.mill, fromMs, action: 'accept', private: sealedText('a welder') };
    village.write(village.device, 'operations-2012-01', 'vee.decide', body);
    expect(account('2012-01').energy).toMatchObject({ measuredWh: 33_093n, heldWh: 0n });
  });
});

describe('what lies below T1', () => {
  test('counts for nothing: a bad signature, a segment that no record announced', () => {
    const { village, meters, facts, read, add, account } = meteredVillage();
    add('forged', meters.mill, '2012-01-05', 0n, [500n]);
    facts.push({ ...(facts.pop() as FrameFact), signatureOk: false });
    read('unannounced', meters.mill, '2012-01-06', 500n, [500n]);
    const state = village.fold();
    expect(facts.map(readingRules(state).trustOf)).toEqual([0, 0]);
    expect(account('2012-01').energy.measuredWh).toBe(0n);
    expect(account('2012-01').obligations).toEqual([]);
  });

  test('counts once another person vouches for the file', () => {
    const { village, tablet, meters, add, account } = meteredVillage();
    const cid = add('march.csv', meters.mill, '2012-01-05', 0n, [500n, 500n], { origin: 'file' });
    const entry = village.newId('r', 'march.csv');
    const body = { entry, kind: 'file', private: sealedText('march.csv'), segments: [cid], hours: 2, wh: 1000n };
    const write = (device: TestDevice, kind: string, content: object) =>
      village.write(device, 'operations-2012-01', kind, content);
    write(village.device, 'entry.add', body);
    write(village.device, 'entry.vouch', { entry, private: sealedText('myself') });
    expect(account('2012-01').energy.measuredWh).toBe(0n);
    write(tablet, 'entry.vouch', { entry, private: sealedText('the paper book') });
    expect(account('2012-01').energy.measuredWh).toBe(1000n);
  });

  test('is not lifted or pulled down by a second entry that names the same file', () => {
    const { village, tablet, meters, add, account } = meteredVillage();
    const cid = add('march.csv', meters.mill, '2012-01-05', 0n, [500n], { origin: 'file' });
    const body = { kind: 'file', private: sealedText('march.csv'), segments: [cid], hours: 1, wh: 500n };
    const entries = ['one', 'two'].map((name) => village.newId('r', name));
    for (const entry of entries) village.write(tablet, 'operations-2012-01', 'entry.add', { entry, ...body });
    const voucher = { entry: entries[1], private: sealedText('the paper book') };
    village.write(village.device, 'operations-2012-01', 'entry.vouch', voucher);
    expect(account('2012-01').energy.measuredWh).toBe(500n);
  });
});

describe('a month that is closed', () => {
  test('is settled once; a late reading of it becomes an adjustment in the next', () => {
    const { meters, add, account, netOf, close } = meteredVillage();
    add(
      'mill',
      meters.mill,
      '2012-01-05',
      0n,
      Array.from({ length: 10 }, () => 500n),
    );
    const digest = close('2012-01');
    expect(account('2012-02').statements).toEqual([]);
    add(
      'late',
      meters.mill,
      '2012-01-06',
      5000n,
      Array.from({ length: 10 }, () => 500n),
    );
    const february = account('2012-02');
    expect(february.obligations).toEqual([]);
    expect(netOf('2012-02')).toEqual({ owner: 850n, host: -850n });
    expect(february.statements.every((s) => s.pays === 0n && s.receives === 0n && s.adjustment === s.net)).toBe(true);
    expect(sumOf(february.statements)).toBe(0n);
    close('2012-02', digest);
    expect(account('2012-03').statements).toEqual([]);
  });

  test('keeps its accounts as they were, and the next pays only what is its own', () => {
    const { meters, add, netOf, close } = meteredVillage();
    add(
      'mill',
      meters.mill,
      '2012-01-05',
      0n,
      Array.from({ length: 10 }, () => 500n),
    );
    const before = netOf('2012-01');
    close('2012-01');
    add(
      'february',
      meters.mill,
      '2012-02-05',
      5000n,
      Array.from({ length: 10 }, () => 100n),
    );
    expect(netOf('2012-01')).toEqual(before);
    expect(netOf('2012-02')).toEqual({ owner: 170n, host: -170n });
  });

  test('is not moved by a segment announced later with an earlier clock for the same hours (formats 4, 6)', () => {
    const { village, tablet, meters, read, add, account, close } = meteredVillage();
    const honest = add('honest', meters.mill, '2012-01-05', 0n, [500n, 500n]);
    close('2012-01');
    const forged = read('forged', meters.mill, '2012-01-05', 0n, [1n, 1n]);
    const span = { fromMs: Date.UTC(2012, 0, 5), toMs: Date.UTC(2012, 0, 6) };
    const body = { cid: forged, day: '2012-01-05', root: new Uint8Array(32), frames: 1, bytes: 1, ...span, prev: null };
    const atMs = (village.fold().segments.get(honest)?.atMs ?? 0) - 1;
    village.write(tablet, 'segments-2012-01', 'segment.announce', body, { atMs, seen: [] });
    expect([...village.fold().segments.keys()]).toEqual([honest, forged]);
    expect(account('2012-01').energy.measuredWh).toBe(1000n);
    expect(account('2012-02').statements).toEqual([]);
  });
});
