import type { DataKey } from '#core/crypto/data-key.ts';
import { DAY_MS, type Month, monthSpan, UTC } from '#domain/time.ts';
import { blob, type Database, int, text } from './open-database.ts';

export const ARCHIVE_TABLES = `
   -- months that were written to a file, and where their readings are now
   create table archived_month (month text primary key, place text not null, file blob not null, sha256 text not null,
     at_ms integer not null, bytes integer not null, books text not null, from_ms integer not null,
     to_ms integer not null) strict;
   -- the month of the signed checkpoint this console began at
   create table started_from (one integer primary key check (one = 1), month text not null, at_ms integer not null,
     noted integer not null) strict;`;

/** Of a month that is not wholly here. */
export const MONTH_AWAY = `place <> 'here'`;
/** Of a day of village time, which any segment of such a month may touch. */
export const DAY_AWAY = `exists (select 1 from archived_month a where a.${MONTH_AWAY}
  and from_ms > a.from_ms - ${DAY_MS} and from_ms < a.to_ms)`;

export interface ArchivedMonth {
  readonly month: Month;
  /** 'dropping': decided and not finished; the next start finishes it. */
  readonly place: 'here' | 'dropping' | 'dropped';
  /** The last file that the month was written to; empty for a month that never was here. */
  readonly file: string;
  readonly sha256: string;
  readonly atMs: number;
  readonly bytes: number;
  /** How many entries of each book were in the file when it was dropped: later ones stay here. */
  readonly books: Readonly<Record<string, number>>;
}

/** The signed checkpoint this console began at, in place of the books before it. */
export interface StartedFrom {
  readonly month: Month;
  readonly atMs: number;
}

export interface ArchiveTables {
  archivedMonths(): ReadonlyMap<Month, ArchivedMonth>;
  putArchived(archived: ArchivedMonth): void;
  /**
   * Decides that a month goes, and lets go of its frames and records, together. Segments keep what is known of them, so
   * that nobody asks for them again and what was made of them stays valid.
   */
  beginDrop(archived: ArchivedMonth, cids: readonly string[]): void;
  /** A month that never was here: its segments are known, and nobody is asked for them. */
  putAbsent(archived: ArchivedMonth, cids: readonly string[]): void;
  /** Its records came: its segments are asked for again. */
  endAbsent(archived: ArchivedMonth, cids: readonly string[]): void;
  startedFrom(): StartedFrom | undefined;
  /** Whether the months before are still to be shown as not here. */
  isStarting(): boolean;
  endStarting(): void;
  /** Books with records that no anchored cut holds. */
  unsettledBooks(): string[];
  /** The records of a book are read again at the next occasion. */
  forgetRead(book: string): void;
  /** Bytes of sealed frames by UTC month. */
  frameBytes(): ReadonlyMap<Month, number>;
  /** Bytes of records by book. */
  recordBytesOf(): ReadonlyMap<string, number>;
}

/** Within a transaction: the state is that of a signed checkpoint now. */
export function beginFrom(db: Database, { month, atMs }: StartedFrom): void {
  db.run('insert or replace into started_from values (1, ?, ?, 0)', month, atMs);
}

const LABEL = 'archived-file';

/** People name files as they like: the name lies sealed. */
export function archiveTables(db: Database, dataKey: DataKey): ArchiveTables {
  const put = (a: ArchivedMonth): void => {
    const { from, to } = monthSpan(a.month, UTC);
    const books = JSON.stringify(a.books);
    db.run(
      'insert or replace into archived_month values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      a.month,
      a.place,
      dataKey.seal(LABEL, new TextEncoder().encode(a.file)),
      a.sha256,
      a.atMs,
      a.bytes,
      books,
      from,
      to,
    );
  };
  return {
    archivedMonths: () =>
      new Map(
        db.all('select * from archived_month order by month').map((r) => {
          const month = text(r, 'month');
          return [
            month,
            {
              month,
              place: text(r, 'place') as ArchivedMonth['place'],
              file: new TextDecoder().decode(dataKey.open(LABEL, blob(r, 'file'))),
              sha256: text(r, 'sha256'),
              atMs: int(r, 'at_ms'),
              bytes: int(r, 'bytes'),
              books: JSON.parse(text(r, 'books')) as Record<string, number>,
            },
          ];
        }),
      ),
    putArchived: put,
    beginDrop: (archived, cids) =>
      db.transaction(() => {
        put(archived);
        for (const cid of cids) {
          db.run('update segment set away = 1 where cid = ?', cid);
          db.run('update locked_frame set away = 1 where segment = ?', cid);
        }
        db.run(`delete from frame where segment in (select cid from segment where away = 1)`);
        for (const book of Object.keys(archived.books))
          db.run('delete from record where book = ? and epoch is not null', book);
      }),
    putAbsent: (archived, cids) =>
      db.transaction(() => {
        put(archived);
        for (const cid of cids)
          db.run(`insert or ignore into segment values (?, 'verified', '', 0, 0, 1, 0, 0, null)`, cid);
      }),
    endAbsent: (archived, cids) =>
      db.transaction(() => {
        put(archived);
        for (const cid of cids) db.run('delete from segment where cid = ? and away = 1', cid);
      }),
    startedFrom() {
      const row = db.get('select month, at_ms from started_from');
      return row && { month: text(row, 'month'), atMs: int(row, 'at_ms') };
    },
    isStarting: () => db.get('select one from started_from where noted = 0') !== undefined,
    endStarting: () => db.run('update started_from set noted = 1'),
    unsettledBooks: () => db.all('select distinct book from record where epoch is null').map((r) => text(r, 'book')),
    forgetRead: (book) => db.run('delete from book_read where book = ?', book),
    frameBytes: () =>
      new Map(
        db
          .all(
            `select strftime('%Y-%m', from_ms / 1000, 'unixepoch') as month, sum(length(sealed)) as n from frame group by 1`,
          )
          .map((r) => [text(r, 'month'), int(r, 'n')]),
      ),
    recordBytesOf: () =>
      new Map(
        db
          .all('select book, sum(length(bytes)) as n from record group by book')
          .map((r) => [text(r, 'book'), int(r, 'n')]),
      ),
  };
}
