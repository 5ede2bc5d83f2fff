import { type Identity, Log, type LogInstance } from '@orbitdb/core';
import { AppError } from '#core/ports/errors.ts';
import { step } from '#core/ports/steps.ts';
import type { Admit, NodeEvent } from '#core/ports/village-node.ts';
import type { SignedRecord } from '#domain/books/record.ts';
import { createAppendStorages } from './append-storages.ts';
import { type BookStore, type NewEntry, openBookStore } from './book-store.ts';
import type { DeviceIdentity } from './device-identity.ts';
import {
  checkRecords,
  type EntryPayload,
  logIdOf,
  MAX_CLOCK_JUMP,
  MAX_ENTRY_BYTES,
  MAX_RECORDS_PER_ENTRY,
  readEntry,
  toPayload,
} from './entry-codec.ts';
import type { IdentityStore } from './identity-store.ts';
import { walkInOrder } from './join-order.ts';
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
  /** Told after the entries are durable. `from` is the peer that sent the last of them. */
  onJoined(joined: Joined): void;
  onRefused(refused: Omit<Extract<NodeEvent, { type: 'refused' }>, 'type'>): void;
}

interface Joined {
  readonly book: string;
  readonly origin: 'local' | 'remote';
  readonly hashes: readonly string[];
  readonly records: readonly SignedRecord[];
}

interface Ingested {
  readonly joined: number;
  /** Parents that neither the book nor the staged entries have. */
  readonly missing: readonly string[];
  /** Entries for which there was no room to wait. */
  readonly overflowed: boolean;
}

/** One replicated book. Appending and ingesting never overlap: a log that does both at once loses branches. */
export interface BookLog {
  readonly store: BookStore;
  append(records: readonly SignedRecord[]): Promise<void>;
  /** Joins verified entries together with those staged for this book, as far as parents and admission allow. */
  ingest(arrivals: readonly Arrival[]): Promise<Ingested>;
  scan(): AsyncIterable<readonly SignedRecord[]>;
  close(): Promise<void>;
}

export async function openBookLog(book: string, path: string, context: BookContext): Promise<BookLog> {
  const store = await openBookStore(path);
  const storages = createAppendStorages(store);
  const { device, village } = context;
  const log = await Log<EntryPayload>(context.identity, {
    logId: logIdOf(village, book),
    access: { canAppend: async (entry) => entry.key === device.device && entry.identity === device.hash },
    ...storages,
  });
  const mutex = createMutex();
  return {
    store,
    append: (records) => mutex.run(() => append(book, records, { store, storages, log, context })),
    ingest: (arrivals) => mutex.run(() => ingest(book, arrivals, store, context)),
    async *scan() {
      for await (const part of store.scan()) yield part.flatMap((bytes) => recordsOf(bytes, book));
    },
    async close() {
      await mutex.idle();
      await store.close();
    },
  };
}

interface AppendParts {
  readonly store: BookStore;
  readonly storages: ReturnType<typeof createAppendStorages>;
  readonly log: LogInstance<EntryPayload>;
  readonly context: BookContext;
}

async function append(book: string, records: readonly SignedRecord[], parts: AppendParts): Promise<void> {
  const { store, storages, log, context } = parts;
  if (records.length === 0) return;
  const problem = await checkRecords(records, { village: context.village, book, device: context.device.device });
  if (problem !== undefined)
    throw new AppError('BAD_RECORD', `cannot append to ${book}: ${problem}`, { data: { book } });
  await context.identities.keep(context.device);
  step('record.before-append');
  try {
    for (const group of groupRecords(records)) {
      const entry = await log.append(toPayload(group), { referencesCount: 0 });
      storages.add({ hash: entry.hash, device: entry.key, time: entry.clock.time, next: entry.next });
    }
    await store.commit(storages.pending());
    step('record.appended');
    const hashes = storages.pending().map((entry) => entry.hash);
    context.onJoined({ book, origin: 'local', hashes, records });
  } finally {
    storages.clear();
  }
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

async function ingest(
  book: string,
  arrivals: readonly Arrival[],
  store: BookStore,
  context: BookContext,
): Promise<Ingested> {
  const { staged, refusals } = context;
  const candidates = new Map(
    [...staged.take(book), ...arrivals]
      .filter(({ entry }) => !store.has(entry.hash) && !refusals.has(entry.hash))
      .map((arrival) => [arrival.entry.hash, toCandidate(arrival)]),
  );
  const joining: Candidate[] = [];
  const times = new Map<string, number>();
  const timeOf = (hash: string): number => times.get(hash) ?? store.timeOf(hash) ?? 0;
  const reasons = new Map<string, string>();
  const { held, dropped, missing } = walkInOrder(candidates, store.has, refusals.has, (candidate) => {
    const verdict = judge(candidate.arrival, book, timeOf, context.admit);
    if (verdict === 'hold') return 'hold';
    if (verdict !== 'join') {
      reasons.set(candidate.hash, verdict.refuse);
      return 'drop';
    }
    joining.push(candidate);
    times.set(candidate.hash, candidate.arrival.entry.fields.clock.time);
    return 'join';
  });
  try {
    await commitJoining(joining, store, context);
  } catch (error) {
    for (const { arrival } of candidates.values()) staged.add(book, arrival);
    throw error;
  }
  let overflowed = false;
  for (const { arrival } of held) if (!staged.add(book, arrival)) overflowed = true;
  for (const { hash, arrival } of dropped) {
    refusals.add(hash);
    const reason = reasons.get(hash) ?? 'it follows a refused entry';
    context.onRefused({ peer: arrival.peer, book, reason });
  }
  if (joining.length > 0) {
    const records = joining.flatMap(({ arrival }) => arrival.entry.records);
    context.onJoined({ book, origin: 'remote', hashes: joining.map((c) => c.hash), records });
  }
  return { joined: joining.length, missing, overflowed };
}

interface Candidate {
  readonly hash: string;
  readonly parents: readonly string[];
  readonly arrival: Arrival;
}

const toCandidate = (arrival: Arrival): Candidate => ({
  hash: arrival.entry.hash,
  parents: [...arrival.entry.fields.next, ...arrival.entry.fields.refs],
  arrival,
});

/** The clock rule looks only at an entry and its parents, so every peer decides it the same way at any time. */
function judge(
  { entry }: Arrival,
  book: string,
  timeOf: (hash: string) => number,
  admit: Admit,
): 'join' | 'hold' | { readonly refuse: string } {
  const { next, clock, key } = entry.fields;
  const newestParent = next.reduce((max, hash) => Math.max(max, timeOf(hash)), 0);
  if (clock.time <= newestParent) return { refuse: 'the clock of the entry is not after its parents' };
  if (clock.time > newestParent + MAX_CLOCK_JUMP) return { refuse: 'the clock of the entry jumps too far ahead' };
  const verdict = admit({ book, device: key, records: entry.records });
  if (verdict === 'accept') return 'join';
  return verdict === 'wait' ? 'hold' : verdict;
}

async function commitJoining(joining: readonly Candidate[], store: BookStore, context: BookContext): Promise<void> {
  if (joining.length === 0) return;
  for (const { arrival } of joining) await context.identities.keep(arrival.identity);
  await store.commit(joining.map(({ arrival: { entry } }) => toNewEntry(entry)));
  step('sync.entries-stored');
}

const toNewEntry = ({ hash, bytes, fields }: Arrival['entry']): NewEntry => ({
  hash,
  bytes,
  device: fields.key,
  time: fields.clock.time,
  next: fields.next,
});

function recordsOf(bytes: Uint8Array, book: string): readonly SignedRecord[] {
  const read = readEntry(bytes);
  if (read.ok) return read.value.records;
  throw new AppError('BOOK_DAMAGED', `an entry of ${book} on disk is not readable: ${read.reason}`, { data: { book } });
}
