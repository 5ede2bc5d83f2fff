import { expect, test } from 'vitest';
import { createModbusDriver } from '#meter-drivers/modbus-driver.ts';
import { startPlant } from './start-plant.ts';

test('a plant starts as a process of its own, its meters answer over Modbus, and its clock obeys', async () => {
  const fromMs = Date.UTC(2026, 2, 1);
  const plant = await startPlant({ kind: 'village', seed: 7, fromMs });
  try {
    expect(plant.meters.find(({ kind }) => kind === 'battery')).toMatchObject({
      source: 'battery',
      storageWh: 40_000n,
    });
    expect(plant.meters.find(({ key }) => key === 'home-07')).toMatchObject({ kind: 'use', place: 'home' });
    const mill = plant.meters.find(({ key }) => key === 'mill');
    expect(mill?.place).toBe('mill');
    const driver = createModbusDriver();
    const line = await driver.open({
      model: mill?.model ?? '',
      host: '127.0.0.1',
      port: plant.modbusPort,
      unit: mill?.unit ?? 0,
    });
    const before = await line.read();
    await plant.setTime(plant.fromMs + 30 * 24 * 3_600_000);
    const after = await line.read();
    await line.close();
    expect(after.importWh ?? 0n).toBeGreaterThan(before.importWh ?? 0n);
  } finally {
    await plant.stop();
  }
});
