import { cpSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  codeOf,
  command,
  converge,
  endAll,
  found,
  makeFolder,
  openConsole,
  openTwo,
  PIN,
  type TestConsole,
  WAIT,
} from './consoles.ts';

afterEach(endAll);

const note = (on: TestConsole, text: string): Promise<string[]> =>
  on.open().village.act([{ book: 'operations-2026-03', kind: 'note', body: { text } }]);
const summary = async (on: TestConsole) => (await on.client().villages.state()).villages[0];

async function copyOf(of: TestConsole): Promise<string> {
  await of.stop();
  const dir = makeFolder('backup');
  cpSync(of.dir, dir, { recursive: true, preserveTimestamps: true });
  return dir;
}

describe('a restored backup', () => {
  test('becomes a new device before it writes, so that the original and the copy both count', async () => {
    const [first, second] = await openTwo();
    const backup = await copyOf(second);
    await second.restart();
    await note(second, 'written after the backup');
    await converge(first, second);
    await second.stop();

    const copy = await openConsole({ dataDir: backup });
    const old = copy.open().village.keys.id;
    expect(await summary(copy)).toMatchObject({ copied: true, device: old });
    expect(await codeOf(() => note(copy, 'as the old device'))).toBe('RESTORED_COPY');
    const village = copy.open().village.id;
    const wrong = copy.client().villages.becomeNewDevice({ ...command(), village, pin: '9999' });
    await expect(wrong).rejects.toMatchObject({ code: 'WRONG_PIN' });
    await copy.client().villages.becomeNewDevice({ ...command(), village, pin: PIN });
    expect(await summary(copy)).toMatchObject({ copied: false });
    expect(copy.open().village.keys.id).not.toBe(old);
    await note(copy, 'as a new device');

    await second.restart();
    await note(second, 'and the original goes on');
    await converge(first, second);
    await converge(first, copy);
    await converge(second, copy);
    const state = first.open().village.state();
    expect(state.conflicts).toEqual([]);
    expect(state.onHold.size).toBe(0);
    expect(state.devices.get(copy.open().village.keys.id)?.member).toBe(state.devices.get(old)?.member);
    expect([...state.devices.values()].every((d) => d.frozenFrom === null)).toBe(true);
  });

  test('stays a copy over restarts until it is a new device, and then is none', async () => {
    const first = await openConsole();
    await found(first);
    const backup = await copyOf(first);
    const copy = await openConsole({ dataDir: backup });
    await copy.restart();
    expect(await summary(copy)).toMatchObject({ copied: true });
    const village = copy.open().village.id;
    await copy.client().villages.becomeNewDevice({ ...command(), village, pin: PIN });
    await vi.waitFor(() => expect(copy.open().village.state().devices.size).toBe(2), WAIT);
    await copy.restart();
    expect(await summary(copy)).toMatchObject({ copied: false });
    const again = copy.client().villages.becomeNewDevice({ ...command(), village, pin: PIN });
    await expect(again).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  });

  test('written back over its own folder is noticed too, and a folder that was renamed is no copy', async () => {
    const first = await openConsole();
    await found(first);
    const backup = await copyOf(first);
    const moved = join(makeFolder('moved'), 'elsewhere');
    renameSync(first.dir, moved);
    const renamed = await openConsole({ dataDir: moved });
    expect(await summary(renamed)).toMatchObject({ copied: false });
    await renamed.stop();
    cpSync(backup, moved, { recursive: true, preserveTimestamps: true });
    const restored = await openConsole({ dataDir: moved });
    expect(await summary(restored)).toMatchObject({ copied: true });
  });
});
