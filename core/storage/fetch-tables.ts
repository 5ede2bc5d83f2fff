import { type Database, int, text } from './open-database.ts';

export const FETCH_TABLES = `
   -- what a person told this console not to fetch
   create table not_fetched (scope text primary key, at_ms integer not null) strict, without rowid;
   -- frames were tried with the audience keys that came up to this one
   create table keys_tried (one integer primary key check (one = 1), newest integer not null) strict;`;

/** What is told apart when fetching is stopped: everything for a while, the days of one device, those of one UTC month. */
export type FetchScope = 'all' | `device:${string}` | `month:${string}`;

export interface FetchTables {
  /** What is not fetched until a person asks for it again. */
  notFetched(): ReadonlySet<FetchScope>;
  setFetched(scope: FetchScope, isFetched: boolean, atMs: number): void;
  /** Frames were tried with all keys up to this one. */
  keysTried(): number;
  /** Without waiting for the disk: after a power cut some are tried again. */
  putKeysTried(newest: number): void;
}

export function fetchTables(db: Database): FetchTables {
  return {
    notFetched: () => new Set(db.all('select scope from not_fetched').map((r) => text(r, 'scope') as FetchScope)),
    setFetched(scope, isFetched, atMs) {
      if (isFetched) db.run('delete from not_fetched where scope = ?', scope);
      else db.run('insert or ignore into not_fetched values (?, ?)', scope, atMs);
    },
    keysTried: () => int(db.get('select newest from keys_tried') ?? { newest: 0 }, 'newest'),
    putKeysTried: (newest) => db.relaxed(() => db.run('insert or replace into keys_tried values (1, ?)', newest)),
  };
}
