import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { addPerson } from '#core/members/members-procedures.ts';
import { AppError } from '#core/ports/errors.ts';
import { HOUR_MS } from '#domain/time.ts';
import { atEnd, endAll, found, MARCH_MS, openConsole, PIN } from './consoles.ts';
import { dayOfMeter, FIRST_DAY_MS, makeLease, sealDay } from './months.ts';

afterEach(endAll);

/** A file system of a few megabytes, or undefined where this user may not mount one. */
function mountSmallDisk(megabytes: number): string | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'small-disk-'));
  const size = `size=${megabytes}m`;
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', dir]).status !== 0) {
    rmSync(dir, { recursive: true });
    return undefined;
  }
  atEnd(() => {
    execFileSync('umount', [dir]);
    rmSync(dir, { recursive: true });
  });
  return dir;
}
const mayMount = ((): boolean => {
  const made = mountSmallDisk(1);
  void endAll();
  if (!made) console.warn('SKIPPED: a full disk is not proved, because this user may not mount a tmpfs.');
  return made !== undefined;
})();

/** Takes all the space there is. Returns what gives it back. */
function fill(dir: string): () => void {
  const path = join(dir, 'ballast');
  const fd = openSync(path, 'w');
  for (let size = 1 << 20; size >= 512; ) {
    try {
      writeSync(fd, Buffer.alloc(size));
    } catch {
      size /= 2;
    }
  }
  closeSync(fd);
  return () => rmSync(path);
}
/** Repeats until the disk is full: a database may have some room left in its own files. */
async function untilFull(work: (n: number) => Promise<unknown>): Promise<AppError> {
  for (let n = 0; n < 5000; n++) {
    try {
      await work(n);
    } catch (e) {
      if (e instanceof AppError) return e;
      throw e;
    }
  }
  throw new Error('the disk never became full');
}

test.skipIf(!mayMount)(
  'a full disk is told with what and where, leaves nothing half-written, and all goes on once there is space',
  async () => {
    const disk = mountSmallDisk(48) ?? '';
    const on = await openConsole({ dataDir: disk });
    await found(on);
    const lease = await makeLease(on);
    const { village } = on.open();
    const namesOf = () => [...on.open().village.revealed().members.values()].map((m) => m.name);
    const empty = fill(disk);

    const added: string[] = [];
    const noMember = await untilFull(async (n) => {
      await addPerson(village, { name: `Person ${n}`, roles: ['consumer'], pin: PIN });
      added.push(`Person ${n}`);
    });
    expect(noMember).toMatchObject({ code: 'DISK_FULL', retryable: true });
    expect(noMember.message).toMatch(/space/);
    expect(namesOf().slice(5)).toEqual(added);

    let stored = 0;
    const reading = (n: number) => ({
      meter: lease.homeMeter,
      atMs: MARCH_MS + n * HOUR_MS,
      answered: true,
      importWh: BigInt(n),
      exportWh: null,
      powerW: null,
      socPercent: null,
    });
    const noReading = await untilFull(async (n) => {
      village.store.addReadings([reading(2 * n), reading(2 * n + 1)]);
      stored += 2;
      await Promise.resolve();
    });
    expect(noReading).toMatchObject({ code: 'DISK_FULL', message: expect.stringContaining('village.sqlite') });
    expect(village.store.counts().readings).toBe(stored);

    const segments = village.state().segments.size;
    const day = () => sealDay(on, dayOfMeter(lease.homeMeter, FIRST_DAY_MS + 86_400_000, 7200n, 100n));
    await expect(day()).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(village.state().segments.size).toBe(segments);

    empty();
    await addPerson(village, { name: 'After', roles: ['consumer'], pin: PIN });
    await day();
    expect(namesOf().slice(5)).toEqual([...added, 'After']);
    const hash = village.stateHash();
    await on.restart();
    expect(on.open().village.stateHash()).toBe(hash);
    expect(namesOf().slice(5)).toEqual([...added, 'After']);
    expect(on.open().village.store.counts().readings).toBe(stored);
  },
);

test.skipIf(!mayMount)(
  'a console that finds the disk full when it starts says so, and starts once there is space',
  async () => {
    const disk = mountSmallDisk(16) ?? '';
    const empty = fill(disk);
    await expect(openConsole({ dataDir: disk })).rejects.toMatchObject({ code: 'DISK_FULL' });
    empty();
    const on = await openConsole({ dataDir: disk });
    expect((await on.client().villages.state({})).villages).toEqual([]);
  },
);
