import { Entry, type Identity } from '@orbitdb/core';
import { AppError } from '#core/ports/errors.ts';
import { step } from '#core/ports/steps.ts';
import type { Admit, NodeEvent } from '#core/ports/village-node.ts';
import type { SignedRecord } from '#domain/books/record.ts';
import type { BookStore, NewEntry } from './book-store.ts';
import type { DeviceIdentity } from './device-identity.ts';
import { checkRecords, logIdOf, recordsOfEntry, toPayload } from './entry-codec.ts';
import { MAX_ENTRY_BYTES, MAX_FOLLOWED_TIME, MAX_PARENTS, MAX_RECORDS_PER_ENTRY } from './entry-limits.ts';
import type { IdentityStore } from './identity-store.ts';
import { type Ingested, ingestArrivals } from './ingest.ts';
import { createMutex } from './mutex.ts';
import type { Refusals } from './refusals.ts';
import type { Arrival, StagedEntries } from './staged-entries.ts';

export interface BookContext {
  readonly village: string;
  readonly device: DeviceIdentity;
  readonly identity: Identity;
  readonly admit: Admit;
  readonly identities: IdentityStore;
  readonly staged: StagedEntries;
  readonly refusals: Refusals;
  /** Told after the entries are durable. */
  onJoined(joined: Joined): void;
  /** Bytes of released entries are kept again. */
  onRestored(): void;
  onRefused(refused: Omit<Extract<NodeEvent, { type: 'refused' }>, 'type'>): void;
}

interface Joined {
  readonly book: string;
  readonly origin: 'local' | 'remote';
  readonly hashes: readonly string[];
  readonly records: readonly SignedRecord[];
}

/** One replicated book. Everything that changes it goes one after the other: a log that forks in memory loses branches. */
export interface BookLog {
  readonly store: BookStore;
  /** Durable when resolved. Concurrent calls keep their order and share the write. */
  append(records: readonly SignedRecord[]): Promise<void>;
  /** Joins verified entries together with those staged for this book, as far as parents and admission allow. */
  ingest(arrivals: readonly Arrival[]): Promise<Ingested>;
  /** These parents are kept by nobody: what waits for them joins without. */
  giveUp(hashes: readonly string[]): Promise<Ingested>;
  release(entries?: number): Promise<{ readonly entries: number; readonly bytes: number }>;
  restore(entries: readonly Pick<NewEntry, 'hash' | 'bytes'>[]): Promise<number>;
  scan(after?: number): AsyncIterable<readonly SignedRecord[]>;
  /** Resolves when nothing changes the book any more. */
  idle(): Promise<void>;
}

/** Parents of one book that are remembered as gone until their children joined. */
const MAX_GONE = 20_000;
/** Parents that entries of one book joined without: each is kept with the summary of the book from then on. */
const MAX_ABSENT = 50_000;

interface Appending {
  readonly records: readonly SignedRecord[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createBookLog(book: string, store: BookStore, context: BookContext): BookLog {
  const mutex = createMutex();
  const gone = new Set<string>();
  const isGone = (hash: string): boolean => gone.has(hash);
  let waiting: Appending[] = [];
  const appendWaiting = async (): Promise<void> => {
    const group = waiting;
    waiting = [];
    await appendGroup(book, group, store, context);
  };
  return {
    store,
    append(records) {
      if (records.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        waiting.push({ records, resolve, reject });
        // The first of them takes along all that came while it waited for its turn.
        if (waiting.length === 1) mutex.run(appendWaiting).catch(reject);
      });
    },
    ingest: (arrivals) => mutex.run(() => ingestArrivals(book, arrivals, store, context, isGone)),
    giveUp(hashes) {
      if (gone.size + hashes.length > MAX_GONE) gone.clear();
      const room = MAX_ABSENT - store.absent().size - gone.size;
      for (const hash of hashes.slice(0, Math.max(0, room))) gone.add(hash);
      return mutex.run(() => ingestArrivals(book, [], store, context, isGone));
    },
    release: (entries) => mutex.run(() => store.release(entries)),
    restore: (entries) => mutex.run(() => store.restore(entries)),
    async *scan(after) {
      for await (const part of store.scan(after)) yield part.flatMap((bytes) => recordsOfEntry(bytes, book));
    },
    idle: () => mutex.idle(),
  };
}

/** Never rejects: each call is told on its own, and all of them when the disk fails. */
async function appendGroup(
  book: string,
  group: readonly Appending[],
  store: BookStore,
  context: BookContext,
): Promise<void> {
  const home = { village: context.village, book, device: context.device.device };
  const problems = await Promise.all(group.map(({ records }) => checkRecords(records, home)));
  const sound: Appending[] = [];
  for (const [i, appending] of group.entries()) {
    const problem = problems[i];
    if (problem === undefined) sound.push(appending);
    else appending.reject(new AppError('BAD_RECORD', `cannot append to ${book}: ${problem}`, { data: { book } }));
  }
  if (sound.length === 0) return;
  try {
    await context.identities.keep(context.device);
    step('record.before-append');
    const built = await buildEntries(book, sound, store, context);
    await store.commit(built.flatMap(({ entries }) => entries));
    step('record.appended');
    for (const { entries, appending } of built) {
      const hashes = entries.map((entry) => entry.hash);
      context.onJoined({ book, origin: 'local', hashes, records: appending.records });
      appending.resolve();
    }
  } catch (error) {
    for (const { reject } of sound) reject(error);
  }
}

interface Built {
  readonly appending: Appending;
  readonly entries: readonly NewEntry[];
}

/** OrbitDB entries, each after the one before; the first names the heads of the book. */
async function buildEntries(
  book: string,
  group: readonly Appending[],
  store: Pick<BookStore, 'heads' | 'marks'>,
  { village, identity }: BookContext,
): Promise<Built[]> {
  const id = logIdOf(village, book);
  const heads = store.heads();
  let time = heads.reduce(
    (max, head) => (head.time <= MAX_FOLLOWED_TIME ? Math.max(max, head.time) : max),
    store.marks().of(identity.publicKey)?.time ?? 0,
  );
  // OrbitDB names the newest head first.
  let next = [...heads]
    .sort((a, b) => b.time - a.time)
    .slice(0, MAX_PARENTS)
    .map((head) => head.hash);
  const built: Built[] = [];
  for (const appending of group) {
    const entries: NewEntry[] = [];
    for (const records of groupRecords(appending.records)) {
      time += 1;
      const clock = { id: identity.publicKey, time };
      const entry = await Entry.create(identity, id, toPayload(records), null, clock, next);
      const { hash, bytes } = await Entry.encode(entry);
      entries.push({ hash, bytes, device: identity.publicKey, time, next });
      next = [hash];
    }
    built.push({ appending, entries });
  }
  return built;
}

/** Half of an entry is left for the names of its parents and the envelope. */
const MAX_GROUP_BYTES = MAX_ENTRY_BYTES / 2;

function groupRecords(records: readonly SignedRecord[]): SignedRecord[][] {
  const groups: SignedRecord[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    const last = groups.at(-1);
    bytes += record.bytes.length;
    if (last && last.length < MAX_RECORDS_PER_ENTRY && bytes <= MAX_GROUP_BYTES) last.push(record);
    else {
      groups.push([record]);
      bytes = record.bytes.length;
    }
  }
  return groups;
}
