import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chainDir, createSettler } from './accounts/settler.ts';
import { createChanges } from './changes.ts';
import { type Console, findVillage, type OpenVillage } from './console.ts';
import type { Core, CoreOptions } from './core.ts';
import { openDataKey } from './crypto/data-key.ts';
import { createJobs } from './jobs.ts';
import { createAcquisition } from './metering/acquisition.ts';
import { finishPending } from './metering/sealing.ts';
import { createRouter } from './router/create-router.ts';
import { openConsoleStore } from './storage/console-store.ts';
import { lockDirectory } from './storage/lock-directory.ts';
import { openVillage, type Village } from './village/open-village.ts';
import { resumeDemo } from './villages/demo-village.ts';
import { writeFirstRecord } from './villages/first-record.ts';

const HOUR_MS = 3_600_000;
const POLL_MS = 60_000;

/** Opens the console's data and every village in it. Errors: VILLAGE_LOCKED, BAD_INPUT (passphrase), DISK_FULL. */
export async function startConsole(
  options: CoreOptions,
): Promise<{ readonly console: Console; readonly stop: () => Promise<void> }> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(options.dir);
  try {
    const dataKey = await openDataKey(options.dir, options.passphrase, options.passphraseKeeper);
    const store = openConsoleStore(join(options.dir, 'console.sqlite'));
    const changes = createChanges();
    const jobs = createJobs(options.clock, () => changes.notify('jobs', null), options.log);
    const open = new Map<string, OpenVillage>();
    const console: Console = {
      options,
      store,
      dataKey,
      changes,
      jobs,
      open,
      demo: { job: null, village: null },
      find: (id) => findVillage(open, id),
      async forget(id) {
        const entry = findVillage(open, id);
        open.delete(id);
        await closeVillage(entry);
        store.removeVillage(id);
        rmSync(join(options.dir, 'villages', id), { recursive: true, force: true });
        rmSync(chainDir(options.dir, entry.village.keys.id), { recursive: true, force: true });
        changes.notify('villages', null);
      },
      async openRow(row, clock) {
        const own = clock ? { ...options, clock } : options;
        const village = await openVillage(
          {
            options: own,
            consoleStore: store,
            dataKey,
            changes,
            onNews: (v) => {
              open.get(v.id)?.settler.nudge();
              writeFirstRecord(console, v).catch((e) => options.log(`first record: ${String(e)}`));
            },
          },
          row,
        );
        const acquisition = createAcquisition({
          village,
          driver: options.driver,
          stepMs: options.stepMs ?? HOUR_MS,
          log: options.log,
        });
        const entry: OpenVillage = { village, acquisition, settler: createSettler(village, own), plant: undefined };
        open.set(row.id, entry);
        await writeFirstRecord(console, village);
        dropStrayMeters(village);
        await finishPending(village);
        entry.settler.nudge();
        if (options.autoPoll !== false && !clock) acquisition.start(options.pollMs ?? POLL_MS);
        return entry;
      },
    };
    const closeVillage = async (v: OpenVillage): Promise<void> => {
      await v.acquisition.stop();
      await v.settler.stop();
      await v.village.stop();
      await v.plant?.stop();
    };
    for (const row of store.villages()) await console.openRow(row);
    if (options.autoPoll !== false) resumeDemo(console);
    return {
      console,
      async stop() {
        changes.close();
        await jobs.stop();
        for (const v of open.values()) await closeVillage(v);
        store.close();
        unlock();
      },
    };
  } catch (e) {
    unlock();
    throw e;
  }
}

/** A meter whose adding was cut off before its record was written was never added. */
function dropStrayMeters(village: Village): void {
  const known = village.state().meters;
  for (const { meter } of village.store.localMeters()) if (!known.has(meter)) village.store.removeLocalMeter(meter);
}

export async function startCore(options: CoreOptions): Promise<Core> {
  const { console, stop } = await startConsole(options);
  return { router: createRouter(console), context: (session) => ({ session }), stop };
}
