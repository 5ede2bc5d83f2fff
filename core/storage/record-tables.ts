import { beginFrom, type StartedFrom } from './archive-tables.ts';
import { blob, type Database, int, text } from './open-database.ts';
import {
  addTallies,
  dropSettled,
  dropTallies,
  putSettled,
  type SegmentTally,
  type SettledItem,
  wentOn,
} from './settled-tables.ts';

export const RECORD_TABLES = `
   -- records of the books, and the state at the last anchored cut
   create table record (id text primary key, book text not null, kind text not null, epoch text, bytes blob not null) strict;
   create index record_outside on record (id) where epoch is null;
   create index record_of_book on record (book, kind);
   create table book_read (book text primary key, entries integer not null) strict;
   create table checkpoint (one integer primary key check (one = 1), sealed blob not null) strict;
   -- roots of the snapshots of which blocks may be here
   create table snapshot_here (hash text primary key, root blob not null) strict, without rowid;`;

/** A record as it lies in the table: canonical bytes, verified by the node before it stored them. */
export interface RecordRow {
  readonly id: string;
  readonly book: string;
  readonly kind: string;
  /** Digest of the last close whose cut, or one before it, holds the record; null: none does. */
  readonly epoch: string | null;
  readonly bytes: Uint8Array;
}

export interface CheckpointKept {
  readonly sealed: Uint8Array;
  /** How many anchored cuts there are up to this one. */
  readonly cut: number;
  /** Nothing of it lies in rows yet: those that are there belong to another. */
  readonly isWhole: boolean;
  /** New and changed items. */
  readonly items: readonly Iterable<SettledItem>[];
  /** New segments. */
  readonly tallies: readonly SegmentTally[];
}

/** A checkpoint that others made, whose items lie in rows ahead of the present cut. */
export interface TakenCheckpoint {
  /** Of all its segments. */
  readonly tallies: readonly SegmentTally[];
  readonly startedFrom: StartedFrom;
}

export interface RecordTables {
  /** How many entries of each book are in the table, in the order in which the node joined them. */
  booksRead(): ReadonlyMap<string, number>;
  keepRecords(book: string, entries: number, records: readonly RecordRow[]): void;
  /** Bytes of the records that no anchored cut holds. */
  outsideRecords(): Uint8Array[];
  /** Bytes of the records of one book and kind. */
  recordsOf(book: string, kind: string): Uint8Array[];
  recordBytes(id: string): Uint8Array | undefined;
  settledRecords(): number;
  /** Settled records that are here, by book. */
  settledByBook(): ReadonlyMap<string, number>;
  /** Keeps the state at an anchored cut and marks the records that it holds, together. */
  keepCheckpoint(close: string, ids: readonly string[], kept: CheckpointKept, taken?: TakenCheckpoint): void;
  checkpoint(): Uint8Array | undefined;
  snapshotsHere(): { readonly hash: string; readonly root: Uint8Array }[];
  putSnapshotHere(hash: string, root: Uint8Array): void;
  dropSnapshotHere(hash: string): void;
}

export const recordTables = (db: Database): RecordTables => ({
  booksRead: () =>
    new Map(db.all('select book, entries from book_read').map((r) => [text(r, 'book'), int(r, 'entries')])),
  keepRecords: (book, entries, records) =>
    db.relaxed(() => {
      for (const r of records) {
        db.run('insert or ignore into record values (?, ?, ?, ?, ?)', r.id, r.book, r.kind, r.epoch, r.bytes);
      }
      db.run('insert or replace into book_read values (?, ?)', book, entries);
    }),
  outsideRecords: () => db.all('select bytes from record where epoch is null').map((r) => blob(r, 'bytes')),
  recordsOf: (book, kind) =>
    db.all('select bytes from record where book = ? and kind = ?', book, kind).map((r) => blob(r, 'bytes')),
  recordBytes(id) {
    const row = db.get('select bytes from record where id = ?', id);
    return row && blob(row, 'bytes');
  },
  settledRecords: () => int(db.get('select count(*) as n from record where epoch is not null') ?? {}, 'n'),
  settledByBook: () =>
    new Map(
      db
        .all('select book, count(*) as n from record where epoch is not null group by book')
        .map((r) => [text(r, 'book'), int(r, 'n')]),
    ),
  keepCheckpoint: (close, ids, { sealed, cut, isWhole, items, tallies }, taken) =>
    db.transaction(() => {
      for (const id of ids) db.run('update record set epoch = ? where id = ?', close, id);
      if (isWhole) dropSettled(db);
      if (isWhole || taken) db.run('delete from month_known');
      if (taken) {
        dropTallies(db);
        addTallies(db, taken.tallies);
        beginFrom(db, taken.startedFrom);
        wentOn(db);
      }
      for (const some of items) putSettled(db, cut, some);
      addTallies(db, tallies);
      db.run('insert or replace into checkpoint values (1, ?)', sealed);
    }),
  checkpoint() {
    const row = db.get('select sealed from checkpoint');
    return row && blob(row, 'sealed');
  },
  snapshotsHere: () =>
    db.all('select hash, root from snapshot_here').map((r) => ({ hash: text(r, 'hash'), root: blob(r, 'root') })),
  putSnapshotHere: (hash, root) => db.run('insert or ignore into snapshot_here values (?, ?)', hash, root),
  dropSnapshotHere: (hash) => db.run('delete from snapshot_here where hash = ?', hash),
});
