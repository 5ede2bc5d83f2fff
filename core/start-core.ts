import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chainDir, createSettler } from './accounts/settler.ts';
import { finishDrops } from './archive/drop-month.ts';
import { resumeStart, startWhenStuck } from './archive/start-checkpoint.ts';
import { rememberLinks } from './bundles/link-memory.ts';
import { createChanges } from './changes.ts';
import { type Console, findVillage, type OpenVillage } from './console.ts';
import type { Core, CoreOptions } from './core.ts';
import { type DataKey, hasDataKey, openDataKey } from './crypto/data-key.ts';
import { createJobs } from './jobs.ts';
import { createAcquisition } from './metering/acquisition.ts';
import { finishPending } from './metering/sealing.ts';
import type { Clock } from './ports/clock.ts';
import { AppError } from './ports/errors.ts';
import { createRouter } from './router/create-router.ts';
import { type ConsoleStore, openConsoleStore, type VillageRow } from './storage/console-store.ts';
import { asDiskFull, guardDisk } from './storage/disk-full.ts';
import { lockDirectory } from './storage/lock-directory.ts';
import { openVillage, type Village } from './village/open-village.ts';
import { noticeCopy } from './villages/copied.ts';
import { resumeDemo } from './villages/demo-village.ts';
import { writeFirstRecord } from './villages/first-record.ts';

const HOUR_MS = 3_600_000;
const POLL_MS = 60_000;

/** Opens the console's data and every village in it. Errors: VILLAGE_LOCKED, BAD_INPUT (passphrase), DISK_FULL, the vault's. */
export async function startConsole(
  options: CoreOptions,
): Promise<{ readonly console: Console; readonly stop: () => Promise<void> }> {
  guardDisk(options.dir, () => mkdirSync(options.dir, { recursive: true, mode: 0o700 }));
  const toClose: (() => void | Promise<void>)[] = [lockDirectory(options.dir)];
  const stop = async (): Promise<void> => {
    for (let close = toClose.pop(); close; close = toClose.pop()) await close();
  };
  try {
    const dataKey = await openOwnDataKey(options);
    const store = openConsoleStore(join(options.dir, 'console.sqlite'), dataKey);
    toClose.push(() => store.close());
    noticeCopy(options.dir, store);
    const console = createConsole(options, dataKey, store);
    toClose.push(async () => {
      console.changes.close();
      await console.jobs.stop();
      for (const v of console.open.values()) await closeVillage(v);
    });
    for (const row of store.villages()) await console.openRow(row);
    if (options.autoPoll !== false) resumeDemo(console);
    return { console, stop };
  } catch (e) {
    await stop();
    throw asDiskFull(e, options.dir);
  }
}

async function openOwnDataKey({ dir, vault, passphrase, passphraseKeeper }: CoreOptions): Promise<DataKey> {
  if (!vault) return await openDataKey(dir, passphrase, passphraseKeeper);
  return await openDataKey(dir, await vault.open({ begun: hasDataKey(dir) }), vault.holder);
}

function createConsole(options: CoreOptions, dataKey: DataKey, store: ConsoleStore): Console {
  const changes = createChanges();
  const open = new Map<string, OpenVillage>();
  const console: Console = {
    options,
    store,
    dataKey,
    changes,
    jobs: createJobs(options.clock, () => changes.notify('jobs', null), options.log),
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
    openRow: (row, clock) => openRow(console, row, clock),
    async reopen(id, change) {
      const entry = findVillage(open, id);
      const { plant } = entry;
      entry.plant = undefined;
      open.delete(id);
      await closeVillage(entry);
      change();
      const row = store.villages().find((r) => r.id === id);
      if (!row) throw new AppError('NOT_FOUND', 'This console does not hold that village.');
      const again = await openRow(console, row, undefined);
      again.plant = plant;
      return again;
    },
  };
  return console;
}

async function openRow(console: Console, row: VillageRow, clock: Clock | undefined): Promise<OpenVillage> {
  const { store, dataKey, changes, open } = console;
  const options = clock ? { ...console.options, clock } : console.options;
  const onNews = (v: Village): void => {
    open.get(v.id)?.settler.nudge();
    letIn(console, v).catch((e: unknown) => options.log(`first record: ${String(e)}`));
  };
  const village = await openVillage({ options, consoleStore: store, dataKey, changes, onNews }, row);
  await finishDrops(village).catch((e: unknown) => {
    // What is left of it can be read as if it were gone; the next start goes on.
    options.log(`putting a month away: ${e instanceof Error ? e.message : String(e)}`);
  });
  await resumeStart(village).catch((e: unknown) => {
    options.log(`signed checkpoint: ${e instanceof Error ? e.message : String(e)}`);
  });
  rememberLinks(village);
  startWhenStuck(village);
  const stepMs = options.stepMs ?? HOUR_MS;
  const acquisition = createAcquisition({ village, driver: options.driver, stepMs, log: options.log });
  const entry: OpenVillage = { village, acquisition, settler: createSettler(village, options), plant: undefined };
  open.set(row.id, entry);
  await letIn(console, village);
  dropStrayMeters(village);
  promoteKeys(village);
  if (!village.copied())
    await finishPending(village).catch((e: unknown) => {
      // On a full disk the village can still be read; the next sealing finishes what is pending first.
      if (!(e instanceof AppError && e.retryable)) throw e;
      options.log(`sealing: ${e.message}`);
    });
  entry.settler.nudge();
  if (options.autoPoll !== false && !clock) acquisition.start(options.pollMs ?? POLL_MS);
  return entry;
}

/** A join or a grant that the books do not take leaves the village readable; Sync says why this console may not write. */
async function letIn(console: Console, village: Village): Promise<void> {
  if (village.copied()) return;
  try {
    await writeFirstRecord(console, village);
  } catch (e) {
    if (!(e instanceof AppError) || e.code !== 'NOT_ALLOWED') throw e;
    const known = village.store.refused(50).some((r) => r.reason === e.message);
    if (known) return;
    village.store.addRefused({ atMs: village.now(), peer: village.keys.id, book: 'members', reason: e.message });
    village.notify('sync');
  }
}

async function closeVillage(v: OpenVillage): Promise<void> {
  await v.acquisition.stop();
  await v.settler.stop();
  await v.village.stop();
  await v.plant?.stop();
}

/** A change of keys that was cut off after it was written is finished with the key kept for it. */
function promoteKeys(village: Village): void {
  for (const { id, keys } of village.state().members.values()) {
    const address = keys.at(-1)?.address;
    if (address) village.keystore.promote(id, address);
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
