import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openBookDatabase } from './book-database.ts';
import { createBookStore } from './book-store.ts';
import { readEntry } from './entry-codec.ts';
import { type RemoteNode, startRemoteNode } from './test-remote.ts';
import { addressOf, createTestDevice, idsOf, makeTestDir, startTestNode } from './test-village.ts';

const WAIT = { timeout: 50_000, interval: 20 };
const BOOK = 'operations-2026-03';
const MAX_FED = 500;

/** Every head and every parent that the store on disk names is in it. */
async function expectConsistent(dir: string): Promise<void> {
  const db = await openBookDatabase(join(dir, 'books'));
  const store = createBookStore(BOOK, db, await db.get(`s!${BOOK}`));
  const index = await store.index();
  expect([...index.rows()]).toHaveLength(store.size());
  for (const head of store.heads()) expect(index.has(head.hash)).toBe(true);
  for await (const part of store.scan()) {
    for (const bytes of part) {
      const read = readEntry(bytes);
      for (const parent of read.ok ? read.value.next : ['unreadable']) expect(index.has(parent)).toBe(true);
    }
  }
  expect(store.size() === 0).toBe(store.heads().length === 0);
  await db.close();
}

/** Appends until the process dies; returns the ids it acknowledged. */
async function appendUntilDead(remote: RemoteNode, killAfter: number): Promise<string[]> {
  const acknowledged: string[] = [];
  try {
    for (;;) {
      acknowledged.push(await remote.call<string>('append', BOOK, `note ${acknowledged.length}`));
      if (acknowledged.length === killAfter) remote.kill();
    }
  } catch {
    return acknowledged;
  }
}

test.each([
  ['before an append', 'record.before-append:7', Number.POSITIVE_INFINITY],
  ['right after an append', 'record.appended:7', Number.POSITIVE_INFINITY],
  ['right after a join', 'sync.entries-stored:3', Number.POSITIVE_INFINITY],
  ['while entries are sent', 'sync.entries-sent:3', Number.POSITIVE_INFINITY],
  ['from outside, in the middle of both', '', 25],
])(
  'killed %s, a node that appends and joins comes back whole and lost nothing it acknowledged',
  async (_name, killAt, killAfter) => {
    const dir = makeTestDir();
    const seed = randomBytes(32);
    const feeder = createTestDevice();
    const peer = await startTestNode({ device: feeder });
    const remote = await startRemoteNode({ dir, seed, killAt });
    await remote.call('dial', addressOf(peer));
    let alive = true;
    const feed = async (): Promise<void> => {
      for (let n = 0; alive && n < MAX_FED; n++) await peer.append(BOOK, [feeder.write(BOOK)]);
    };
    const feeding = feed();
    const acknowledged = await appendUntilDead(remote, killAfter);
    expect(await remote.ended).toBe('SIGKILL');
    alive = false;
    await feeding;

    await expectConsistent(dir);
    const again = await startRemoteNode({ dir, seed });
    const ids = await again.call<string[]>('ids', BOOK);
    expect(ids).toEqual(expect.arrayContaining(acknowledged));
    await again.call('dial', addressOf(peer));
    await vi.waitFor(async () => {
      expect((await again.call<string[]>('ids', BOOK)).sort()).toEqual((await idsOf(peer, BOOK)).sort());
    }, WAIT);
    await again.call('append', BOOK, 'after the crash');
    await again.call('stop');
    await peer.stop();
  },
);
