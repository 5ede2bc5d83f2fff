import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';
import { createDeviceIdentity } from './device-identity.ts';
import { readEntry } from './entry-codec.ts';
import { createFrameStream } from './frame-stream.ts';
import { createPastBooks } from './past-books.ts';
import { createRefusals } from './refusals.ts';
import { createSendQueue } from './send-queue.ts';
import { type Arrival, createStagedEntries } from './staged-entries.ts';
import { createTestDevice, makeEntry } from './test-village.ts';
import { createWants } from './wants.ts';

async function makeArrival(): Promise<Arrival> {
  const author = createTestDevice();
  const read = readEntry((await makeEntry(author, 'assets', [author.write('assets')])).bytes);
  if (!read.ok) throw new Error(read.reason);
  return { entry: read.value, identity: createDeviceIdentity(author.key.seed), peer: 'p' };
}

test('staging stops at its number of entries and of bytes, and has room again once taken', async () => {
  const [a, b, c] = await Promise.all([makeArrival(), makeArrival(), makeArrival()]);
  if (!a || !b || !c) throw new Error('three arrivals are needed');
  const byCount = createStagedEntries({ entries: 2, bytes: 1e9 });
  expect([byCount.add('assets', a), byCount.add('assets', a), byCount.add('members', b)]).toEqual([true, true, true]);
  expect([byCount.isFull(), byCount.add('assets', c)]).toEqual([true, false]);
  expect(byCount.take('assets')).toEqual([a]);
  expect(byCount.add('assets', c)).toBe(true);
  const byBytes = createStagedEntries({ entries: 100, bytes: a.entry.bytes.length });
  expect([byBytes.add('assets', a), byBytes.add('assets', b)]).toEqual([true, false]);
});

test('a peer that fills the staging with what can never join makes way for what others bring', async () => {
  const arrivals = await Promise.all(Array.from({ length: 10 }, makeArrival));
  const staged = createStagedEntries({ entries: 8, bytes: 1e9 });
  const filling = arrivals.slice(0, 8).map((a) => staged.add('members', { ...a, peer: 'flooder' }));
  expect(filling).not.toContain(false);
  const [one, other] = arrivals.slice(8) as [Arrival, Arrival];
  expect(staged.add('assets', { ...one, peer: 'flooder' })).toBe(false);
  expect(staged.add('assets', { ...one, peer: 'neighbour' })).toBe(true);
  expect(staged.add('assets', { ...other, peer: 'neighbour' })).toBe(true);
  expect(staged.take('members').length).toBeLessThan(8);
});

test('what waits counts as here, author by author, until it is taken out or has to make way', async () => {
  const [a, b] = [await makeArrival(), await makeArrival()];
  const staged = createStagedEntries({ entries: 2, bytes: 1e9 });
  const marksOf = (...arrivals: readonly Arrival[]) =>
    arrivals.map(({ entry }) => ({ device: entry.device, time: entry.time, count: 1 }));
  expect(staged.marks('assets').list()).toEqual([]);
  staged.add('assets', a);
  staged.add('assets', a);
  staged.add('assets', b);
  expect(staged.marks('assets').list()).toEqual(marksOf(a, b));
  staged.add('members', { ...(await makeArrival()), peer: 'neighbour' });
  expect(staged.marks('assets').list()).toEqual(marksOf(b));
  staged.remove('assets', b.entry.hash);
  expect(staged.marks('assets').list()).toEqual([]);
  staged.take('members');
  expect(staged.marks('members').list()).toEqual([]);
});

test('frames of one byte are held back by their number, as large ones are by their bytes', async () => {
  let status: 'readable' | 'paused' = 'readable';
  const stream = Object.assign(new EventTarget(), {
    send: () => true,
    pause() {
      status = 'paused';
    },
    resume() {
      status = 'readable';
    },
    abort: () => undefined,
    writeBufferLength: 0,
    writableNeedsDrain: false,
    maxReadBufferLength: 0,
  });
  Object.defineProperty(stream, 'readStatus', { get: () => status });
  const frames = createFrameStream(stream as never);
  const chunk = Uint8Array.from(Array.from({ length: 1000 }, () => [0, 0, 0, 1, 7]).flat());
  let chunks = 0;
  for (; status === 'readable' && chunks < 1000; chunks++)
    stream.dispatchEvent(Object.assign(new Event('message'), { data: chunk }));
  expect(chunks).toBeLessThan(20);
  let read = 0;
  for await (const frame of frames.frames()) if (frame.length === 1 && ++read === chunks * 1000) break;
  expect(status).toBe('readable');
});

test('a peer that lists heads without end, and then lets go of them, is remembered with so many of them', () => {
  const past = createPastBooks();
  const kept = (): number => [...past.heads().values()].reduce((n, list) => n + list.length, 0);
  let most = 0;
  for (let i = 0; i < 100; i++) {
    const heads = Array.from({ length: 4096 }, (_, n) => `${i} ${n}`);
    const book = `market-20${String(i).padStart(2, '0')}-01`;
    past.listed(book, heads, []);
    past.gone(book, heads);
    most = Math.max(most, kept());
  }
  expect(most).toBeGreaterThan(4096);
  expect(most).toBeLessThanOrEqual(40_000);
});

test('refusals forget the oldest first', () => {
  const refusals = createRefusals(2);
  for (const hash of ['a', 'b', 'c']) refusals.add('assets', hash);
  expect(['a', 'b', 'c'].map((hash) => refusals.has('assets', hash))).toEqual([false, true, true]);
});

test('a send queue sends each entry once, in order, unless it is asked for by name', () => {
  const queue = createSendQueue();
  queue.add('assets', ['a', 'b']);
  queue.add('assets', ['b', 'c']);
  queue.markKnown(['d']);
  queue.add('members', ['d', 'e']);
  queue.addWanted('assets', ['c', 'd']);
  const sent: string[] = [];
  for (let next = queue.peek(2); next; next = queue.peek(2)) {
    for (const hash of next.hashes) sent.push(`${next.book} ${hash}`);
    queue.remove(next.hashes);
  }
  expect(sent).toEqual(['assets a', 'assets b', 'assets c', 'members e', 'assets d']);
  expect(queue.length()).toBe(0);
});

test('what a peer hands over itself is not sent to it any more, unless it asks for it', () => {
  const queue = createSendQueue();
  queue.add('assets', ['a', 'b', 'c']);
  queue.markKnown(['a', 'c']);
  queue.add('assets', ['c']);
  expect([queue.length(), queue.peek(5)?.hashes]).toEqual([1, ['b']]);
  queue.addWanted('assets', ['c']);
  expect(queue.peek(5)?.hashes).toEqual(['b', 'c']);
});

test('a want is asked once, in messages of a bounded size, and again only when it stays unanswered', () => {
  let now = 0;
  const wants = createWants(() => now);
  const hashes = Array.from({ length: 1000 }, (_, i) => `h${i}`);
  expect(wants.ask(hashes).map((part) => part.length)).toEqual([512, 488]);
  expect(wants.ask(hashes)).toEqual([]);
  wants.arrived(hashes.slice(1));
  expect([wants.count(), wants.isQuiet()]).toEqual([1, false]);
  now = 10_001;
  expect([wants.ask(hashes.slice(0, 1)), wants.isQuiet()]).toEqual([[['h0']], true]);
  wants.gone(['h0']);
  now = 30_000;
  expect([wants.ask(['h0']), wants.count()]).toEqual([[], 0]);
  wants.forgetGone();
  expect(wants.ask(['h0'])).toEqual([['h0']]);
});

test('waits double up to the last and are never longer', () => {
  for (let attempt = 0; attempt < 50; attempt++) {
    const full = Math.min(30_000, 250 * 2 ** attempt);
    const wait = backoffMs(attempt, 250, 30_000);
    expect(wait).toBeGreaterThanOrEqual(full / 2);
    expect(wait).toBeLessThanOrEqual(full);
  }
});
