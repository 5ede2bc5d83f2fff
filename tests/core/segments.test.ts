import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { joinVillage } from '#core/villages/invitations.ts';
import { newId } from '#domain/ids.ts';
import { dataGrantDigest } from '#domain/membership/data-grants.ts';
import { DAY_MS, HOUR_MS } from '#domain/time.ts';
import { announcementOf } from '#domain/village/shelves.ts';
import {
  codeOf,
  command,
  converge,
  duplicatesOn,
  endAll,
  found,
  framesOn,
  intervalsOn,
  invite,
  MARCH_MS,
  openConsole,
  openTwo,
  PIN,
  QUIET,
  type TestConsole,
  WAIT,
} from './consoles.ts';
import { AFTER_MARCH_MS, dayOfMeter, enterMeters, FIRST_DAY_MS, propose, sealDay, setClocks } from './months.ts';
import { addCircuit, readUntil, startPlant } from './plant.ts';

afterEach(endAll);

const nobody = (n: number): null[] => Array.from({ length: n }, () => null);
const statusOf = (on: TestConsole) => on.client().sync.status({ village: on.open().village.id });
const verifiedOn = (on: TestConsole): number => on.open().village.segments.progress().verified.segments;

test('large segments are checked on threads, counted while they come, paused and resumed', async () => {
  const [first, second] = await openTwo();
  const meters = await enterMeters(first, nobody(70));
  await converge(first, second);
  const village = second.open().village.id;
  await second.client().sync.pause({ village, ...command() });
  for (const day of [0, 1, 2])
    await sealDay(first, ...meters.map((m) => dayOfMeter(m, FIRST_DAY_MS + day * DAY_MS, 0n, 10n)));
  await vi.waitFor(async () => {
    const { fetching } = await statusOf(second);
    expect(fetching).toMatchObject({ state: 'paused', announced: { segments: 3 }, verified: { segments: 0 } });
  }, WAIT);
  await second.client().sync.resume({ village, ...command() });
  await vi.waitFor(async () => {
    const { fetching } = await statusOf(second);
    expect(fetching).toMatchObject({ state: 'idle', bad: 0, lockedFrames: 0, secondsLeft: 0 });
    expect(fetching.verified).toEqual(fetching.announced);
  }, WAIT);
  expect(framesOn(second)).toHaveLength(210);
  expect(framesOn(second).every((f) => f.signatureOk)).toBe(true);
});

test('a segment that somebody else announced as its own, back-dated, is the one of its gateway everywhere', async () => {
  const [first, second] = await openTwo();
  const [meter = ''] = await enterMeters(first, nobody(1));
  await converge(first, second);
  const thief = second.open().village;
  await thief.node.setOnline(false);
  setClocks(FIRST_DAY_MS + 10 * DAY_MS, first);
  await sealDay(first, dayOfMeter(meter, FIRST_DAY_MS, 0n, 10n));
  const gateway = first.open().village;
  const [ref] = gateway.state().segments.values();
  if (!ref) throw new Error('nothing was announced');
  const { device, record, atMs, ...body } = ref;
  await thief.node.putBlock(ref.cid, await gateway.node.getBlock(ref.cid, { ...QUIET, localOnly: true }));
  await thief.act([
    { book: 'segments-2026-03', kind: 'segment.announce', body: { ...body, day: '2026-03-20', bytes: 1 } },
  ]);
  await vi.waitFor(() => expect(thief.segments.progress().bad).toBe(1), WAIT);
  setClocks(first.clock.atMs, second);
  await thief.node.setOnline(true);
  await converge(first, second);
  const third = await openConsole();
  setClocks(first.clock.atMs, third);
  await joinVillage(third.console(), {
    text: await invite(first, 'Nafula', ['coordinator']),
    name: 'Nafula',
    pin: PIN,
  });
  await converge(first, second, third);
  for (const on of [first, second, third]) {
    const { segments } = on.open().village.state();
    expect(segments.get(ref.cid)?.device).toBe(thief.keys.id);
    expect(announcementOf(segments, ref.cid, device)).toMatchObject({ record, atMs, day: ref.day });
    await vi.waitFor(() => expect(framesOn(on).map((f) => f.frame.meter)).toEqual([meter]), WAIT);
    expect(intervalsOn(on, meter)).toHaveLength(24);
    expect(await on.open().village.chains.look()).toEqual([]);
  }
});

test('blocks that were here but not checked when the console went down are checked when it is back', async () => {
  const [first, second] = await openTwo();
  const [meter = ''] = await enterMeters(first, nobody(1));
  await sealDay(first, dayOfMeter(meter, FIRST_DAY_MS, 0n, 10n));
  await converge(first, second);
  const { store, id } = second.open().village;
  store.dropReadModels();
  await second.open().village.node.setOnline(false);
  await first.stop();
  await second.restart();
  expect(second.open().village.id).toBe(id);
  await vi.waitFor(() => expect(verifiedOn(second)).toBe(1), WAIT);
  expect(framesOn(second)).toHaveLength(1);
});

describe('frames that are not shared with a device', () => {
  test('stay locked, are counted, keep a close from being confirmed, and open once their key comes', async () => {
    const first = await openConsole();
    await found(first);
    const second = await openConsole();
    await joinVillage(second.console(), { text: await invite(first, 'Okot', ['consumer']), name: 'Okot', pin: PIN });
    await vi.waitFor(() => expect(first.open().village.state().members.size).toBe(2), WAIT);
    const { village } = second.open();
    const [own = '', other = ''] = await enterMeters(first, [village.row.member, null]);
    await sealDay(first, dayOfMeter(own, FIRST_DAY_MS, 0n, 10n), dayOfMeter(other, FIRST_DAY_MS, 0n, 20n));
    await vi.waitFor(() => expect(framesOn(second).map((f) => f.frame.meter)).toEqual([own]), WAIT);
    const [cid = ''] = village.state().segments.keys();
    expect(village.store.segment(cid)).toMatchObject({ state: 'verified', locked: 1 });
    expect([village.store.lockedIn([cid]), [...village.store.lockedByMeter()]]).toEqual([1, [[other, 1]]]);
    expect((await statusOf(second)).fetching).toMatchObject({ lockedFrames: 1, verified: { segments: 1 } });
    setClocks(AFTER_MARCH_MS, first, second);
    expect(await codeOf(propose(second))).toBe('CLOSE_NOT_READABLE');

    await letRead(first, other, village.row.member);
    await vi.waitFor(() => expect(village.store.lockedIn([cid])).toBe(0), WAIT);
    expect(new Set(framesOn(second).map((f) => f.frame.meter))).toEqual(new Set([own, other]));
    expect(village.store.lockedByMeter().size).toBe(0);
  });
});

/** The village's right to let somebody read a meter of its own. */
async function letRead(on: TestConsole, meter: string, to: string): Promise<void> {
  const { village } = on.open();
  const owner = village.row.member;
  const grant = newId('d', village.id, new Uint8Array(randomBytes(16)));
  const [fromMs, untilMs] = [MARCH_MS, MARCH_MS + 365 * DAY_MS];
  const terms = { owner, to, meters: [meter], assets: [], level: 'shared' as const, fromMs, untilMs };
  const key = await village.keystore.unlock(owner, PIN);
  const sig = key.sign(dataGrantDigest(village.id, { grant, ...terms }));
  await village.act([
    {
      book: 'members',
      kind: 'data.grant',
      body: { grant, ...terms, private: village.seal('grant', grant, { text: 'study' }), signer: owner, sig },
    },
  ]);
}

describe('a segment of a day that has one already', () => {
  test('adds what it alone tells; what overlaps is a duplicate, and the first one stands', async () => {
    const [first, second] = await openTwo();
    const [meter = ''] = await enterMeters(first, nobody(1));
    const day = dayOfMeter(meter, FIRST_DAY_MS, 1000n, 10n);
    const part = (from: number, to: number, wh: bigint) => ({
      ...day,
      fromMs: FIRST_DAY_MS + from * HOUR_MS,
      importWh: Array.from({ length: to - from + 1 }, (_, i) => 1000n + BigInt(from + i) * wh),
      asked: day.asked.slice(from, to),
      answered: day.answered.slice(from, to),
    });
    await sealDay(first, part(0, 12, 10n));
    await sealDay(first, part(12, 24, 10n));
    await converge(first, second);
    const before = intervalsOn(second, meter);
    expect(before.map((i) => i.wh)).toEqual(Array.from({ length: 24 }, () => 10n));
    // Weeks later the gateway corrects the afternoon: history is not rewritten.
    setClocks(AFTER_MARCH_MS, first, second);
    await sealDay(first, part(12, 24, 11n));
    await converge(first, second);
    for (const on of [first, second]) {
      expect(verifiedOn(on)).toBe(3);
      expect(intervalsOn(on, meter).map((i) => [i.wh, i.segment])).toEqual(before.map((i) => [i.wh, i.segment]));
      const hours = Array.from({ length: 12 }, (_, i) => FIRST_DAY_MS + (12 + i) * HOUR_MS);
      expect(await duplicatesOn(on, meter, FIRST_DAY_MS)).toEqual(hours);
    }
  });
});

test('a gateway seals and announces each UTC day that is over by itself, also those while it was off', async () => {
  const on = await openConsole();
  await found(on);
  const plant = await startPlant();
  await addCircuit(on, plant);
  const midnight = MARCH_MS + 3 * HOUR_MS;
  await readUntil(on, plant, MARCH_MS, midnight - HOUR_MS / 2);
  const days = () => [...on.open().village.state().segments.values()].map((s) => s.day).sort();
  on.clock.atMs = midnight;
  on.open().acquisition.start(50);
  await vi.waitFor(() => expect(days()).toEqual(['2026-02-28']), WAIT);
  await on.restart();
  on.clock.atMs = midnight + 2 * DAY_MS;
  on.open().acquisition.start(50);
  await vi.waitFor(() => expect(days()).toEqual(['2026-02-28', '2026-03-01', '2026-03-02']), WAIT);
});
