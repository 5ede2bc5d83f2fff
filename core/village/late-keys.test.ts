import { expect, test } from 'vitest';
import { createLateKeys } from './late-keys.ts';

/** A ring that keys come to, and a store of segments with a locked frame each. */
function setUp() {
  const came: string[] = [];
  const lockedBy = new Map<string, string[]>();
  let kept = 0;
  const start = () =>
    createLateKeys(
      {
        keysTried: () => kept,
        putKeysTried(newest) {
          kept = newest;
        },
        segmentsLockedBy: (key) => lockedBy.get(key) ?? [],
      },
      {
        find: (id) => (came.includes(id) ? new Uint8Array(32) : undefined),
        newest: () => came.length,
        since: (newest) => came.slice(newest),
      },
    );
  const locked = (key: string) => [{ key }];
  return { came, lockedBy, locked, start, kept: () => kept };
}
const opened = async (late: ReturnType<typeof createLateKeys>, isDone = true) => {
  const out: [string, readonly string[]][] = [];
  await late.open(async (cid, only) => {
    out.push([cid, only]);
    return { done: Promise.resolve(isDone) };
  });
  return out;
};

test('a key that came is tried on what it locks, once, and not again after a restart', async () => {
  const { came, lockedBy, start, kept } = setUp();
  const late = start();
  expect(late.areThere()).toBe(false);
  lockedBy.set('k1', ['s1', 's2']);
  lockedBy.set('k2', ['s2']);
  came.push('k1', 'k2');
  expect(late.areThere()).toBe(true);
  expect(await opened(late)).toEqual([
    ['s1', ['k1']],
    ['s2', ['k1', 'k2']],
  ]);
  expect([late.areThere(), await opened(late), kept()]).toEqual([false, [], 2]);
  expect(start().areThere()).toBe(false);
});

test('what could not be opened is tried again, in this run and after a restart', async () => {
  const { came, lockedBy, start, kept } = setUp();
  lockedBy.set('k1', ['s1']);
  came.push('k1');
  const late = start();
  expect(await opened(late, false)).toEqual([['s1', ['k1']]]);
  expect([late.areThere(), kept()]).toEqual([true, 0]);
  expect(await opened(start())).toEqual([['s1', ['k1']]]);
  expect(await opened(late)).toEqual([['s1', ['k1']]]);
  expect(late.areThere()).toBe(false);
});

test('a key that came while its segment was being checked is tried once that is stored', async () => {
  const { came, locked, start } = setUp();
  const late = start();
  came.push('k1');
  expect(await opened(late)).toEqual([]);
  late.onStored('s1', [...locked('k1'), ...locked('never came')]);
  expect(await opened(late)).toEqual([['s1', ['k1']]]);
});
