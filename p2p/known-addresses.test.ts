import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openKnownAddresses } from './known-addresses.ts';
import { makeTestDir } from './test-village.ts';

const DAY_MS = 86_400_000;
const START_MS = 1_760_000_000_000;

function openAt(atMs = START_MS) {
  const path = join(makeTestDir(), 'peers.json');
  const time = { ms: atMs };
  const open = () => openKnownAddresses(path, () => time.ms);
  return { path, time, open, known: open() };
}

test('addresses survive a restart, newest first and at most eight of a peer; a broken file is an empty one', async () => {
  const { path, open, known } = openAt();
  for (let i = 0; i < 10; i++) known.add('peer', [`/ip4/10.0.0.${i}/tcp/1`]);
  known.add(undefined, ['/ip4/10.0.1.1/tcp/1']);
  known.settle('/ip4/10.0.1.1/tcp/1', 'other');
  await known.saved();
  const again = open();
  expect(again.of('peer')).toHaveLength(8);
  expect(again.of('peer')[0]).toBe('/ip4/10.0.0.9/tcp/1');
  expect([again.peers(), again.bare(), again.of('other')]).toEqual([['peer', 'other'], [], ['/ip4/10.0.1.1/tcp/1']]);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ v: 2 });
  writeFileSync(path, '{"v":2,"peers":[{"pe');
  expect(open().peers()).toEqual([]);
});

test('addresses that others tell never push out the one that was good', () => {
  const { known } = openAt();
  known.met('peer', ['/ip4/10.0.0.1/tcp/1']);
  for (let i = 0; i < 20; i++) known.add('peer', [`/ip4/10.9.9.${i}/tcp/9`]);
  expect(known.of('peer')).toHaveLength(8);
  expect(known.of('peer')).toContain('/ip4/10.0.0.1/tcp/1');
});

test('a peer that is gone is tried less and less', () => {
  const { time, known } = openAt();
  known.met('peer', ['/ip4/10.0.0.1/tcp/1']);
  const waits = [0, 0.5, 3, 30].map((days) => {
    time.ms = START_MS + days * DAY_MS;
    return known.longestWaitMs('peer');
  });
  expect(waits).toEqual([...new Set(waits)].sort((a, b) => a - b));
  known.met('peer', []);
  expect(known.longestWaitMs('peer')).toBe(waits[0]);
});

test('after months only the last good address of a peer is left, and nothing of one that was never met', async () => {
  const { time, known, open } = openAt();
  known.met('met', ['/ip4/10.0.0.1/tcp/1']);
  known.add('met', ['/ip4/10.0.0.2/tcp/1', '/ip4/10.0.0.3/tcp/1']);
  known.add(undefined, ['/ip4/10.0.2.1/tcp/1']);
  time.ms += 89 * DAY_MS;
  known.add('heard of', ['/ip4/10.0.3.1/tcp/1']);
  known.dropStale();
  expect([known.of('met').length, known.bare().length]).toEqual([3, 1]);
  time.ms += 2 * DAY_MS;
  known.dropStale();
  expect([known.of('met'), known.bare(), known.of('heard of').length]).toEqual([['/ip4/10.0.0.1/tcp/1'], [], 1]);
  time.ms += 90 * DAY_MS;
  known.dropStale();
  await known.saved();
  expect(open().peers()).toEqual(['met']);
});

test('a forgotten peer is gone from the file', async () => {
  const { known, open } = openAt();
  known.met('peer', ['/ip4/10.0.0.1/tcp/1']);
  known.forget('peer');
  await known.saved();
  expect(open().peers()).toEqual([]);
});
