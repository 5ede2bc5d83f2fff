import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { AppError } from '#core/ports/errors.ts';
import { guardDisk } from './disk-full.ts';

/** Above this the writer itself moves the log into the file, and waits for it. */
const WAL_PAGES = 16_000;
const WAL_KEPT_BYTES = 8 * 1024 * 1024;

export type Row = Record<string, unknown>;

/** A SQLite file with numbered migrations, WAL, and prepared statements kept by text. */
export interface Database {
  run(sql: string, ...values: SQLInputValue[]): void;
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  all(sql: string, ...values: SQLInputValue[]): Row[];
  /** All or nothing; within another one it is a part of that. */
  transaction<T>(work: () => T): T;
  /** A transaction that a power cut may undo, never tear: for what can be made again. */
  relaxed<T>(work: () => T): T;
  close(): void;
}

/** `migrations[n]` brings the schema from version n to n+1; they are never edited once released. */
export function openDatabase(path: string, migrations: readonly string[]): Database {
  const db = guardDisk(path, () => new DatabaseSync(path));
  db.exec(`pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;
    pragma wal_autocheckpoint = ${WAL_PAGES}; pragma journal_size_limit = ${WAL_KEPT_BYTES};`);
  const version = Number(db.prepare('pragma user_version').get()?.['user_version'] ?? 0);
  if (version > migrations.length) {
    db.close();
    throw new AppError(
      'INTERNAL',
      `${path} was written by a newer Gridpact (schema ${version}). Install that version.`,
    );
  }
  for (let v = version; v < migrations.length; v++) {
    guardDisk(path, () => db.exec(`begin; ${migrations[v]}; pragma user_version = ${v + 1}; commit;`));
  }
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let s = statements.get(sql);
    if (!s) {
      s = db.prepare(sql);
      s.setReadBigInts(true);
      statements.set(sql, s);
    }
    return s;
  };
  const transaction = <T>(work: () => T): T => {
    if (db.isTransaction) return work();
    guardDisk(path, () => db.exec('begin immediate'));
    try {
      const result = work();
      guardDisk(path, () => db.exec('commit'));
      return result;
    } catch (e) {
      if (db.isTransaction) db.exec('rollback');
      throw e;
    }
  };
  return {
    run: (sql, ...values) => void guardDisk(path, () => prepare(sql).run(...values)),
    get: (sql, ...values) => prepare(sql).get(...values),
    all: (sql, ...values) => prepare(sql).all(...values),
    transaction,
    relaxed(work) {
      db.exec('pragma synchronous = normal');
      try {
        return transaction(work);
      } finally {
        db.exec('pragma synchronous = full');
      }
    },
    close: () => db.close(),
  };
}

export const text = (row: Row, column: string): string => String(row[column]);
export const int = (row: Row, column: string): number => Number(row[column]);
export const blob = (row: Row, column: string): Uint8Array => row[column] as Uint8Array;

/** Moves what the log of a database holds into its file as far as nobody is in the way: for a thread that may wait. */
export function checkpointDatabase(path: string): void {
  const db = new DatabaseSync(path);
  try {
    db.exec('pragma wal_checkpoint(passive)');
  } finally {
    db.close();
  }
}
