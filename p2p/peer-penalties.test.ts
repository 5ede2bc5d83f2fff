import { expect, test } from 'vitest';
import { createPeerPenalties } from './peer-penalties.ts';
import { createRecentMap } from './recent-map.ts';

test('a peer that breaks the protocol again is left alone for twice as long, then cut off, and forgiven in the end', () => {
  let nowMs = 0;
  const penalties = createPeerPenalties(() => nowMs);
  expect([penalties.note('a'), penalties.leftMs('a'), penalties.isCutOff('a')]).toEqual([false, 30_000, false]);
  nowMs += 30_000;
  expect([penalties.leftMs('a'), penalties.note('a'), penalties.leftMs('a')]).toEqual([0, false, 60_000]);
  expect([penalties.note('a'), penalties.isCutOff('a'), penalties.isCutOff('b')]).toEqual([true, true, false]);
  for (let i = 0; i < 20; i++) penalties.note('a');
  expect(penalties.leftMs('a')).toBe(3_600_000);
  nowMs += 6 * 3_600_000;
  expect([penalties.isCutOff('a'), penalties.note('a'), penalties.leftMs('a')]).toEqual([false, false, 30_000]);
});

test('what is known of peers is bounded: the least recent is forgotten first', () => {
  const map = createRecentMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  map.set('c', 4);
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([3, undefined, 4]);
});
