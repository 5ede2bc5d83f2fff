import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SEGMENT_TABLES } from '#core/storage/segment-tables.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';

/** As many frames to a transaction as ours commits together. */
const ROWS_AT_ONCE = 5000;

/** The rows that another store holds, put into a new file by plain SQL: same tables, same pragmas, nothing else. */
const { dir, path } = readInput<{ path: string }>();
const source = new DatabaseSync(path, { readOnly: true });
const read = source.prepare('select * from frame order by rowid');
read.setReturnArrays(true);
const rows = read.all() as unknown as (string | number | Uint8Array)[][];
source.close();

const db = new DatabaseSync(join(dir, 'rows.sqlite'));
db.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma wal_autocheckpoint = 16000;');
db.exec(SEGMENT_TABLES);
const insert = db.prepare('insert into frame values (?, ?, ?, ?, ?, ?, ?, ?)');
const startMs = performance.now();
for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
  db.exec('begin immediate');
  for (const row of rows.slice(at, at + ROWS_AT_ONCE)) insert.run(...row);
  db.exec('commit');
}
const seconds = secondsSince(startMs);
const stored = Number(db.prepare('select count(*) as n from frame').get()?.['n']);
db.close();
await answer({ seconds, rows: stored, peakMb: peakMbOf('self') });
