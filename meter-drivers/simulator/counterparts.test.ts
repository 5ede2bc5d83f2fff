import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { HOUR_MS } from '#domain/time.ts';
import { createModbusDriver } from '../modbus-driver.ts';
import { type RunningPlant, spawnPlant } from './plant-client.ts';

/** Other people's Modbus against ours: mbpoll reads the plant, our driver reads pymodbus. */
function findProgram(what: string, programs: readonly string[], ...args: string[]): string | null {
  const found = programs.find((program) => spawnSync(program, args, { stdio: 'ignore' }).status === 0);
  if (!found) process.stderr.write(`\n*** SKIPPED: no ${what} here; install it to compare with it. ***\n`);
  return found ?? null;
}
const mbpollProgram = findProgram('mbpoll', ['mbpoll'], '-h');
const pythonWithPymodbus = findProgram('python3-pymodbus', ['python3', '/usr/bin/python3'], '-c', 'import pymodbus');

let plant: RunningPlant | null = null;
let child: ChildProcess | null = null;
afterEach(async () => {
  await plant?.stop();
  plant = null;
  if (child && child.exitCode === null) {
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }
  child = null;
});

function mbpoll(port: number, unit: number, type: string, register: number, count: number): string {
  const place = [
    '-m',
    'tcp',
    '-p',
    String(port),
    '-a',
    String(unit),
    '-t',
    type,
    '-B',
    '-r',
    String(register),
    '-c',
    String(count),
  ];
  const { stdout, stderr } = spawnSync(mbpollProgram ?? '', [...place, '-1', '127.0.0.1'], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  return [...stdout.matchAll(/^\[\d+\]:\s+(\S+)/gm)].map((found) => found[1]).join(' ') || stderr.trim();
}

test.skipIf(!mbpollProgram)('mbpoll reads the same registers from the plant as the plant says it has', async () => {
  plant = await spawnPlant({ village: 'kwa-mtoni', seed: 1 });
  await plant.control.set(plant.fromMs + 40 * HOUR_MS);
  const truth = (await plant.control.state()).meters;
  const port = plant.ports.modbus;
  expect(mbpoll(port, 1, '4:hex', 40_001, 2)).toBe('0x5375 0x6E53');
  expect(mbpoll(port, 1, '4:int', 40_117, 1)).toBe(String(truth.get(1)?.importWh));
  expect(mbpoll(port, 2, '4:int', 40_109, 1)).toBe(String(truth.get(2)?.exportWh));
  const words = mbpoll(port, 6, '4:hex', 3204, 4).split(' ');
  expect(words.reduce((wh, word) => (wh << 16n) | BigInt(word), 0n)).toBe(truth.get(6)?.importWh);
  expect(Number(mbpoll(port, 6, '4:float', 3060, 1)) * 1000).toBeCloseTo(truth.get(6)?.powerW ?? Number.NaN, 1);
  await plant.control.fault(6, { silent: true });
  expect(mbpoll(port, 6, '4:hex', 3204, 4)).toMatch(/Target device failed to respond/);
  expect(mbpoll(port, 1, '4:hex', 10, 2)).toMatch(/Illegal data address/);
});

const PYMODBUS_SERVER = `
import json, sys
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartTcpServer
units = {}
for unit, (base, words) in json.loads(sys.argv[2]).items():
    units[int(unit)] = ModbusSlaveContext(hr=ModbusSequentialDataBlock(base + 1, words))
StartTcpServer(context=ModbusServerContext(slaves=units, single=False), address=("127.0.0.1", int(sys.argv[1])))
`;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Text of a SunSpec string point, padded with NUL. */
const text = (value: string, words: number): number[] => {
  const bytes = Buffer.alloc(words * 2);
  bytes.write(value);
  return Array.from({ length: words }, (_, i) => bytes.readUInt16BE(2 * i));
};

function sunSpecDevice(serial: string, points: Record<number, number>): number[] {
  const common = [
    1,
    66,
    ...text('Kiwanda Meters', 16),
    ...text('KM-203', 16),
    ...text('', 8),
    ...text('1.2', 8),
    ...text(serial, 16),
    1,
    0,
  ];
  const meter = [203, 105, ...Array.from({ length: 105 }, () => 0x8000)];
  for (const [offset, word] of Object.entries(points)) meter[Number(offset)] = word;
  return [0x5375, 0x6e53, ...common, ...meter, 0xffff, 0];
}

test.skipIf(!pythonWithPymodbus)(
  'the driver discovers and reads SunSpec devices served by pymodbus, and maps its refusals',
  async () => {
    const port = await freePort();
    const units = {
      1: [40_000, sunSpecDevice('A1', { 18: 0xff06, 22: 0, 38: 1, 39: 0xe240, 46: 0xffff, 47: 0xfffa, 54: 0 })],
      2: [50_000, sunSpecDevice('B2', { 18: 300, 22: 0xffff, 38: 0, 39: 0, 46: 0, 47: 777, 54: 1 })],
      3: [100, [1, 2, 3]],
    };
    child = spawn(pythonWithPymodbus ?? '', ['-c', PYMODBUS_SERVER, String(port), JSON.stringify(units)], {
      stdio: 'ignore',
    });
    const driver = createModbusDriver();
    const open = (unit: number, model = 'sunspec-meter') => driver.open({ model, host: '127.0.0.1', port, unit });
    const one = await vi.waitFor(() => open(1), { timeout: 30_000, interval: 100 });
    const others = [await open(2), await open(3), await open(3, 'schneider-iem3000')] as const;
    expect(await one.identify()).toEqual({
      manufacturer: 'Kiwanda Meters',
      model: 'KM-203',
      serial: 'A1',
      simulated: false,
    });
    expect(await one.read()).toEqual({ importWh: 4_294_967_290n, exportWh: 123_456n, powerW: -250 });
    expect(await others[0].read()).toEqual({ importWh: 7770n, exportWh: 0n, powerW: 30 });
    await expect(others[1].read()).rejects.toMatchObject({ code: 'METER_MISMATCH' });
    await expect(others[2].read()).rejects.toMatchObject({ code: 'METER_MISMATCH' });
    for (const meter of [one, ...others]) await meter.close();
  },
);
