import { expect, test } from 'vitest';
import { type Change, createChanges } from './changes.ts';

const take = async (stream: AsyncGenerator<Change, void, void>, n: number): Promise<string[]> => {
  const topics: string[] = [];
  for (let i = 0; i < n; i++) {
    const next = await stream.next();
    if (next.done) break;
    topics.push(next.value.topic);
  }
  return topics;
};

test('a window that was away gets what came after what it had seen, then what comes', async () => {
  const changes = createChanges();
  for (const topic of ['members', 'assets', 'readings'] as const) changes.notify(topic, 'v');
  const stream = changes.since(1);
  expect(await take(stream, 2)).toEqual(['assets', 'readings']);
  const coming = take(stream, 1);
  changes.notify('sync', 'v');
  expect(await coming).toEqual(['sync']);
});

test('the same news twice in a row is kept once, under its newest number', async () => {
  const changes = createChanges();
  for (let i = 0; i < 5000; i++) changes.notify('readings', 'v');
  changes.notify('members', 'v');
  const stream = changes.since(0);
  expect([(await stream.next()).value, (await stream.next()).value]).toEqual([
    { seq: 5000, topic: 'readings', village: 'v' },
    { seq: 5001, topic: 'members', village: 'v' },
  ]);
});

test('a window from another life of the console, or one that was away too long, gets all that is kept', async () => {
  const changes = createChanges();
  for (let i = 0; i < 1200; i++) changes.notify(i % 2 ? 'members' : 'assets', 'v');
  expect(await take(changes.since(90_000), 1000)).toHaveLength(1000);
  expect((await changes.since(3).next()).value).toMatchObject({ seq: 201 });
});

test('a stream ends when its window goes or the console closes', async () => {
  const changes = createChanges();
  const gone = new AbortController();
  const [a, b] = [take(changes.since(0, gone.signal), 1), take(changes.since(0), 1)];
  gone.abort();
  expect(await a).toEqual([]);
  changes.close();
  expect(await b).toEqual([]);
});
