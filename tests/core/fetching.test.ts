import { afterEach, expect, test, vi } from 'vitest';
import { recordBytes, type SignedRecord } from '#domain/books/record.ts';
import { cidOf, encode } from '#domain/bytes.ts';
import { DAY_MS, dayOf, HOUR_MS, UTC } from '#domain/time.ts';
import { command, converge, endAll, fetchingOn, framesOn, openTwo, type TestConsole, WAIT } from './consoles.ts';
import { dayOfMeter, enterMeters, FIRST_DAY_MS, sealDay } from './months.ts';

afterEach(endAll);

/** More than are sought of one device at a time. */
const LIES = 1200;
const NEXT_MONTH_MS = FIRST_DAY_MS + 31 * DAY_MS;
const seal = (on: TestConsole, meter: string, dayMs: number) => sealDay(on, dayOfMeter(meter, dayMs, 0n, 10n));

test('what a person leaves out is asked of nobody, also after a restart, and comes when it is asked for again', async () => {
  const [gateway, console] = await openTwo();
  const village = console.open().village.id;
  const device = gateway.open().village.keys.id;
  const [meter = ''] = await enterMeters(gateway, [null]);
  const march = { village, what: { kind: 'month' as const, month: '2026-03' } };
  const days = { village, what: { kind: 'device' as const, device } };
  await console.client().sync.cancelFetch({ ...march, ...command() });
  for (const dayMs of [FIRST_DAY_MS, NEXT_MONTH_MS]) await seal(gateway, meter, dayMs);
  await vi.waitFor(async () => {
    expect(await fetchingOn(console)).toMatchObject({
      state: 'idle',
      announced: { segments: 2 },
      verified: { segments: 1 },
      cancelled: { segments: 1 },
      months: [{ month: '2026-03', announced: 1, present: 0, isFetched: false }],
    });
  }, WAIT);

  await console.client().sync.cancelFetch({ ...days, ...command() });
  await console.restart();
  await seal(gateway, meter, NEXT_MONTH_MS + DAY_MS);
  await vi.waitFor(async () => {
    expect(await fetchingOn(console)).toMatchObject({
      announced: { segments: 3 },
      verified: { segments: 1 },
      cancelled: { segments: 2 },
      devices: [{ device, announced: 3, isFetched: false, name: expect.any(String) }],
    });
  }, WAIT);

  await console.client().sync.fetchAgain({ ...days, ...command() });
  await vi.waitFor(async () => {
    expect(await fetchingOn(console)).toMatchObject({ verified: { segments: 2 }, cancelled: { segments: 1 } });
  }, WAIT);
  await console.client().sync.fetchAgain({ ...march, ...command() });
  await converge(gateway, console);
  await vi.waitFor(async () => {
    expect(await fetchingOn(console)).toMatchObject({ state: 'idle', cancelled: { segments: 0 }, months: [] });
  }, WAIT);
  expect(framesOn(console)).toHaveLength(3);
});

test('a pause is kept over a restart', async () => {
  const [gateway, console] = await openTwo();
  const village = console.open().village.id;
  const [meter = ''] = await enterMeters(gateway, [null]);
  await console.client().sync.pause({ village, ...command() });
  await console.restart();
  await seal(gateway, meter, FIRST_DAY_MS);
  await vi.waitFor(async () => {
    expect(await fetchingOn(console)).toMatchObject({ state: 'paused', announced: { segments: 1 } });
  }, WAIT);
  expect(await fetchingOn(console)).toMatchObject({ present: { segments: 0 } });
  await console.client().sync.resume({ village, ...command() });
  await converge(gateway, console);
  await vi.waitFor(async () => {
    expect(await fetchingOn(console)).toMatchObject({ state: 'idle', verified: { segments: 1 } });
  }, WAIT);
});

/** Announces segments that do not exist, as only a program of its own would. */
async function announceLies(on: TestConsole, count: number): Promise<void> {
  const { id: village, keys, node } = on.open().village;
  const records: SignedRecord[] = [];
  let prev: string | null = null;
  for (let n = 0; n < count; n++) {
    const dayMs = FIRST_DAY_MS + (n % 30) * DAY_MS;
    const cid = cidOf(encode({ lie: n }));
    const [root, day] = [new Uint8Array(32), dayOf(dayMs, UTC)];
    const body = { cid, day, fromMs: dayMs, toMs: dayMs + DAY_MS, bytes: 5000, frames: 1, root, prev: null };
    const at = { ms: on.clock.atMs + 1, n };
    const bytes = recordBytes({
      v: 1,
      village,
      book: 'segments-2026-03',
      kind: 'segment.announce',
      device: keys.id,
      seq: n,
      prev,
      at,
      seen: [],
      body,
    });
    records.push({ bytes, sig: keys.sign(bytes) });
    prev = cidOf(bytes);
  }
  for (let at = 0; at < count; at += 64) await node.append('segments-2026-03', records.slice(at, at + 64));
}

test('a granted device that announces without end what does not exist is named, and what it announces then still comes', async () => {
  const [gateway, liar] = await openTwo();
  const device = liar.open().village.keys.id;
  const { village } = gateway.open();
  const [meter = ''] = await enterMeters(liar, [null]);
  await announceLies(liar, LIES);
  await vi.waitFor(async () => {
    const { announced, absent, devices } = await fetchingOn(gateway);
    expect(announced.segments).toBe(LIES);
    expect(absent.segments).toBe(512);
    const counts = { announced: LIES, present: 0, verified: 0, absent: 512, lost: 0 };
    expect(devices).toEqual([{ device, name: 'Okot', ...counts, isFetched: true }]);
  }, WAIT);

  liar.clock.atMs += HOUR_MS;
  await seal(liar, meter, NEXT_MONTH_MS);
  await vi.waitFor(() => expect(village.segments.progress().verified.segments).toBe(1), WAIT);
  await gateway.client().sync.cancelFetch({ village: village.id, what: { kind: 'device', device }, ...command() });
  await vi.waitFor(async () => {
    const left = { absent: { segments: 0 }, cancelled: { segments: LIES } };
    expect(await fetchingOn(gateway)).toMatchObject({ state: 'idle', ...left });
  }, WAIT);
});
