import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBookDatabase } from './book-database.ts';
import { type BookStore, createBookStore, type NewEntry } from './book-store.ts';
import { createGroupCommit } from './group-commit.ts';
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

async function openStore(path: string, book = 'assets') {
  const db = await openBookDatabase(path);
  return { db, store: createBookStore(book, db, await db.get(`s!${book}`)) };
}

const headsOf = (store: BookStore): string[] => store.heads().map((head) => head.hash);
const toBuffers = (list: readonly (Uint8Array | undefined)[]) => list.map((bytes) => bytes && Buffer.from(bytes));
async function scanAll(store: BookStore): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const part of store.scan()) all.push(...part.map((bytes) => Buffer.from(bytes)));
  return all;
}

test('a book that was never written has no heads, no marks and no entries', async () => {
  const { db, store } = await openStore(makeTestDir());
  expect([store.size(), store.heads(), store.marks().list(), await scanAll(store)]).toEqual([0, [], [], []]);
  await db.close();
});

test('entries, their order, times, authors and heads are the same after opening again', async () => {
  const path = makeTestDir();
  const chain = await makeChain(5);
  const [fork] = await makeChain(1);
  const first = await openStore(path);
  await first.store.commit(chain.slice(0, 3));
  await first.store.commit([...chain.slice(3), fork as NewEntry]);
  const before = { heads: first.store.heads(), marks: first.store.marks().list() };
  expect(headsOf(first.store)).toEqual([chain[4]?.hash, fork?.hash]);
  await first.db.close();
  const again = await openStore(path);
  expect({ heads: again.store.heads(), marks: again.store.marks().list() }).toEqual(before);
  const index = await again.store.index();
  expect(chain.map((e) => index.row(e.hash)?.time)).toEqual([1, 2, 3, 4, 5]);
  const hashes = chain.map((e) => e.hash);
  expect(toBuffers(await again.store.bytesOf(hashes))).toEqual(chain.map((e) => Buffer.from(e.bytes)));
  expect(await scanAll(again.store)).toEqual([...chain, fork].map((e) => Buffer.from(e?.bytes ?? [])));
  await again.db.close();
});

test('an index that is read while entries are committed has them all', async () => {
  const path = makeTestDir();
  const chain = await makeChain(20);
  const { db, store } = await openStore(path);
  await store.commit(chain.slice(0, 10));
  const loading = store.index();
  for (const entry of chain.slice(10)) await store.commit([entry]);
  const index = await loading;
  expect(chain.map((e) => index.row(e.hash)?.n)).toEqual(chain.map((_, i) => i));
  expect(index.lackedBy([])).toEqual(chain.map((e) => e.hash));
  await db.close();
});

test('released entries are known by hash, mark and head, but not kept; what is brought back is kept again', async () => {
  const path = makeTestDir();
  const chain = await makeChain(6);
  const first = await openStore(path);
  await first.store.commit(chain.slice(0, 4));
  const marks = first.store.marks().list();
  const released = await first.store.release();
  expect(released.entries).toBe(4);
  expect(released.bytes).toBeGreaterThan(4 * 500);
  await first.store.commit(chain.slice(4));
  await first.db.close();

  const { db, store } = await openStore(path);
  const index = await store.index();
  expect([store.size(), headsOf(store)]).toEqual([6, [chain[5]?.hash]]);
  expect(store.marks().list()[0]).toMatchObject({ count: 6, time: 6, device: marks[0]?.device });
  expect(chain.every((e) => index.has(e.hash))).toBe(true);
  expect(index.lackedBy([])).toEqual(chain.slice(4).map((e) => e.hash));
  expect(await scanAll(store)).toHaveLength(2);
  expect((await store.bytesOf([chain[0]?.hash ?? '']))[0]).toBeUndefined();
  expect(await store.restore(chain.slice(0, 2))).toBe(2);
  expect(await store.restore(chain)).toBe(2);
  expect(await store.restore(chain)).toBe(0);
  expect(await scanAll(store)).toEqual(chain.map((e) => Buffer.from(e.bytes)));
  await db.close();
});

test('of a book that grew only the entries go that were named; the later ones stay', async () => {
  const path = makeTestDir();
  const chain = await makeChain(6);
  const { db, store } = await openStore(path);
  await store.commit(chain);
  expect((await store.release(4)).entries).toBe(4);
  expect((await store.release(4)).entries).toBe(0);
  expect(await scanAll(store)).toHaveLength(2);
  expect((await store.index()).lackedBy([])).toEqual(chain.slice(4).map((e) => e.hash));
  expect(await store.restore(chain)).toBe(4);
  expect(await scanAll(store)).toEqual(chain.map((e) => Buffer.from(e.bytes)));
  await db.close();
});

test('a commit that fails changes nothing in memory', async () => {
  const [first] = await makeChain(1);
  const { db, store } = await openStore(makeTestDir());
  await db.close();
  await expect(store.commit([first as NewEntry])).rejects.toThrow();
  expect([store.size(), store.heads(), store.marks().list()]).toEqual([0, [], []]);
});

test('a damaged summary, index or entry is named, not followed', async () => {
  const damages: [key: string, value: string][] = [
    ['s!assets', '{"v":1,"heads":['],
    ['i!assets!000000000000', 'not a hash at all'],
    ['e!assets!000000000000', 'some other bytes'],
    ['e!assets!000000000000', ''],
  ];
  for (const [key, value] of damages) {
    const path = join(makeTestDir(), 'books');
    const { db, store } = await openStore(path);
    await store.commit(await makeChain(1));
    await db.close();
    const raw = await openDatabase(path);
    await raw.put(key, Buffer.from(value));
    await raw.close();
    const read = async (): Promise<unknown> => {
      const again = await openBookDatabase(path);
      try {
        const damagedStore = createBookStore('assets', again, await again.get('s!assets'));
        return [await damagedStore.index(), await scanAll(damagedStore)];
      } finally {
        await again.close();
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'BOOK_DAMAGED' });
  }
});

test('an entry that is gone from the disk without having been released is missed', async () => {
  const path = makeTestDir();
  const { db, store } = await openStore(path);
  await store.commit(await makeChain(3));
  await db.commit([{ type: 'del', key: 'e!assets!000000000001' }]);
  await expect(scanAll(store)).rejects.toMatchObject({ code: 'BOOK_DAMAGED' });
  await db.close();
});

test('writes that come while one is under way share the next one, and fail or succeed together', async () => {
  const writes: (readonly number[])[] = [];
  const release: ((error?: Error) => void)[] = [];
  const group = createGroupCommit<number>((items) => {
    writes.push(items);
    return new Promise((resolve, reject) => release.push((error) => (error ? reject(error) : resolve())));
  });
  const first = group.commit([1]);
  const others = Promise.allSettled([group.commit([2]), group.commit([3, 4])]);
  expect(writes).toEqual([[1]]);
  release[0]?.();
  await first;
  await Promise.resolve();
  expect(writes).toEqual([[1], [2, 3, 4]]);
  const late = group.commit([5]);
  release[1]?.(new Error('the disk is full'));
  expect((await others).map((r) => r.status)).toEqual(['rejected', 'rejected']);
  expect(writes.at(-1)).toEqual([5]);
  release[2]?.();
  await late;
  await group.idle();
});

test('a full disk is told as such, other faults pass as they are', () => {
  const full = new Error('batch failed', { cause: new Error('IO error: 000012.log: No space left on device') });
  expect(asDiskError(full, '/village')).toMatchObject({ code: 'DISK_FULL', retryable: true });
  const other = new Error('something else');
  expect(asDiskError(other, '/village')).toBe(other);
});
