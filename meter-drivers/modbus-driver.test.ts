import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { MeterDriver } from '#core/ports/meter-driver.ts';
import { createModbusDriver } from './modbus-driver.ts';
import { createDeviceImage } from './simulator/device-image.ts';
import { type ModbusServer, startModbusServer, type UnitAnswer } from './simulator/modbus-server.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A gateway with a simulated device on each unit: odd units SunSpec, even units iEM3000; import = unit x 1000 + 7. */
const deviceAnswer = (unit: number, address: number, words: number): UnitAnswer => {
  const model = unit % 2 ? 'sunspec-meter' : 'schneider-iem3000';
  const image = createDeviceImage({ unit, model, key: `k${unit}`, name: `Meter ${unit}`, role: 'use' }, 'test');
  return image.read(
    { importWh: BigInt(unit * 1000 + 7), exportWh: BigInt(unit), powerW: unit * 1.5, socPercent: null, answers: true },
    address,
    words,
  );
};

async function startGateway(
  answer: (unit: number, address: number, words: number) => UnitAnswer,
  port = 0,
): Promise<ModbusServer> {
  const gateway = await startModbusServer({ host: '127.0.0.1', port, answer });
  cleanups.push(() => gateway.close());
  return gateway;
}

/** A wire that can be cut and whose connections are counted. */
async function startWire(targetPort: number) {
  const open = new Set<Socket>();
  const wire = { port: 0, opened: 0, open, cut: () => void [...open].map((socket) => socket.destroy()) };
  const server: Server = createServer((socket) => {
    const target = connect(targetPort, '127.0.0.1');
    wire.opened += 1;
    open.add(socket);
    for (const [from, to] of [
      [socket, target],
      [target, socket],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  wire.port = (server.address() as AddressInfo).port;
  cleanups.push(async () => {
    wire.cut();
    server.close();
    await once(server, 'close');
  });
  return wire;
}

async function openMeter(driver: MeterDriver, port: number, unit: number) {
  const model = unit % 2 ? 'sunspec-meter' : 'schneider-iem3000';
  const meter = await driver.open({ model, host: '127.0.0.1', port, unit });
  cleanups.push(() => meter.close());
  return meter;
}

test('a person can pick among the templates, each with brand, model, source and caveats', () => {
  const models = createModbusDriver().models();
  expect(models.map((model) => model.id)).toEqual(['schneider-iem3000', 'sunspec-meter']);
  for (const model of models) {
    expect(model.brand && model.model && model.source).toBeTruthy();
    for (const caveat of model.caveats) expect(caveat).toMatch(/\(https:\/\//);
  }
});

test('every template reads import, export, power and identity from its device, which says it is simulated', async () => {
  const gateway = await startGateway(deviceAnswer);
  const driver = createModbusDriver();
  for (const { id } of driver.models()) {
    const unit = id === 'sunspec-meter' ? 3 : 4;
    const meter = await openMeter(driver, gateway.port, unit);
    expect(await meter.read()).toEqual({
      importWh: BigInt(unit * 1000 + 7),
      exportWh: BigInt(unit),
      powerW: unit === 3 ? 5 : 6,
    });
    expect(await meter.identify()).toMatchObject({ manufacturer: 'Gridpact simulated', simulated: true });
  }
});

test("units behind one gateway share one connection and never get each other's registers", async () => {
  const gateway = await startGateway(deviceAnswer);
  const wire = await startWire(gateway.port);
  const driver = createModbusDriver();
  const units = Array.from({ length: 60 }, (_, i) => i + 1);
  const meters = await Promise.all(units.map((unit) => openMeter(driver, wire.port, unit)));
  for (let round = 0; round < 5; round += 1) {
    const readings = await Promise.all(meters.map((meter) => meter.read()));
    expect(readings.map((reading) => reading.importWh)).toEqual(units.map((unit) => BigInt(unit * 1000 + 7)));
  }
  expect(wire.opened).toBe(1);
});

test('the shared connection closes with its last meter', async () => {
  const gateway = await startGateway(deviceAnswer);
  const wire = await startWire(gateway.port);
  const driver = createModbusDriver();
  const [one, two] = [await openMeter(driver, wire.port, 1), await openMeter(driver, wire.port, 2)];
  await one.close();
  await one.close();
  expect((await two.read()).importWh).toBe(2007n);
  const [socket] = wire.open;
  if (!socket) throw new Error('no connection');
  const closed = once(socket, 'close');
  await two.close();
  await closed;
  await expect(two.read()).rejects.toMatchObject({ code: 'METER_SILENT' });
});

test('a cut connection is made again by the next read', async () => {
  const gateway = await startGateway(deviceAnswer);
  const wire = await startWire(gateway.port);
  const meter = await openMeter(createModbusDriver(), wire.port, 5);
  await meter.read();
  wire.cut();
  expect((await meter.read()).importWh).toBe(5007n);
  expect(wire.opened).toBe(2);
});

test('a gateway that comes back after an absence is read again', async () => {
  const gateway = await startGateway(deviceAnswer);
  const meter = await openMeter(createModbusDriver(), gateway.port, 5);
  await meter.read();
  await gateway.close();
  await expect(meter.read()).rejects.toMatchObject({ code: 'METER_SILENT', retryable: true });
  await startGateway(deviceAnswer, gateway.port);
  expect((await meter.read()).importWh).toBe(5007n);
});

test('a gateway that is not there is METER_SILENT naming host and port', async () => {
  const gateway = await startGateway(deviceAnswer);
  await gateway.close();
  await expect(openMeter(createModbusDriver(), gateway.port, 1)).rejects.toMatchObject({
    code: 'METER_SILENT',
    retryable: true,
    message: expect.stringContaining(`127.0.0.1:${gateway.port} (connection refused)`),
  });
});

test.each([
  [11, 'METER_SILENT', true],
  [10, 'METER_SILENT', true],
  [6, 'METER_SILENT', true],
  [2, 'METER_REFUSED', false],
  [1, 'METER_REFUSED', false],
  [4, 'METER_REFUSED', false],
])('Modbus exception %i of a fixed-map meter is %s', async (exception, code, retryable) => {
  let spoiled = false;
  const gateway = await startGateway((unit, address, words) =>
    spoiled ? { exception } : deviceAnswer(unit, address, words),
  );
  const meter = await openMeter(createModbusDriver(), gateway.port, 2);
  await meter.read();
  spoiled = true;
  await expect(meter.read()).rejects.toMatchObject({ code, retryable, data: { unit: 2, exception } });
});

test('a meter that never answers is METER_SILENT, and after three in a row the line is made anew', async () => {
  const gateway = await startGateway((unit, address, words) =>
    unit === 7 ? { silent: true } : deviceAnswer(unit, address, words),
  );
  const wire = await startWire(gateway.port);
  const driver = createModbusDriver({ timeoutMs: 40 });
  const [silent, other] = [await openMeter(driver, wire.port, 7), await openMeter(driver, wire.port, 9)];
  for (let i = 0; i < 3; i += 1)
    await expect(silent.read()).rejects.toMatchObject({ code: 'METER_SILENT', retryable: true });
  expect((await other.read()).importWh).toBe(9007n);
  expect(wire.opened).toBe(2);
});

test('a read that is given up ends at once and leaves the line usable', async () => {
  const gateway = await startGateway((unit, address, words) =>
    unit === 7 ? { silent: true } : deviceAnswer(unit, address, words),
  );
  const driver = createModbusDriver({ timeoutMs: 300 });
  const [silent, other] = [await openMeter(driver, gateway.port, 7), await openMeter(driver, gateway.port, 9)];
  const abort = new AbortController();
  const given = silent.read(abort.signal);
  const next = other.read();
  abort.abort(new Error('given up'));
  await expect(given).rejects.toThrow('given up');
  expect((await next).importWh).toBe(9007n);
});

test('a device without the SunSpec marker, or with another model name, is METER_MISMATCH', async () => {
  const gateway = await startGateway(deviceAnswer);
  const driver = createModbusDriver();
  const asSunSpec = await driver.open({ model: 'sunspec-meter', host: '127.0.0.1', port: gateway.port, unit: 2 });
  const asSchneider = await driver.open({ model: 'schneider-iem3000', host: '127.0.0.1', port: gateway.port, unit: 3 });
  cleanups.push(
    () => asSunSpec.close(),
    () => asSchneider.close(),
  );
  await expect(asSunSpec.read()).rejects.toMatchObject({
    code: 'METER_MISMATCH',
    message: expect.stringContaining('40000, 0, 50000'),
  });
  await expect(asSchneider.read()).rejects.toMatchObject({
    code: 'METER_MISMATCH',
    message: expect.stringContaining('iEM3'),
  });
});

test('an optional register the device does not have reads as null and is not asked for again', async () => {
  const asked: number[] = [];
  const gateway = await startGateway((unit, address, words) => {
    asked.push(address);
    return address <= 3207 && address + words > 3207 ? { exception: 2 } : deviceAnswer(unit, address, words);
  });
  const meter = await openMeter(createModbusDriver(), gateway.port, 2);
  expect(await meter.read()).toEqual({ importWh: 2007n, exportWh: null, powerW: 3 });
  asked.length = 0;
  expect(await meter.read()).toEqual({ importWh: 2007n, exportWh: null, powerW: 3 });
  expect(asked).toEqual([3059, 3203]);
});

test('SunSpec discovery is done once: a later poll is one request', async () => {
  let requests = 0;
  const gateway = await startGateway((unit, address, words) => {
    requests += 1;
    return deviceAnswer(unit, address, words);
  });
  const meter = await openMeter(createModbusDriver(), gateway.port, 1);
  await meter.read();
  requests = 0;
  await meter.read();
  expect(requests).toBe(1);
});

/** A SunSpec device built by hand at a base, with the given models after the common one. */
const sunSpecWords = (...models: number[][]): number[] => [0x5375, 0x6e53, ...models.flat(), 0xffff, 0];
const common = [1, 66, ...Array.from({ length: 66 }, () => 0)];
function meter203(points: Record<number, number>): number[] {
  const words = [203, 105, ...Array.from({ length: 105 }, () => 0x8000)];
  for (const [offset, word] of Object.entries(points)) words[Number(offset)] = word;
  return words;
}
const serveWords =
  (base: number, words: readonly number[]) =>
  (_: number, address: number, count: number): UnitAnswer =>
    address >= base && address + count <= base + words.length
      ? { words: words.slice(address - base, address - base + count) }
      : { exception: 2 };

test.each([0, 40_000, 50_000])(
  'a SunSpec device at base %i is found, with scale factors applied exactly',
  async (base) => {
    const words = sunSpecWords(
      common,
      meter203({ 18: 0xff06, 22: 1, 38: 0, 39: 1239, 46: 0xffff, 47: 0xfffe, 54: 0xffff }),
    );
    const gateway = await startGateway(serveWords(base, words));
    const meter = await openMeter(createModbusDriver(), gateway.port, 1);
    expect(await meter.read()).toEqual({ importWh: 429_496_729n, exportWh: 123n, powerW: -2500 });
    expect(await meter.identify()).toEqual({ manufacturer: null, model: null, serial: null, simulated: false });
  },
);

test('SunSpec values that are not implemented are null, never zero', async () => {
  const words = sunSpecWords(common, meter203({ 22: 0, 38: 0, 39: 0, 46: 0, 47: 0 }));
  const gateway = await startGateway(serveWords(40_000, words));
  const meter = await openMeter(createModbusDriver(), gateway.port, 1);
  expect(await meter.read()).toEqual({ importWh: null, exportWh: null, powerW: null });
});

test('a SunSpec meter with float registers (model 213) reads whole Wh', async () => {
  const words = [213, 124, ...Array.from({ length: 124 }, () => 0)];
  const put = (offset: number, value: number): void => {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatBE(value);
    words[offset] = bytes.readUInt16BE(0);
    words[offset + 1] = bytes.readUInt16BE(2);
  };
  put(28, 12.5);
  put(60, Number.NaN);
  put(68, 1234.75);
  const gateway = await startGateway(serveWords(0, sunSpecWords(common, words)));
  const meter = await openMeter(createModbusDriver(), gateway.port, 1);
  expect(await meter.read()).toEqual({ importWh: 1234n, exportWh: null, powerW: 12.5 });
});

test('a device that was exchanged behind the same unit is noticed and then read anew', async () => {
  let words = sunSpecWords(common, meter203({ 18: 1, 22: 0, 38: 0, 39: 0, 46: 0, 47: 9, 54: 0 }));
  const gateway = await startGateway((unit, address, count) => serveWords(40_000, words)(unit, address, count));
  const meter = await openMeter(createModbusDriver(), gateway.port, 1);
  expect((await meter.read()).importWh).toBe(9n);
  words = sunSpecWords(common, [64_001, 20, ...Array.from({ length: 20 }, () => 0)], words.slice(70, -2));
  await expect(meter.read()).rejects.toMatchObject({ code: 'METER_MISMATCH' });
  expect((await meter.read()).importWh).toBe(9n);
});

test.each([
  ['no end of the model list', [0x5375, 0x6e53, ...Array.from({ length: 200 }, () => [5, 1, 0]).flat()]],
  ['a model of length zero', [0x5375, 0x6e53, 5, 0, 0xffff, 0]],
  ['no meter model', sunSpecWords(common)],
  ['a scale factor out of range', sunSpecWords(common, meter203({ 18: 1, 22: 0, 46: 0, 47: 5, 54: 40 }))],
])('a SunSpec device with %s is METER_MISMATCH', async (_, words) => {
  const gateway = await startGateway(serveWords(40_000, words));
  const meter = await openMeter(createModbusDriver(), gateway.port, 1);
  await expect(meter.read()).rejects.toMatchObject({ code: 'METER_MISMATCH' });
});

test.each([
  [{ host: 'not a host' }, 'host'],
  [{ host: '' }, 'host'],
  [{ port: 0 }, 'Port 0'],
  [{ port: 65_536 }, 'Port 65536'],
  [{ unit: 0 }, 'Unit id 0'],
  [{ unit: 248 }, 'Unit id 248'],
  [{ unit: 1.5 }, 'Unit id 1.5'],
  [{ model: 'nobody' }, 'No meter model'],
])('an address with %o is BAD_ADDRESS', async (part, message) => {
  const address = { model: 'sunspec-meter', host: '127.0.0.1', port: 502, unit: 1, ...part };
  await expect(createModbusDriver().open(address)).rejects.toMatchObject({
    code: 'BAD_ADDRESS',
    message: expect.stringContaining(message),
  });
});

test('no words from a device make the driver fail with anything but its own errors', async () => {
  let answer: (unit: number, address: number, words: number) => UnitAnswer = () => ({ silent: true });
  const gateway = await startGateway((unit, address, words) => answer(unit, address, words));
  const driver = createModbusDriver({ timeoutMs: 1000 });
  const word = fc.oneof(fc.nat({ max: 0xffff }), fc.constantFrom(0x8000, 0xffff, 0, 1, 203, 105));
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 250 }), fc.constantFrom(1, 2), async (noise, unit) => {
      const words = [...sunSpecWords(common, meter203({})).slice(0, 70), ...noise];
      answer = (asked, address, count) => {
        if (asked === 1) return serveWords(40_000, words)(asked, address, count);
        const known = deviceAnswer(asked, address, count);
        return address < 3000
          ? known
          : { words: Array.from({ length: count }, (_, i) => noise[i % noise.length] ?? 0) };
      };
      const meter = await openMeter(driver, gateway.port, unit);
      await meter.read().then(
        (reading) => expect((reading.importWh ?? 0n) >= 0n && (reading.importWh ?? 0n) < 2n ** 63n).toBe(true),
        (error: unknown) => expect(error).toMatchObject({ code: expect.stringMatching(/^METER_/) }),
      );
      await meter.close();
    }),
    { numRuns: 150 },
  );
});

test('no bytes from a peer that is not Modbus make the driver fail with anything but its own errors', async () => {
  let bytes = Buffer.alloc(0);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.end(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.close();
    await once(server, 'close');
  });
  const driver = createModbusDriver({ timeoutMs: 1000 });
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (raw) => {
      bytes = Buffer.from(raw);
      const meter = await openMeter(driver, (server.address() as AddressInfo).port, 1);
      await expect(meter.read()).rejects.toMatchObject({ code: expect.stringMatching(/^METER_/) });
      await meter.close();
    }),
    { numRuns: 60 },
  );
});
