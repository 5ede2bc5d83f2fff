import { afterEach, expect, test } from 'vitest';
import { keyOf, meterOf, sealFrame, segmentOf, VILLAGE } from './segment-fixture.ts';
import { createSegmentPool, type SegmentPool } from './segment-pool.ts';

/** Those that the console holds at a moment. */
const keys = new Map<string, Uint8Array>();
const held = () => [...keys].map(([id, key]) => ({ id, key }));
let pool: SegmentPool | undefined;
const open = (): SegmentPool => {
  pool = createSegmentPool({ village: VILLAGE });
  return pool;
};
afterEach(async () => {
  await pool?.stop();
  keys.clear();
});
const job = (...names: string[]) => ({
  ...segmentOf(names.map((name) => sealFrame(name))),
  only: null,
});

test('threads check more segments than there are threads, each with the keys of the moment', async () => {
  const { check } = open();
  const names = Array.from({ length: 12 }, (_, i) => `meter ${i}`);
  for (const name of names.slice(0, 6)) keys.set(keyOf(name).id, keyOf(name).key);
  const before = await Promise.all(names.map((name) => check(job(name), held())));
  expect(before.map((v) => v.frames.map((f) => [f.meter, f.signatureOk]))).toEqual(
    names.map((name, i) => (i < 6 ? [[meterOf(name), true]] : [])),
  );
  for (const name of names) keys.set(keyOf(name).id, keyOf(name).key);
  const after = await Promise.all(names.map((name) => check(job(name), held())));
  expect(after.every((v) => v.state === 'verified' && v.frames.length === 1 && v.locked.length === 0)).toBe(true);
});

test('a job that fails in a thread fails alone', async () => {
  const { check } = open();
  const good = job('home');
  keys.set(keyOf('home').id, keyOf('home').key);
  // a reference that no announcement can hold makes the check throw inside the thread
  const broken = check({ ...good, ref: { ...good.ref, root: null as never } }, held());
  const others = [good, good, good].map((j) => check(j, held()));
  await expect(broken).rejects.toThrow();
  for (const verdict of await Promise.all(others)) expect(verdict.state).toBe('verified');
});

test('when it is stopped, whoever waits is told', async () => {
  const { check, stop } = open();
  const waiting = Array.from({ length: 20 }, () => check(job('home'), []));
  const told = Promise.allSettled(waiting);
  await stop();
  for (const { status } of await told) expect(['fulfilled', 'rejected']).toContain(status);
  await expect(check(job('home'), [])).rejects.toThrow('stopped');
});

test('a thread that was sent the keys of many months lets go of them, and is sent those of its job again', async () => {
  const { check } = open();
  const own = keyOf('home');
  const many = (month: number) =>
    Array.from({ length: 3_000 }, (_, i) => ({ id: `${month} ${i}`, key: new Uint8Array(32) }));
  for (const month of [1, 2, 3, 4]) {
    const [first, second] = await Promise.all([
      check(job('home'), [...many(month), own]),
      check(job('home'), many(month)),
    ]);
    expect(first.frames).toHaveLength(1);
    expect(second.state).toBe('verified');
  }
});
