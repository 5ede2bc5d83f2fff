import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntryBundle } from '#core/ports/village-node.ts';
import { createAdmission } from '#core/village/admission.ts';
import { createRecordIndex, knownRecord, type RecordIndex } from '#core/village/record-index.ts';
import type { KnownRecord, SignedRecord } from '#domain/books/record.ts';
import { cidOf } from '#domain/bytes.ts';
import { foldVillage, stateHash } from '#domain/village/fold.ts';
import { recoverOnce } from '#domain/village/village-fixture.ts';
import { type BookDatabase, openBookDatabase } from '#p2p/book-database.ts';
import { type BookPulls, createBookPulls } from '#p2p/book-pulls.ts';
import { type BookReturns, createBookReturns } from '#p2p/book-returns.ts';
import { createDeviceIdentity } from '#p2p/device-identity.ts';
import { createEntryBundles, type EntryBundles } from '#p2p/entry-bundles.ts';
import { createIdentityStore } from '#p2p/identity-store.ts';
import { createMutex, type Mutex } from '#p2p/mutex.ts';
import { createRefusals } from '#p2p/refusals.ts';
import { createStagedEntries } from '#p2p/staged-entries.ts';
import type { SyncSession } from '#p2p/sync-session.ts';
import { openVillageBlocks, type VillageBlocks } from '#p2p/village-blocks.ts';
import { openVillageBooks, type VillageBooks } from '#p2p/village-books.ts';
import type { Entrance, SoakAct } from './cast.ts';

/** What happens to a write of the books: the process dies before or after it, or (planted) it is lost though told done. */
export type CommitFault = 'before' | 'after' | 'dropped';

/** A console without wires: real books on disk, real admission, records made and folded as the core does. */
export interface SoakConsole {
  readonly number: number;
  isUp(): boolean;
  /** Starts on what is on its disk. */
  start(): Promise<void>;
  /** The process is gone at once: nothing is closed, what was in memory is lost. */
  crash(): void;
  /** A write suffers the fault, after so many that do not. */
  arm(fault: CommitFault, afterWrites: number): void;
  /** Which of its lives it is in; a new one begins with each crash. */
  life(): number;
  /** Resolves with the id once durable; never when the console dies first. */
  append(act: SoakAct, nowMs: number): Promise<string>;
  books(): VillageBooks;
  pulls(): BookPulls;
  bundles(): EntryBundles;
  readonly sessions: Set<SyncSession>;
  readonly returns: BookReturns;
  /** Writes a book to a file and lets go of its bytes; what is known of its records stays, as in a checkpoint. */
  putAway(book: string): Promise<void>;
  /** Takes all its files back. */
  takeBack(): Promise<void>;
  /** Ids of all records. */
  ids(): ReadonlySet<string>;
  /** Last number of a device in each book, as known here. */
  positions(): Record<string, Record<string, number>>;
  stateHash(nowMs: number): string;
  close(): Promise<void>;
}

interface Running {
  readonly index: RecordIndex;
  readonly books: VillageBooks;
  readonly pulls: BookPulls;
  readonly bundles: EntryBundles;
  readonly db: BookDatabase;
  readonly blocks: VillageBlocks;
  readonly writing: Mutex;
}

interface Told {
  onDeath(): void;
  onRefused(reason: string): void;
  /** Monotonic ms. */
  readonly now: () => number;
}

/** No month is closed here, so all records are in memory. */
const NOTHING_SETTLED = { recordBytes: () => undefined, settledRecords: () => 0 };
const opened = (records: readonly SignedRecord[]): KnownRecord[] =>
  records.flatMap(({ bytes }) => knownRecord(bytes) ?? []);

const never = new Promise<never>(() => undefined);

export function createSoakConsole(number: number, village: string, { keys }: Entrance, told: Told): SoakConsole {
  const dir = mkdtempSync(join(tmpdir(), 'gridpact-soak-'));
  const sessions = new Set<SyncSession>();
  let running: Running | undefined;
  let disk: Pick<Running, 'db' | 'blocks'> | undefined;
  let lives = 0;
  const files: EntryBundle[] = [];
  const settled: SignedRecord[] = [];
  let armed: { readonly fault: CommitFault; left: number } | undefined;

  const get = (): Running => {
    if (!running) throw new Error(`console ${number} is down`);
    return running;
  };
  const crash = (): void => {
    running = undefined;
    armed = undefined;
    lives += 1;
    sessions.clear();
    told.onDeath();
  };
  const takeFault = (): CommitFault | undefined => {
    if (!armed || armed.left-- > 0) return undefined;
    const { fault } = armed;
    armed = undefined;
    return fault;
  };
  /** Writes of a process that died are no more. */
  const guard = (db: BookDatabase, isAlive: () => boolean): BookDatabase => ({
    ...db,
    async commit(writes) {
      if (!isAlive()) return never;
      const fault = takeFault();
      if (fault === 'dropped') return;
      if (fault === 'before') {
        crash();
        return never;
      }
      await db.commit(writes);
      if (!isAlive()) return never;
      if (fault !== 'after') return;
      crash();
      return never;
    },
  });
  const closeDisk = async (): Promise<void> => {
    await disk?.db.close();
    await disk?.blocks.close();
    disk = undefined;
  };

  const start = async (): Promise<void> => {
    await closeDisk();
    const [db, blocks] = [
      await openBookDatabase(join(dir, 'books')),
      await openVillageBlocks(join(dir, 'blocks'), async () => undefined),
    ];
    disk = { db, blocks };
    const index = createRecordIndex(NOTHING_SETTLED);
    const admission = createAdmission(village, recoverOnce, () => 0);
    const device = createDeviceIdentity(keys.seed);
    let self: Running | undefined;
    const books = await openVillageBooks(
      guard(db, () => self !== undefined && running === self),
      {
        village,
        device,
        identity: device.identity,
        admit: admission.admit,
        identities: createIdentityStore(blocks),
        staged: createStagedEntries(),
        refusals: createRefusals(),
        onJoined({ book, hashes, records, origin }) {
          admission.learn(index.add(opened(records)));
          for (const session of sessions) session.offer(book, hashes, origin);
        },
        onRestored() {
          for (const session of sessions) session.restored();
        },
        onRefused: ({ reason }) => told.onRefused(reason),
      },
    );
    self = {
      index,
      books,
      pulls: createBookPulls(books, told.now),
      bundles: createEntryBundles(books),
      db,
      blocks,
      writing: createMutex(),
    };
    running = self;
    admission.learn(index.add(opened(settled)));
    for (const book of books.names())
      for await (const part of books.scan(book)) admission.learn(index.add(opened(part)));
    await books.reconsider();
  };

  return {
    number,
    sessions,
    returns: createBookReturns(told.now),
    isUp: () => running !== undefined,
    life: () => lives,
    start,
    crash,
    arm(fault, afterWrites) {
      armed = { fault, left: afterWrites };
    },
    append(act, nowMs) {
      const { index, books, writing } = get();
      // One after the other, as the core does; others come in between.
      return writing.run(async () => {
        const [record] = index.make(keys, village, [act], nowMs, () => false);
        if (!record) throw new Error('an act makes a record');
        await books.append(act.book, [record]);
        return cidOf(record.bytes);
      });
    },
    async putAway(book) {
      const { books, bundles } = get();
      const entries = books.size(book);
      const records: SignedRecord[] = [];
      const written: EntryBundle[] = [];
      for await (const part of books.scan(book)) records.push(...part);
      for await (const part of bundles.exportEntries(undefined, [book])) written.push(part);
      // Whoever dies before has not put it away.
      if (running?.books !== books) return;
      settled.push(...records);
      files.push(...written);
      await books.release(book, entries);
    },
    async takeBack() {
      const { bundles } = get();
      for (const part of files) await bundles.importEntries(part);
    },
    books: () => get().books,
    pulls: () => get().pulls,
    bundles: () => get().bundles,
    ids: () => new Set(get().index.outside.keys()),
    positions: () => get().index.positions(),
    stateHash(nowMs) {
      const all = [...get().index.outside.values()];
      return stateHash(foldVillage(village, all, { nowMs, recover: recoverOnce }));
    },
    async close() {
      running = undefined;
      sessions.clear();
      await closeDisk();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
