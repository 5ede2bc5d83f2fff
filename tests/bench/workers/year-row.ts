import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { answer, readInput, secondsSince } from './answer.ts';

/** The least that any opening does: the same SQLite file opened and one frame read from it. */
const { home } = readInput<{ home: string }>();
const file =
  readdirSync(home, { recursive: true, encoding: 'utf8' }).find((f) => basename(f) === 'village.sqlite') ?? '';
const startMs = performance.now();
const db = new DatabaseSync(join(home, file));
const row = db.prepare('select sealed from frame limit 1').get();
const seconds = secondsSince(startMs);
db.close();
await answer({ seconds, right: row?.['sealed'] instanceof Uint8Array });
