import { afterEach, describe, expect, test } from 'vitest';
import { sealUntil } from '#core/metering/sealing.ts';
import { DAY_MS, HOUR_MS } from '#domain/time.ts';
import { codeOf, duplicatesOn, endAll, found, framesOn, intervalsOn, MARCH_MS, openConsole } from './consoles.ts';
import { addCircuit, POLL_MS, readUntil, seal, startPlant } from './plant.ts';

afterEach(endAll);

async function metered() {
  const on = await openConsole();
  await found(on);
  const plant = await startPlant();
  const circuit = await addCircuit(on, plant);
  return { on, plant, ...circuit };
}

describe('a meter', () => {
  test('that is silent is a gap with a reason, and its energy is a span once it answers again', async () => {
    const { on, plant, meter, unit } = await metered();
    const [silentMs, backMs, endMs] = [MARCH_MS + 3 * HOUR_MS, MARCH_MS + 6 * HOUR_MS, MARCH_MS + 9 * HOUR_MS];
    await readUntil(on, plant, MARCH_MS, silentMs);
    await plant.control.fault(unit, { silent: true });
    await readUntil(on, plant, silentMs + POLL_MS, backMs);
    await plant.control.fault(unit, { silent: false });
    await readUntil(on, plant, backMs + POLL_MS, endMs);
    const { store } = on.open().village;
    const polls = store.readings(meter, MARCH_MS, endMs);
    expect(polls.filter((r) => !r.answered).map((r) => r.atMs)).toEqual(
      polls.filter((r) => r.atMs > silentMs && r.atMs <= backMs).map((r) => r.atMs),
    );
    await seal(on, endMs);
    const intervals = intervalsOn(on, meter);
    const gaps = intervals.filter((i) => i.status === 'gap').map((i) => i.fromMs);
    expect(gaps).toEqual(expect.arrayContaining([silentMs, silentMs + HOUR_MS, silentMs + 2 * HOUR_MS]));
    expect(intervals.every((i) => i.status !== 'gap' || i.wh === null)).toBe(true);
  });

  test('at an address that another meter has is refused; one that does not answer is not added', async () => {
    const { on, plant, key } = await metered();
    await expect(addCircuit(on, plant)).rejects.toMatchObject({ code: 'METER_TAKEN', data: { name: key } });
    const before = on.open().village.state().meters.size;
    await plant.stop();
    const client = on.client();
    const add = client.meters.test({
      village: on.open().village.id,
      address: { model: plant.meters[0]?.model ?? '', host: '127.0.0.1', port: plant.ports.modbus, unit: 9 },
    } as never);
    expect(await codeOf(add)).toBe('METER_SILENT');
    expect(on.open().village.state().meters.size).toBe(before);
  });
});

describe('what was read', () => {
  test('is sealed by UTC day, once, on demand and again later, with no hour twice and none missing', async () => {
    const { on, plant, meter } = await metered();
    const noon = MARCH_MS + 15 * HOUR_MS;
    const end = MARCH_MS + 2 * DAY_MS;
    await readUntil(on, plant, MARCH_MS, noon);
    expect(await seal(on, noon)).toHaveLength(2);
    expect(await seal(on, noon)).toEqual([]);
    await readUntil(on, plant, noon + POLL_MS, end);
    expect(await seal(on, end)).toHaveLength(2);
    const frames = framesOn(on).map((f) => f.frame);
    const hours = frames.flatMap((f) => f.asked.map((_, i) => f.fromMs + i * f.stepMs)).sort((a, b) => a - b);
    expect(hours).toEqual(Array.from({ length: 48 }, (_, i) => MARCH_MS + i * HOUR_MS));
    expect(await duplicatesOn(on, meter, MARCH_MS)).toEqual([]);
    for (const f of frames)
      expect(Math.floor(f.fromMs / DAY_MS)).toBe(Math.floor((f.fromMs + f.asked.length * HOUR_MS - 1) / DAY_MS));
  });

  test('and sealed when the console went down in between is announced once, under the same name', async () => {
    const { on, plant } = await metered();
    const end = MARCH_MS + 3 * HOUR_MS;
    await readUntil(on, plant, MARCH_MS, end);
    const { village } = on.open();
    await village.node.setOnline(false);
    const put = village.store.putPendingSegment.bind(village.store);
    const kept: string[] = [];
    Object.assign(village.store, {
      putPendingSegment: (p: Parameters<typeof put>[0]) => {
        put(p);
        kept.push(p.cid);
        throw new Error('the plug was pulled');
      },
    });
    await expect(sealUntil(village, end, HOUR_MS)).rejects.toThrow('plug');
    await on.restart();
    const after = on.open().village;
    expect([...after.state().segments.keys()]).toEqual(kept);
    expect(after.store.pendingSegments()).toEqual([]);
    expect(await seal(on, end)).toEqual([]);
    expect(framesOn(on)).toHaveLength(1);
  });

  test('at an instant stays as it is; only a silence gives way to an answer', async () => {
    const { on, meter } = await metered();
    const { store } = on.open().village;
    const said = (importWh: bigint | null) => ({
      meter,
      atMs: MARCH_MS,
      answered: importWh !== null,
      importWh,
      exportWh: null,
      powerW: null,
      socPercent: null,
    });
    for (const wh of [null, 5n, null, 9n]) store.addReadings([said(wh)]);
    expect(store.readings(meter, MARCH_MS, MARCH_MS)).toEqual([said(5n)]);
  });
});
