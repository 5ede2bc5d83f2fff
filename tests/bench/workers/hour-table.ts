import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parse } from 'csv-parse/sync';

/** The reference of readings: hours of circuits as plain rows, stored as durably as our own tables. */
export function openHourTable(dir: string): DatabaseSync {
  const db = new DatabaseSync(join(dir, 'hours.sqlite'));
  db.exec('pragma journal_mode = wal; pragma synchronous = full;');
  db.exec('create table hour (circuit integer, at text, tenths integer, primary key (circuit, at)) strict');
  return db;
}

/** Parses the file and inserts every recorded hour in one transaction. */
export function insertHours(db: DatabaseSync, text: string): void {
  const [, ...rows]: string[][] = parse(text);
  const insert = db.prepare('insert into hour values (?, ?, ?)');
  db.exec('begin');
  for (const [at = '', ...cells] of rows) {
    for (const [circuit, cell] of cells.entries())
      if (cell !== '') insert.run(circuit, at, Math.round(Number(cell) * 10));
  }
  db.exec('commit');
}

export function sumHours(db: DatabaseSync): { hours: number; wh: number } {
  const row = db.prepare('select count(*) as hours, sum(tenths) / 10 as wh from hour').get();
  return { hours: Number(row?.['hours']), wh: Number(row?.['wh']) };
}
