import { blob, type Database, int, type Row, text } from './open-database.ts';

const FOR_GOOD = Number.MAX_SAFE_INTEGER;

/** `since` and `until` count anchored cuts: a state reads what was there at its own, whatever was kept after. */
export const SETTLED_TABLES = `
   -- what the state at the last anchored cut holds of every month, item by item
   create table settled (kind text not null, key text not null, since integer not null, until integer not null,
     shelf text not null, place integer not null, value blob not null, primary key (kind, key, since)) strict;
   create index settled_in_order on settled (kind, place);
   create index settled_over on settled (until) where until < ${FOR_GOOD};
   create index settled_on_shelf on settled (kind, shelf, place);
   -- the segments among them, by who announced them and their UTC month
   create table segment_tally (month text not null, device text not null, segments integer not null,
     bytes integer not null, primary key (month, device)) strict, without rowid;
   -- so many segments, the first in order, all have a row
   create table segments_here (one integer primary key check (one = 1), first integer not null) strict;
   -- a row while items of a cut are taken from elsewhere to which this console did not go on yet
   create table settled_ahead (one integer primary key check (one = 1)) strict;`;

const THERE = 'since <= ? and until > ?';

export interface SettledRow {
  readonly key: string;
  /** How many items of its kind entered before it. */
  readonly place: number;
  readonly value: Uint8Array;
}
export interface SettledItem extends SettledRow {
  readonly kind: string;
  readonly shelf: string;
}

/** Segments that one device announced of one UTC month. */
export interface SegmentTally {
  readonly month: string;
  readonly device: string;
  readonly segments: number;
  readonly bytes: number;
}

export interface SettledTables {
  segmentTallies(): SegmentTally[];
  settledItem(kind: string, cut: number, key: string): SettledRow | undefined;
  /** In order, from a place on, at most so many. */
  settledFrom(kind: string, cut: number, place: number, most: number): SettledRow[];
  /** In order of shelves, from one to another, both inside. */
  settledWithin(kind: string, cut: number, first: string, last: string): SettledRow[];
  /** The first or the last by the order of text, of so many items that entered first. */
  endShelf(kind: string, cut: number, items: number, end: 'first' | 'last'): string | undefined;
  /** So many segments, the first in order, all have a row. */
  segmentsHere(): number;
  putSegmentsHere(first: number): void;
  /** What nobody can ask for any more whose oldest state is at this cut. */
  dropSettledBefore(cut: number): void;
  /** Items of a cut to which the state will go on at once, once all are here: no state before it reads them. */
  putSettledAhead(cut: number, items: readonly SettledItem[]): void;
  /** How many items there are at a cut. */
  countSettled(kind: string, cut: number): number;
  /** What was put ahead of this cut and never gone on to. */
  dropSettledAfter(cut: number): void;
}

const rowOf = (r: Row): SettledRow => ({ key: text(r, 'key'), place: int(r, 'place'), value: blob(r, 'value') });

export function settledTables(db: Database): SettledTables {
  return {
    settledItem(kind, cut, key) {
      const row = db.get(`select * from settled where kind = ? and key = ? and ${THERE}`, kind, key, cut, cut);
      return row && rowOf(row);
    },
    settledFrom: (kind, cut, place, most) =>
      db
        .all(
          `select * from settled where kind = ? and place >= ? and ${THERE} order by place limit ?`,
          kind,
          place,
          cut,
          cut,
          most,
        )
        .map(rowOf),
    settledWithin: (kind, cut, first, last) =>
      db
        .all(
          `select * from settled where kind = ? and shelf between ? and ? and ${THERE} order by shelf, place`,
          kind,
          first,
          last,
          cut,
          cut,
        )
        .map(rowOf),
    endShelf(kind, cut, items, end) {
      const order = end === 'first' ? 'shelf, place' : 'shelf desc, place desc';
      const row = db.get(
        `select shelf from settled where kind = ? and place < ? and ${THERE} order by ${order} limit 1`,
        kind,
        items,
        cut,
        cut,
      );
      return row && text(row, 'shelf');
    },
    segmentTallies: () =>
      db.all('select * from segment_tally order by month, device').map((r) => ({
        month: text(r, 'month'),
        device: text(r, 'device'),
        segments: int(r, 'segments'),
        bytes: int(r, 'bytes'),
      })),
    segmentsHere: () => int(db.get('select first from segments_here') ?? { first: 0 }, 'first'),
    putSegmentsHere: (first) => db.run('insert or replace into segments_here values (1, ?)', first),
    dropSettledBefore: (cut) => db.run(`delete from settled where until <= ? and until < ${FOR_GOOD}`, cut),
    putSettledAhead: (cut, items) =>
      db.relaxed(() => {
        db.run('insert or replace into settled_ahead values (1)');
        putSettled(db, cut, items);
      }),
    countSettled: (kind, cut) =>
      int(db.get(`select count(*) as n from settled where kind = ? and ${THERE}`, kind, cut, cut) ?? {}, 'n'),
    dropSettledAfter(cut) {
      if (!db.get('select one from settled_ahead')) return;
      db.transaction(() => {
        db.run('delete from settled where since > ?', cut);
        db.run(`update settled set until = ${FOR_GOOD} where until > ? and until < ${FOR_GOOD}`, cut);
        wentOn(db);
      });
    },
  };
}

/** Within a transaction: items that are new at a cut, or other than they were. */
export function putSettled(db: Database, cut: number, items: Iterable<SettledItem>): void {
  for (const { kind, key, shelf, place, value } of items) {
    db.run('update settled set until = ? where kind = ? and key = ? and until = ?', cut, kind, key, FOR_GOOD);
    db.run(
      'insert or replace into settled values (?, ?, ?, ?, ?, ?, ?)',
      kind,
      key,
      cut,
      FOR_GOOD,
      shelf,
      place,
      value,
    );
  }
}

const ADD_TALLY = `insert into segment_tally values (?, ?, ?, ?) on conflict (month, device) do update set
  segments = segments + excluded.segments, bytes = bytes + excluded.bytes`;

/** Within a transaction: segments that are new at a cut. */
export function addTallies(db: Database, tallies: readonly SegmentTally[]): void {
  for (const { month, device, segments, bytes } of tallies) db.run(ADD_TALLY, month, device, segments, bytes);
}

/** Within a transaction: what was put ahead is the state now. */
export function wentOn(db: Database): void {
  db.run('delete from settled_ahead');
}

/** Within a transaction. */
export function dropTallies(db: Database): void {
  db.run('delete from segment_tally');
}

/** Within a transaction. */
export function dropSettled(db: Database): void {
  db.run('delete from settled');
  dropTallies(db);
}
