import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAuthorIndex, createAuthorMarks } from './author-index.ts';

const entries = fc.uniqueArray(
  fc.record({ device: fc.constantFrom('d1', 'd2', 'd3'), time: fc.integer({ min: 1, max: 30 }) }),
  { selector: ({ device, time }) => `${device}:${time}`, maxLength: 60 },
);
const indexOf = (list: readonly { device: string; time: number }[]) => {
  const index = createAuthorIndex();
  for (const { device, time } of list) index.add(device, { time, hash: `${device}:${time}` });
  return index;
};

const marksOf = (list: readonly { device: string; time: number }[]) => {
  const marks = createAuthorMarks();
  for (const { device, time } of list) marks.add(device, time);
  return marks;
};

test('a peer that has a prefix of every author is sent exactly the rest, oldest first', () => {
  fc.assert(
    fc.property(entries, fc.array(fc.nat(30), { minLength: 3, maxLength: 3 }), (list, cuts) => {
      const known = list.filter(({ device, time }) => time <= (cuts[Number(device[1]) - 1] ?? 0));
      const ours = indexOf(list);
      const marks = marksOf(known).list();
      const lacked = ours.lackedBy(marks);
      expect([...lacked].sort()).toEqual(
        list
          .filter((e) => !known.includes(e))
          .map((e) => `${e.device}:${e.time}`)
          .sort(),
      );
      const times = lacked.map((h) => Number(h.split(':')[1]));
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(marksOf(known).countBehind(marksOf(list).list())).toBe(lacked.length);
      expect(marksOf(list).isCoveredBy(marks)).toBe(lacked.length === 0);
      const others = marksOf(list.filter((e) => !known.includes(e)));
      expect(marksOf(known).plus(others).lacking(marksOf(list).list())).toEqual([]);
    }),
  );
});

test('a peer with gaps below its newest entry of an author is sent all of that author', () => {
  const index = indexOf([1, 2, 3].map((time) => ({ device: 'd1', time })));
  expect(index.lackedBy([{ device: 'd1', time: 3, count: 2 }])).toEqual(['d1:1', 'd1:2', 'd1:3']);
  expect(index.lackedBy([{ device: 'd1', time: 3, count: 3 }])).toEqual([]);
});
