import { blob, type Database, int, text } from './open-database.ts';

export const KEY_TABLES = `
   -- keys of audiences, each sealed under the data key; what names them is in the books too
   create table audience_key (place integer primary key, village text not null, id text not null, month text not null,
     scope text not null, sealed blob not null, unique (village, id)) strict;
   create index audience_key_in_order on audience_key (village);
   create index audience_key_of_month on audience_key (village, month, scope);`;

/** A key of an audience as it lies on the disk; without a month where its scope has none. */
export interface SealedRow {
  readonly id: string;
  readonly month: string;
  readonly scope: string;
  readonly sealed: Uint8Array;
}

/** Keys of audiences, village by village. A place only grows: what came later has a higher one. */
export interface KeyTables {
  audienceKey(village: string, id: string): Uint8Array | undefined;
  /** Sealed, in the order in which they came; those of one scope, where it is told. */
  audienceKeysOf(village: string, month: string, scope?: string): Uint8Array[];
  audienceKeyMonths(village: string): string[];
  /** Ids of the keys that came after a place. */
  audienceKeysSince(village: string, place: number): string[];
  /** The place of the newest key; 0 where there is none. */
  newestAudienceKey(village: string): number;
  /** What is held already stays as it is. */
  addAudienceKeys(village: string, rows: readonly SealedRow[]): void;
}

export function keyTables(db: Database): KeyTables {
  // By `+place` the index of the month is used, and not that of all keys in their order.
  return {
    audienceKey(village, id) {
      const row = db.get('select sealed from audience_key where village = ? and id = ?', village, id);
      return row && blob(row, 'sealed');
    },
    audienceKeysOf: (village, month, scope) =>
      (scope === undefined
        ? db.all('select sealed from audience_key where village = ? and month = ? order by +place', village, month)
        : db.all(
            'select sealed from audience_key where village = ? and month = ? and scope = ? order by +place',
            village,
            month,
            scope,
          )
      ).map((r) => blob(r, 'sealed')),
    audienceKeyMonths: (village) =>
      db
        .all('select distinct month from audience_key where village = ? order by month', village)
        .map((r) => text(r, 'month')),
    audienceKeysSince: (village, place) =>
      db
        .all('select id from audience_key where village = ? and place > ? order by place', village, place)
        .map((r) => text(r, 'id')),
    newestAudienceKey(village) {
      const row = db.get('select place from audience_key where village = ? order by place desc limit 1', village);
      return row ? int(row, 'place') : 0;
    },
    addAudienceKeys: (village, rows) =>
      db.transaction(() => {
        for (const { id, month, scope, sealed } of rows)
          db.run(
            'insert or ignore into audience_key (village, id, month, scope, sealed) values (?, ?, ?, ?, ?)',
            village,
            id,
            month,
            scope,
            sealed,
          );
      }),
  };
}

/** Within a transaction. */
export const dropAudienceKeys = (db: Database, village: string): void =>
  db.run('delete from audience_key where village = ?', village);
