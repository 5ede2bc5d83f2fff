import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type NewEntry, openBookStore } from './book-store.ts';
import { asDiskError, openDatabase } from './level-database.ts';
import { createTestDevice, makeEntry, makeTestDir } from './test-village.ts';

async function makeChain(length: number): Promise<NewEntry[]> {
  const author = createTestDevice();
  const chain: NewEntry[] = [];
  for (let time = 1; time <= length; time++) {
    const next = chain.slice(-1).map((e) => e.hash);
    const { hash, bytes } = await makeEntry(author, 'assets', [author.write('assets')], { time, next });
    chain.push({ hash, bytes, device: author.key.id, time, next });
  }
  return chain;
}

test('a store that was never written leaves nothing on disk and has no heads', async () => {
  const path = join(makeTestDir(), 'assets');
  const store = await openBookStore(path);
  expect([store.size(), store.heads()]).toEqual([0, []]);
  await store.close();
  expect((await openBookStore(path)).size()).toBe(0);
});

test('entries, their order, times, authors and heads are the same after opening again', async () => {
  const path = join(makeTestDir(), 'assets');
  const chain = await makeChain(5);
  const [fork] = await makeChain(1);
  const store = await openBookStore(path);
  await store.commit(chain.slice(0, 3));
  await store.commit([...chain.slice(3), fork as NewEntry]);
  const before = { heads: store.heads(), marks: store.authors.marks() };
  expect(before.heads).toEqual([chain[4]?.hash, fork?.hash]);
  await store.close();
  const again = await openBookStore(path);
  expect({ heads: again.heads(), marks: again.authors.marks() }).toEqual(before);
  expect(chain.map((e) => again.timeOf(e.hash))).toEqual([1, 2, 3, 4, 5]);
  expect(Buffer.from((await again.entryBytes(chain[2]?.hash ?? '')) ?? [])).toEqual(Buffer.from(chain[2]?.bytes ?? []));
  await again.close();
});

test('a commit that fails changes nothing in memory', async () => {
  const path = join(makeTestDir(), 'assets');
  const [first] = await makeChain(1);
  const blocker = await openDatabase(path);
  await blocker.close();
  const store = await openBookStore(path);
  await store.close();
  const other = await openDatabase(path);
  await expect(store.commit([first as NewEntry])).rejects.toMatchObject({ code: 'NODE_LOCKED' });
  expect([store.size(), store.heads()]).toEqual([0, []]);
  await other.close();
});

test('a damaged index or head list is named, not followed', async () => {
  for (const [key, value] of [
    ['o!000000000000', 'not a hash at all'],
    ['m!heads', '[{"hash":'],
  ] as const) {
    const path = join(makeTestDir(), 'assets');
    const db = await openDatabase(path);
    await db.put(key, Buffer.from(value));
    await db.close();
    await expect(openBookStore(path)).rejects.toMatchObject({ code: 'BOOK_DAMAGED' });
  }
});

test('a full disk is told as such, other faults pass as they are', () => {
  const full = new Error('batch failed', { cause: new Error('IO error: 000012.log: No space left on device') });
  expect(asDiskError(full, '/village')).toMatchObject({ code: 'DISK_FULL', retryable: true });
  const other = new Error('something else');
  expect(asDiskError(other, '/village')).toBe(other);
});
