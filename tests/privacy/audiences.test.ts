import { afterEach, describe, expect, test, vi } from 'vitest';
import { accountsAt } from '#core/accounts/closing.ts';
import { addPerson } from '#core/members/members-procedures.ts';
import { addAsset } from '#core/metering/meters-procedures.ts';
import { joinVillage } from '#core/villages/invitations.ts';
import { DAY_MS } from '#domain/time.ts';
import { ZERO_HASH } from '#domain/village/state.ts';
import {
  command,
  converge,
  endAll,
  found,
  invite,
  openConsole,
  openTwo,
  PIN,
  type TestConsole,
  WAIT,
} from '../core/consoles.ts';
import { addSilentMeter, dayOfMeter, FIRST_DAY_MS, MONTH, makeLease, sealDay } from '../core/months.ts';

afterEach(endAll);

const idOf = (on: TestConsole) => on.open().village.id;
const me = (on: TestConsole) => on.open().village.row.member;
const readable = (on: TestConsole, meter: string): string[] =>
  on
    .open()
    .village.readings.frames(meter, 0, day(400))
    .map((f) => new Date(f.frame.fromMs).toISOString().slice(0, 10))
    .sort();
const serialOf = (on: TestConsole, asset: string) => on.open().village.revealed().assets.get(asset)?.serial;
const day = (n: number): number => FIRST_DAY_MS + n * DAY_MS;
const sealOne = (on: TestConsole, meter: string, n: number) =>
  sealDay(on, dayOfMeter(meter, day(n), BigInt(n) * 24_000n, 1000n));

async function joinAs(by: TestConsole, name: string, role: 'consumer' | 'third-party' | 'owner'): Promise<TestConsole> {
  const on = await openConsole();
  on.clock.atMs = by.clock.atMs;
  await joinVillage(on.console(), { text: await invite(by, name, [role]), name, pin: PIN });
  await vi.waitFor(() => expect(by.open().village.state().members.has(me(on))).toBe(true), WAIT);
  return on;
}
/** All records here and there, and every announced segment looked at. */
async function settle(...consoles: readonly TestConsole[]): Promise<void> {
  await vi.waitFor(() => {
    expect(new Set(consoles.map((c) => c.open().village.stateHash())).size).toBe(1);
    for (const c of consoles) {
      const { village } = c.open();
      const have = village.store.segments();
      expect([...village.state().segments.keys()].filter((cid) => !have.has(cid))).toEqual([]);
    }
  }, WAIT);
}

describe('the readings of a meter', () => {
  test('are read by their household and coordinators, by a third party while it is let, and no longer after (LO4, P42)', async () => {
    const first = await openConsole();
    await found(first);
    const ngo = await joinAs(first, 'Lwanga', 'third-party');
    const { village } = first.open();
    const { member: home } = await addPerson(village, { name: 'Home', roles: ['consumer'], pin: PIN });
    const meter = await addSilentMeter(first, 'home', 1, home);
    await sealOne(first, meter, 0);
    await settle(first, ngo);
    expect([readable(first, meter), readable(ngo, meter)]).toEqual([['2026-03-01'], []]);

    const client = first.client();
    const { grant } = await client.grants.give({
      ...command(),
      village: idOf(first),
      meters: [meter],
      to: me(ngo),
      fromMs: day(0),
      untilMs: day(60),
      purpose: 'study of evening use',
      signer: home,
      pin: PIN,
    });
    await sealOne(first, meter, 1);
    await vi.waitFor(() => expect(readable(ngo, meter)).toEqual(['2026-03-01', '2026-03-02']), WAIT);

    await client.grants.revoke({ ...command(), village: idOf(first), grant });
    await sealOne(first, meter, 2);
    await settle(first, ngo);
    expect(readable(first, meter)).toEqual(['2026-03-01', '2026-03-02', '2026-03-03']);
    // What it could read it may keep; what was sealed since is under a key it was never given.
    expect(readable(ngo, meter)).toEqual(['2026-03-01', '2026-03-02']);
    const { readers, log } = await ngo.client().grants.get({ village: idOf(ngo), thing: meter });
    expect(readers.map((r) => r.member.name).sort()).toEqual(['Akello', 'Home']);
    expect(log.map((l) => [l.what, l.to.name, l.purpose])).toEqual([
      ['revoked', 'Lwanga', 'study of evening use'],
      ['given', 'Lwanga', 'study of evening use'],
    ]);
  });

  test('stop being readable at the end of a grant, without anybody doing anything (LO4)', async () => {
    const first = await openConsole();
    await found(first);
    const ngo = await joinAs(first, 'Lwanga', 'third-party');
    const meter = await addSilentMeter(first, 'mill', 1, null);
    const signer = me(first);
    const grant = {
      meters: [meter],
      to: me(ngo),
      fromMs: day(0),
      untilMs: day(1),
      purpose: 'one day',
      signer,
      pin: PIN,
    };
    await first.client().grants.give({ ...command(), village: idOf(first), ...grant });
    await sealOne(first, meter, 0);
    await vi.waitFor(() => expect(readable(ngo, meter)).toEqual(['2026-03-01']), WAIT);
    for (const c of [first, ngo]) c.clock.atMs = day(2);
    await sealOne(first, meter, 1);
    await settle(first, ngo);
    expect(readable(ngo, meter)).toEqual(['2026-03-01']);
    const { log } = await first.client().grants.get({ village: idOf(first), thing: meter });
    expect(log.map((l) => l.what)).toEqual(['ended', 'given']);
  });

  test('are granted by nobody but their owner', async () => {
    const first = await openConsole();
    await found(first);
    const { village } = first.open();
    const { member: home } = await addPerson(village, { name: 'Home', roles: ['consumer'], pin: PIN });
    const { member: other } = await addPerson(village, { name: 'Other', roles: ['consumer'], pin: PIN });
    const meter = await addSilentMeter(first, 'home', 1, home);
    const grant = { meters: [meter], to: other, fromMs: 0, untilMs: day(9), purpose: 'curious', pin: PIN };
    const give = (signer: string) =>
      first.client().grants.give({ ...command(), village: idOf(first), ...grant, signer });
    await expect(give(other)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await expect(give(me(first))).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await expect(give(home)).resolves.toMatchObject({ grant: expect.any(String) });
  });
});

test('who reads a part has the same state; who reads all comes to the same accounts (P42)', async () => {
  const [first, second] = await openTwo();
  const part = await joinAs(first, 'Part', 'consumer');
  const { hostMeter } = await makeLease(first);
  await settle(first, second, part);
  await converge(first, second);
  await vi.waitFor(() => expect(readable(second, hostMeter)).toHaveLength(1), WAIT);
  expect(readable(part, hostMeter)).toEqual([]);
  const cut = first.open().village.nameCut();
  const rootOn = async (c: TestConsole) => {
    const result = await accountsAt(c.open().village, MONTH, ZERO_HASH, cut);
    return result.ok ? result.root : result;
  };
  const roots = await Promise.all([first, second].map(rootOn));
  expect(roots[0]).toEqual(expect.stringMatching(/^0x/));
  expect(roots[1]).toEqual(roots[0]);
  expect(part.open().village.stateHash()).toBe(first.open().village.stateHash());
});

test('a late joiner reads every name, and of an asset what its level allows (EL4)', async () => {
  const first = await openConsole();
  await found(first);
  const { village } = first.open();
  const { member } = await addPerson(village, { name: 'Otieno', roles: ['owner'], pin: PIN });
  const what = {
    name: 'Roof',
    source: 'solar' as const,
    serial: 'SN 77-1',
    district: 'Kiyuni',
    place: 'behind the mosque',
  };
  const rest = { contract: null, capacityW: 3000, storageWh: null, owner: member, host: null, simulated: true };
  const asset = await addAsset(first.open(), { ...what, ...rest });
  const late = await joinAs(first, 'Dalia', 'consumer');
  const names = () => [...late.open().village.revealed().members.values()].map((m) => m.name).sort();
  await vi.waitFor(() => expect(names()).toEqual(['Akello', 'Dalia', 'Otieno']), WAIT);
  expect(late.open().village.revealed().assets.get(asset)).toMatchObject({
    name: 'Roof',
    district: 'Kiyuni',
    serial: null,
    place: null,
  });
  expect(serialOf(first, asset)).toBe('SN 77-1');
  // However it is spelt, one number stands for one asset, without anybody reading it (EL3).
  await expect(addAsset(first.open(), { ...what, ...rest, serial: 'sn771' })).rejects.toMatchObject({
    code: 'NOT_ALLOWED',
  });
});

test('the owner of an asset lets somebody read its serial number, or place and contract too, for a time (EL4, LO4)', async () => {
  const first = await openConsole();
  await found(first);
  const village = idOf(first);
  const owner = me(first);
  const place = { place: 'behind the mosque', contract: 'lease 12' };
  const asset = await addAsset(first.open(), {
    name: 'Roof',
    source: 'solar',
    serial: 'SN 77-1',
    district: 'Kiyuni',
    ...place,
    capacityW: 3000,
    storageWh: null,
    owner,
    host: null,
    simulated: true,
  });
  const partner = await joinAs(first, 'Dalia', 'consumer');
  const auditor = await joinAs(first, 'Esi', 'third-party');
  const untilMs = first.clock.atMs + DAY_MS;
  const give = (to: TestConsole, level: 'shared' | 'private') =>
    first.client().grants.give({
      ...command(),
      village,
      meters: [],
      assets: [asset],
      level,
      to: me(to),
      fromMs: 0,
      untilMs,
      purpose: 'yearly audit',
      signer: owner,
      pin: PIN,
    });
  const seenBy = (on: TestConsole) => on.open().village.revealed().assets.get(asset);
  await give(partner, 'shared');
  first.clock.atMs += 1;
  const { grant } = await give(auditor, 'private');
  await vi.waitFor(() => expect(seenBy(auditor)).toMatchObject({ serial: 'SN 77-1', ...place }), WAIT);
  await vi.waitFor(() => expect(seenBy(partner)).toMatchObject({ serial: 'SN 77-1' }), WAIT);
  await settle(first, partner, auditor);
  expect(seenBy(partner)).toMatchObject({ place: null, contract: null });

  const view = () => first.client().grants.get({ village, thing: asset });
  const { readers, signers, log } = await view();
  expect(readers.map((r) => [r.member.name, r.level, r.reasons.map((x) => x.kind)])).toEqual([
    ['Akello', 'private', ['owner', 'coordinator']],
    ['Dalia', 'shared', ['grant']],
    ['Esi', 'private', ['grant']],
  ]);
  expect([signers.map((p) => p.name), log.map((l) => [l.what, l.level])]).toEqual([
    ['Akello'],
    [
      ['given', 'private'],
      ['given', 'shared'],
    ],
  ]);
  await first.client().grants.revoke({ ...command(), village, grant });
  expect((await view()).readers.map((r) => r.member.name)).toEqual(['Akello', 'Dalia']);
  first.clock.atMs = untilMs;
  expect((await view()).readers.map((r) => r.member.name)).toEqual(['Akello']);
  expect((await view()).log.map((l) => l.what)).toEqual(['ended', 'revoked', 'given', 'given']);
});
