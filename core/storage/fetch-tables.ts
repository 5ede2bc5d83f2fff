import { type Database, text } from './open-database.ts';

export const FETCH_TABLES = `
   -- what a person told this console not to fetch
   create table not_fetched (scope text primary key, at_ms integer not null) strict, without rowid;`;

/** What is told apart when fetching is stopped: everything for a while, the days of one device, those of one UTC month. */
export type FetchScope = 'all' | `device:${string}` | `month:${string}`;

export interface FetchTables {
  /** What is not fetched until a person asks for it again. */
  notFetched(): ReadonlySet<FetchScope>;
  setFetched(scope: FetchScope, isFetched: boolean, atMs: number): void;
}

export function fetchTables(db: Database): FetchTables {
  return {
    notFetched: () => new Set(db.all('select scope from not_fetched').map((r) => text(r, 'scope') as FetchScope)),
    setFetched(scope, isFetched, atMs) {
      if (isFetched) db.run('delete from not_fetched where scope = ?', scope);
      else db.run('insert or ignore into not_fetched values (?, ?)', scope, atMs);
    },
  };
}
