import type { DataKey } from '#core/crypto/data-key.ts';
import type { DeviceKeys } from '#core/crypto/device-keys.ts';
import { step } from '#core/ports/steps.ts';
import type { VillageNode } from '#core/ports/village-node.ts';
import type { TakenCheckpoint } from '#core/storage/record-tables.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import type { KnownRecord, SignedRecord } from '#domain/books/record.ts';
import { type Checkpoint, genesis } from '#domain/village/epochs.ts';
import type { Folded } from '#domain/village/fold.ts';
import { type Admission, TEACHING } from './admission.ts';
import { type KeptCheckpoint, openCheckpoint, packCheckpoint } from './kept-checkpoint.ts';
import { type Act, knownRecord, type RecordIndex } from './record-index.ts';
import { offerSnapshots, snapshotInTurns } from './snapshot-offer.ts';
import type { StateCache } from './state-cache.ts';

/** The way of records into the state: those written here, those that came, those on disk. */
export interface VillageBooks {
  /** Signs, stores durably and folds records in order. Errors: NOT_ALLOWED with the reason the fold gives; then none is written. */
  readonly act: (acts: readonly Act[]) => Promise<string[]>;
  /** Takes in what came from elsewhere, where it is new. */
  readonly absorb: (records: readonly SignedRecord[]) => void;
  /** Begins at the last checkpoint and reads what this disk holds beside it. */
  readonly load: () => Promise<void>;
  /** Drops the read models and makes them again from the node's books. */
  readonly reload: () => Promise<void>;
  /** Keeps the present checkpoint soon: what it holds leaves the memory, and the next opening begins there. */
  readonly keepCheckpoint: (before: Checkpoint | undefined) => void;
  /** Goes on from a checkpoint from elsewhere, which `take` verified; whether it gave one. */
  readonly startFrom: (take: TakeCheckpoint) => Promise<boolean>;
  /** Reads the records of books again whose entries came back to this disk. */
  readonly reread: (books: readonly string[]) => Promise<void>;
  /** The books are being read from the start: what is here is not all, and nothing follows from it yet. */
  readonly isReading: () => boolean;
  /** Resolves when no act is under way. */
  readonly idle: () => Promise<void>;
}

/** Puts what a checkpoint from elsewhere holds into rows; nothing else is written to them meanwhile. */
export type TakeCheckpoint = () => Promise<(TakenCheckpoint & { readonly checkpoint: Checkpoint }) | undefined>;

export interface BooksSource {
  readonly village: string;
  readonly keys: DeviceKeys;
  readonly node: VillageNode;
  readonly index: RecordIndex;
  readonly admission: Admission;
  readonly cache: StateCache;
  readonly store: VillageStore;
  readonly dataKey: DataKey;
  readonly log: (line: string) => void;
  readonly now: () => number;
  /** Told after new records were folded, with the books they are in. */
  readonly onFolded: (books: ReadonlySet<string>) => void;
  /** Told before what was folded leaves the memory. */
  readonly onKeeping: () => void;
}

/** With so many outside the last checkpoint it is kept before the table of records is brought up to the books. */
const MANY = 5_000;
/** While months come faster than snapshots are made in turns, the last one is made at once. */
const TRIES = 2;

export function createVillageBooks(source: BooksSource): VillageBooks {
  const { village, keys, node, index, admission, cache, store, now, onFolded } = source;
  let last: Promise<unknown> = Promise.resolve();

  /** Work on the tables of this console, one after another. */
  let keeping: Promise<unknown> = Promise.resolve();
  let readings = 0;

  const take = (records: readonly KnownRecord[], next?: Folded): KnownRecord[] => {
    const fresh = index.add(records);
    if (fresh.length === 0) return [];
    admission.learn(fresh);
    cache.onRecords(next);
    onFolded(new Set(fresh.map((r) => r.book)));
    step('record.folded');
    return fresh;
  };
  /** Brings the table of records up to the node's books, and takes in what was not known. */
  const catchUp = async (): Promise<void> => {
    const read = store.booksRead();
    for (const book of node.books()) {
      const size = node.size(book);
      const known = Math.min(read.get(book) ?? 0, size);
      if (known === size && read.has(book)) continue;
      for await (const chunk of node.scan(book, known)) {
        const records = chunk.flatMap(({ bytes }) => {
          const record = knownRecord(bytes);
          if (!record) return [];
          const epoch = index.isSettled(record) ? cache.checkpoint().settled : null;
          return [{ record, row: { id: record.id, book, kind: record.kind, epoch, bytes } }];
        });
        // Those that a checkpoint holds may be read for the first time too: after a rebuild.
        admission.learn(records.flatMap((r) => (TEACHING.has(r.record.kind) ? [r.record] : [])));
        store.keepRecords(
          book,
          known,
          records.map((r) => r.row),
        );
        take(records.map((r) => r.record));
      }
      store.keepRecords(book, size, []);
    }
  };
  const known = (rows: readonly Uint8Array[]): KnownRecord[] => rows.flatMap((bytes) => knownRecord(bytes) ?? []);
  const start = ({ checkpoint, heads }: KeptCheckpoint): void => {
    cache.restore(checkpoint, true);
    index.restore(heads, checkpoint.chains);
  };
  const begin = async (kept: KeptCheckpoint | undefined): Promise<void> => {
    if (kept) start(kept);
    for (const kind of TEACHING) admission.learn(known(store.recordsOf('members', kind)));
    take(known(store.outsideRecords()));
    await catchUp();
    await node.reconsider();
  };
  /** The present checkpoint, as a rule with its snapshot made. What the table of records lacks then is marked as settled when it comes. */
  const readyToKeep = async (): Promise<Checkpoint> => {
    if (index.outside.size < MANY) await catchUp();
    for (let tries = 0; tries < TRIES; tries++) {
      const checkpoint = cache.checkpoint();
      await snapshotInTurns(checkpoint);
      if (cache.checkpoint() === checkpoint) break;
    }
    return cache.checkpoint();
  };
  const keep = async (taken?: TakenCheckpoint): Promise<Checkpoint> => {
    const checkpoint = await readyToKeep();
    source.onKeeping();
    const packed = packCheckpoint(source, { checkpoint, heads: index.heads() });
    store.keepCheckpoint(checkpoint.settled, index.settle(checkpoint.chains), packed, taken);
    index.settle(packed.checkpoint.chains);
    cache.stand(packed.checkpoint);
    return packed.checkpoint;
  };
  let isToKeep = false;
  let before: Checkpoint | undefined;
  const keepSoon = (last: Checkpoint | undefined): void => {
    before = last;
    // Of many that come one after the other only the newest is kept.
    if (isToKeep) return;
    isToKeep = true;
    keeping = keeping
      .then(async () => {
        isToKeep = false;
        const kept = await keep();
        if (isToKeep) return;
        await catchUp();
        await offerSnapshots(node, store, kept, before);
      })
      .catch((e: unknown) => {
        isToKeep = false;
        source.log(`keeping the checkpoint: ${e instanceof Error ? e.message : String(e)}`);
      });
  };
  const write = async (acts: readonly Act[]): Promise<string[]> => {
    const isFrozen = (device: string): boolean => (cache.state().devices.get(device)?.frozenFrom ?? null) !== null;
    const signed = index.make(keys, village, acts, now(), isFrozen);
    const { records, next } = cache.judge(signed);
    const known = index.outside.size;
    const written: KnownRecord[] = [];
    try {
      for (const [i, record] of records.entries()) {
        await node.append(record.book, signed.slice(i, i + 1));
        written.push(record);
      }
    } finally {
      // What lies in the books counts, also where the disk took no more. Unless others' records came in meanwhile,
      // what was judged is the new state.
      const isAll = written.length === records.length && index.outside.size === known;
      take(written, isAll ? next : undefined);
    }
    return records.map((r) => r.id);
  };
  /** Nothing is written or kept meanwhile: who has not read all its records would give the next one a number again. */
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const working = Promise.all([last, keeping]).then(work);
    last = working.catch(() => undefined);
    keeping = last;
    return working;
  };
  const read = async (from: () => Promise<KeptCheckpoint | undefined>): Promise<void> => {
    readings += 1;
    try {
      await alone(async () => begin(await from()));
    } finally {
      readings -= 1;
    }
  };
  return {
    act(acts) {
      const writing = last.then(() => write(acts));
      last = writing.catch(() => undefined);
      return writing;
    },
    absorb: (records) => void take(known(records.map((r) => r.bytes))),
    load: () => read(async () => openCheckpoint(source)),
    reload: () =>
      read(async () => {
        // Records of months that are not here are in the checkpoint alone.
        const isAway = [...store.archivedMonths().values()].some((m) => m.place !== 'here');
        if (isAway) await keep();
        const kept = isAway ? { checkpoint: cache.checkpoint(), heads: index.heads() } : undefined;
        store.dropReadModels({ exceptCheckpoint: isAway });
        index.clear();
        cache.restore(genesis(village), true);
        return kept;
      }),
    reread(books) {
      const reading = keeping.then(async () => {
        for (const book of books) store.forgetRead(book);
        await catchUp();
      });
      keeping = reading.catch(() => undefined);
      return reading;
    },
    startFrom: (take) =>
      alone(async () => {
        await catchUp();
        store.dropSettledAfter(cache.checkpoint().epochs.length);
        const taken = await take();
        if (!taken) {
          store.dropSettledAfter(cache.checkpoint().epochs.length);
          return false;
        }
        cache.restore(taken.checkpoint, false);
        await keep(taken);
        onFolded(new Set(node.books()));
        return true;
      }),
    keepCheckpoint: keepSoon,
    isReading: () => readings > 0,
    async idle() {
      await last;
      await keeping;
    },
  };
}
