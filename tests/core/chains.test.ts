import { cpSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { enterReading, importReadings, readLoggerFile } from '#core/metering/import-readings.ts';
import { DAY_MS, dayOf, HOUR_MS, UTC } from '#domain/time.ts';
import {
  command,
  converge,
  endAll,
  makeFolder,
  openConsole,
  openTwo,
  PIN,
  QUIET,
  type TestConsole,
  villageOf,
  WAIT,
} from './consoles.ts';
import { addSilentMeter, dayOfMeter, FIRST_DAY_MS, sealDay, setClocks } from './months.ts';

afterEach(endAll);

const day = (meter: string, n: number) => dayOfMeter(meter, FIRST_DAY_MS + n * DAY_MS, BigInt(n) * 2400n, 100n);
const statusOf = (on: TestConsole) => on.client().sync.status({ village: villageOf(on).id });
/** Whether all announced segments are here and open, and what is told of their chains. */
async function chainsOn(on: TestConsole) {
  const village = villageOf(on);
  await vi.waitFor(() => {
    const { announced, verified, lockedFrames } = village.segments.progress();
    expect(announced.segments).toBeGreaterThan(0);
    expect({ verified: verified.segments, lockedFrames }).toEqual({ verified: announced.segments, lockedFrames: 0 });
  }, WAIT);
  return village.chains.look();
}

test('the chains of a gateway are whole for everybody, whatever it sealed, imported and was stopped in', async () => {
  const [first, second] = await openTwo();
  setClocks(FIRST_DAY_MS + 40 * DAY_MS, first, second);
  const [home, mill] = [await addSilentMeter(first, 'home', 1), await addSilentMeter(first, 'mill', 2)];
  await sealDay(first, day(home, 0), day(mill, 0));
  await sealDay(first, day(mill, 1));
  const file = 'hour,mill\n2026-03-10 00:00:00,10\n2026-03-11 00:00:00,20\n';
  const take = () =>
    importReadings(villageOf(first), 'f.csv', readLoggerFile('f.csv', file, { offsetMin: 180 }), { mill }, QUIET);
  await Promise.all([take(), sealDay(first, day(home, 2)), sealDay(first, day(home, 3), day(mill, 3))]);
  await enterReading(villageOf(first), home, FIRST_DAY_MS + 20 * DAY_MS, 90_000n, 'read by eye');

  // The plug is pulled between sealing and announcing; the next thing that is sealed finishes it first.
  const { store } = villageOf(first);
  const put = store.putPendingSegment.bind(store);
  const pull = vi.spyOn(store, 'putPendingSegment').mockImplementationOnce((p) => {
    put(p);
    throw new Error('the plug was pulled');
  });
  await expect(sealDay(first, day(home, 4))).rejects.toThrow('plug');
  pull.mockRestore();
  await take();
  await first.restart();
  await sealDay(first, day(home, 5), day(mill, 5));
  // A correction: the same day of a meter told again.
  await sealDay(first, dayOfMeter(mill, FIRST_DAY_MS + 5 * DAY_MS, 12_000n, 90n));

  await converge(first, second);
  for (const on of [first, second]) {
    expect(await chainsOn(on)).toEqual([]);
    expect(villageOf(on).store.openChains(10)).toEqual([]);
  }
});

test('a restored backup begins chains of its own, and the ones of the original go on', async () => {
  const [first, second] = await openTwo();
  setClocks(FIRST_DAY_MS + 40 * DAY_MS, first, second);
  const meter = await addSilentMeter(first, 'home', 1);
  await sealDay(first, day(meter, 0));
  await first.stop();
  const backup = makeFolder('backup');
  cpSync(first.dir, backup, { recursive: true, preserveTimestamps: true });
  await first.restart();
  await sealDay(first, day(meter, 1));
  const copy = await openConsole({ dataDir: backup });
  setClocks(first.clock.atMs, copy);
  await copy.client().villages.becomeNewDevice({ ...command(), village: villageOf(copy).id, pin: PIN });
  await vi.waitFor(() => expect(villageOf(copy).state().devices.size).toBe(3), WAIT);
  await sealDay(copy, day(meter, 2));
  await converge(first, copy);
  await sealDay(first, day(meter, 3));
  await converge(first, copy);
  for (const on of [first, copy]) {
    expect(await chainsOn(on)).toEqual([]);
    const { store, state } = villageOf(on);
    expect(new Set([...state().segments.values()].map((s) => s.device)).size).toBe(2);
    expect(store.openChains(10)).toEqual([]);
  }
});

test('a gateway that wrote a day over, or took one out, is shown to everybody with both sides; what came counts as before', async () => {
  const [first, second] = await openTwo();
  setClocks(FIRST_DAY_MS + 40 * DAY_MS, first, second);
  const [home, mill] = [await addSilentMeter(first, 'home', 1), await addSilentMeter(first, 'mill', 2)];
  const village = villageOf(first);
  await sealDay(first, day(home, 0), day(mill, 0));
  const before = village.store.sealedUntil(mill);
  await sealDay(first, day(home, 1), day(mill, 1));
  const endOf = village.store.sealedUntil.bind(village.store);
  const lie = (leaf: string) =>
    vi.spyOn(village.store, 'sealedUntil').mockImplementation((m) => (m === mill ? { toMs: 0, leaf } : endOf(m)));
  const written = lie(before?.leaf ?? '');
  await sealDay(first, day(home, 2), day(mill, 2));
  written.mockRestore();
  const taken = lie('ab'.repeat(32));
  await sealDay(first, day(mill, 3));
  taken.mockRestore();
  await sealDay(first, day(home, 4), day(mill, 4));

  await converge(first, second);
  expect(second.open().village.stateHash()).toBe(first.open().village.stateHash());
  const days = (n: number) => dayOf(FIRST_DAY_MS + n * DAY_MS, UTC);
  for (const on of [first, second]) {
    await chainsOn(on);
    const { chains } = await statusOf(on);
    const device = village.keys.id;
    const meters = [{ id: mill, name: 'mill' }];
    expect(chains).toMatchObject([
      { kind: 'missing', device, name: 'Akello', seen: false, meters, sides: [{ day: days(3) }] },
      { kind: 'fork', device, name: 'Akello', seen: false, meters, sides: [{ day: days(1) }, { day: days(2) }] },
    ]);
    const card = await on.client().meters.get({ village: village.id, meter: mill });
    expect(card.evidence.map((e) => e.chainBreak)).toEqual([null, 'missing', 'fork', 'fork', null]);
    const { evidence } = await on.client().meters.get({ village: village.id, meter: home });
    expect(evidence.every((e) => e.chainBreak === null && e.verified && e.trust === 1)).toBe(true);
    const from = FIRST_DAY_MS;
    const { points } = await on
      .client()
      .meters.series({ village: village.id, meter: mill, fromMs: from, toMs: from + 5 * DAY_MS, stepMs: HOUR_MS });
    expect(points.reduce((sum, p) => sum + (p.wh ?? 0n), 0n)).toBe(12_000n);
  }
  const [missing] = (await statusOf(second)).chains;
  await second.client().sync.markSeen({ ...command(), village: village.id, conflict: missing?.id ?? '' });
  expect((await statusOf(second)).chains.map((c) => c.seen)).toEqual([true, false]);
  await second.restart();
  await chainsOn(second);
  expect((await statusOf(second)).chains.map((c) => c.seen)).toEqual([true, false]);
  expect((await statusOf(first)).chains.map((c) => c.seen)).toEqual([false, false]);
});
