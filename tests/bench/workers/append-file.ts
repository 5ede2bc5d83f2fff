import { closeSync, fsyncSync, openSync, statSync, writevSync } from 'node:fs';
import { join } from 'node:path';
import { answer, readInput, secondsSince } from './answer.ts';
import { groupRecords, makeRecords } from './test-records.ts';

/** What the disk itself allows: one write and one fsync for each entry, no log, no index, no signature. */
const { dir, count, perEntry } = readInput<{ count: number; perEntry: number }>();
const { records } = makeRecords(count);
const path = join(dir, 'records');
const fd = openSync(path, 'a');

const startMs = performance.now();
for (const group of groupRecords(records, perEntry)) {
  writevSync(
    fd,
    group.flatMap(({ bytes, sig }) => [bytes, sig]),
  );
  fsyncSync(fd);
}
const seconds = secondsSince(startMs);

closeSync(fd);
const bytes = records.reduce((sum, record) => sum + record.bytes.length + record.sig.length, 0);
await answer({ seconds, peakMb: null, right: statSync(path).size === bytes });
