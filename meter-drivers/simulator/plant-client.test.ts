import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { DAY_MS, HOUR_MS } from '#domain/time.ts';
import { createModbusDriver } from '../modbus-driver.ts';
import { connectPlant, type RunningPlant, type SpawnPlantOptions, spawnPlant } from './plant-client.ts';

const PLANT_MAIN = join(import.meta.dirname, 'plant-main.ts');
const running: RunningPlant[] = [];
afterEach(async () => {
  for (const plant of running.splice(0)) await plant.stop();
});

async function start(options: SpawnPlantOptions = { village: 'kwa-mtoni', seed: 1 }): Promise<RunningPlant> {
  const plant = await spawnPlant(options);
  running.push(plant);
  return plant;
}

/** Closed, in good order or by a reset. */
const untilClosed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

async function openMeters(plant: RunningPlant) {
  const driver = createModbusDriver();
  const open = plant.meters.map(({ model, unit }) =>
    driver.open({ model, host: '127.0.0.1', port: plant.ports.modbus, unit }),
  );
  return await Promise.all(open);
}

test('a village plant serves every meter over Modbus as its own truth says, at any instant it is set to', async () => {
  const plant = await start();
  const meters = await openMeters(plant);
  for (const hours of [0, 7.3, 20, 30 * 24]) {
    await plant.control.set(plant.fromMs + hours * HOUR_MS);
    const truth = await plant.control.state();
    let answered = 0;
    for (const [i, { unit, source }] of plant.meters.entries()) {
      const state = truth.meters.get(unit);
      const reading = await meters[i]?.read().catch((error: unknown) => error);
      if (!state?.answers) {
        expect(reading).toMatchObject({ code: 'METER_SILENT' });
        continue;
      }
      answered += 1;
      expect(reading).toMatchObject({ importWh: state.importWh, exportWh: state.exportWh });
      if (source === 'battery')
        expect(reading).toMatchObject({ socPercent: Math.round((state.socPercent ?? 0) * 10) / 10 });
    }
    expect(answered).toBeGreaterThan(30);
  }
  await Promise.all(meters.map((meter) => meter.close()));
});

test('two plants of one seed agree at an instant, one stepped there and one set there at once', async () => {
  const [stepped, jumped] = [await start(), await start()];
  for (let hour = 1; hour <= 48; hour += 5) await stepped.control.set(stepped.fromMs + hour * HOUR_MS);
  await stepped.control.set(stepped.fromMs + 2 * DAY_MS);
  await jumped.control.set(jumped.fromMs + 2 * DAY_MS);
  expect(await stepped.control.state()).toEqual(await jumped.control.state());
});

test('the clock goes forward only, and runs when told to', async () => {
  const { control, fromMs } = await start();
  await control.set(fromMs + HOUR_MS);
  await expect(control.set(fromMs)).rejects.toMatchObject({ code: 'CLOCK_BACKWARD' });
  await control.run(100_000);
  await vi.waitFor(async () => expect((await control.state()).atMs).toBeGreaterThan(fromMs + 2 * HOUR_MS), {
    timeout: 20_000,
  });
  const stoppedMs = await control.run(0);
  expect((await control.state()).atMs).toBe(stoppedMs);
});

test('a meter made silent does not answer until it is told to, and a reset starts its register from zero', async () => {
  const plant = await start();
  await plant.control.set(plant.fromMs + 3 * DAY_MS);
  const mill = plant.meters.find((meter) => meter.key === 'mill');
  if (!mill) throw new Error('no mill');
  const meter = await createModbusDriver().open({
    model: mill.model,
    host: '127.0.0.1',
    port: plant.ports.modbus,
    unit: mill.unit,
  });
  expect((await meter.read()).importWh).toBeGreaterThan(0n);
  await plant.control.fault(mill.unit, { silent: true });
  await expect(meter.read()).rejects.toMatchObject({ code: 'METER_SILENT' });
  await plant.control.fault(mill.unit, { silent: false, reset: true });
  expect((await meter.read()).importWh).toBe(0n);
  await plant.control.set(plant.fromMs + 3 * DAY_MS + HOUR_MS);
  expect((await meter.read()).importWh).toBeLessThan(6000n);
  await expect(plant.control.fault(200, { silent: true })).rejects.toMatchObject({ code: 'NO_SUCH_METER' });
  await meter.close();
});

test('with true silence a silent meter leaves the request without an answer', async () => {
  const plant = await start({ village: 'kwa-mtoni', trueSilence: true });
  await plant.control.fault(8, { silent: true });
  const driver = createModbusDriver({ timeoutMs: 60 });
  const meter = await driver.open({ model: 'schneider-iem3000', host: '127.0.0.1', port: plant.ports.modbus, unit: 8 });
  await expect(meter.read()).rejects.toMatchObject({
    code: 'METER_SILENT',
    message: expect.stringContaining('did not answer in time'),
  });
  await meter.close();
});

test('nothing sent to the control port stops the plant', async () => {
  const plant = await start();
  const line = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((json) => Buffer.from(`${json}\n`)),
    fc.record({ id: fc.anything(), set: fc.anything(), fault: fc.anything() }, { requiredKeys: [] }).map((body) => {
      const text = fc.stringify(body);
      return Buffer.from(`{"id":1,"set":${JSON.stringify(text)}}\n`);
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 5 }), async (lines) => {
      const socket = connect(plant.ports.control, '127.0.0.1');
      socket.on('error', () => {});
      const closed = untilClosed(socket);
      for (const each of lines) socket.write(each);
      socket.resume();
      socket.end();
      await closed;
    }),
    { numRuns: 60 },
  );
  const endless = connect(plant.ports.control, '127.0.0.1');
  endless.on('error', () => {});
  const closed = untilClosed(endless);
  endless.resume();
  endless.write(Buffer.alloc(200_000, 'x'));
  await closed;
  expect((await plant.control.state()).atMs).toBe(plant.fromMs);
});

test('a request the plant does not know is refused by name', async () => {
  const plant = await start();
  const socket = connect(plant.ports.control, '127.0.0.1');
  socket.setEncoding('utf8').write('not json\n{"id":5,"explode":true}\n');
  let text = '';
  while (text.split('\n').length < 3) text += (await once(socket, 'data'))[0];
  socket.destroy();
  expect(
    text
      .trim()
      .split('\n')
      .map((each) => JSON.parse(each)),
  ).toMatchObject([
    { id: null, error: { code: 'BAD_REQUEST' } },
    { id: 5, error: { code: 'BAD_REQUEST' } },
  ]);
});

test('a plant that is gone is PLANT_GONE, for a waiting call and for a new one', async () => {
  const plant = await start();
  const second = await connectPlant(plant.ports.control);
  await plant.stop();
  await expect(second.state()).rejects.toMatchObject({ code: 'PLANT_GONE' });
  await expect(connectPlant(plant.ports.control)).rejects.toMatchObject({ code: 'PLANT_GONE' });
});

test('a plant with a parent ends by itself when its parent is gone', async () => {
  const child = spawn(process.execPath, [PLANT_MAIN, '--village', 'kwa-mtoni', '--with-parent'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.stdin.end();
  expect(await once(child, 'close')).toEqual([0, null]);
});

test('a torn site file ends the plant with SITE_FILE naming the line', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'gridpact-plant-'));
  try {
    writeFileSync(join(dir, 'torn.csv'), 'hour,a_0,a_1\n2026-03-01 00:00:00,1.0,2.0\n2026-03-01 01:0');
    await expect(spawnPlant({ site: join(dir, 'torn.csv'), from: '2026-03-01' })).rejects.toMatchObject({
      code: 'SITE_FILE',
      message: expect.stringContaining('line 3'),
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test.each([
  ['no source', []],
  ['two sources', ['--village', 'kwa-mtoni', '--site', 'x.csv', '--from', '2026-03-01']],
  ['an unknown village', ['--village', 'atlantis']],
  ['an unknown option', ['--village', 'kwa-mtoni', '--colour', 'red']],
  ['a bad date', ['--village', 'kwa-mtoni', '--from', '2026-02-30']],
  ['a bad number', ['--village', 'kwa-mtoni', '--days', '0']],
  ['a bad port', ['--village', 'kwa-mtoni', '--port', '70000']],
])('%s ends the plant with how to call it', async (_, args) => {
  const child = spawn(process.execPath, [PLANT_MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  expect(await once(child, 'close')).toEqual([2, null]);
  expect(said).toMatch(/^PLANT_USAGE: .*--village kwa-mtoni/s);
});

test('a program that cannot be started is PLANT_FAILED', async () => {
  await expect(spawnPlant({ village: 'kwa-mtoni', command: ['/no/such/program'] })).rejects.toMatchObject({
    code: 'PLANT_FAILED',
  });
  await expect(spawnPlant({ village: 'kwa-mtoni', command: [] })).rejects.toMatchObject({ code: 'PLANT_USAGE' });
});
