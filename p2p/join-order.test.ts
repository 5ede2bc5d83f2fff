import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Child, walkInOrder } from './join-order.ts';

/** A random history: each entry names some of those before it. */
const history = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 40 }).map((picks) =>
  picks.map(
    (parents, i): Child => ({
      hash: `h${i}`,
      parents: i === 0 ? [] : [...new Set(parents.map((p) => `h${p % i}`))],
    }),
  ),
);
const shuffled = history.chain((list) => fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }));
const toMap = (list: readonly Child[]) => new Map(list.map((c) => [c.hash, c]));
const none = (): boolean => false;

test('whatever order entries arrive in, all join and every parent joins before its children', () => {
  fc.assert(
    fc.property(shuffled, (list) => {
      const joined = new Set<string>();
      const { held, dropped, missing } = walkInOrder(toMap(list), none, none, (candidate) => {
        for (const parent of candidate.parents) expect(joined.has(parent)).toBe(true);
        joined.add(candidate.hash);
        return 'join';
      });
      expect(joined.size).toBe(list.length);
      expect([held, dropped, missing]).toEqual([[], [], []]);
    }),
  );
});

test('arriving in two parts in any split joins the same set as arriving at once', () => {
  fc.assert(
    fc.property(shuffled, fc.nat(), (list, cut) => {
      const joined = new Set<string>();
      const walk = (part: readonly Child[]) =>
        walkInOrder(
          toMap(part),
          (h) => joined.has(h),
          none,
          (c) => {
            fresh.push(c.hash);
            return 'join';
          },
        );
      let fresh: string[] = [];
      const first = walk(list.slice(0, cut % list.length));
      for (const hash of fresh) joined.add(hash);
      fresh = [];
      walk([...first.held, ...list.slice(cut % list.length)]);
      for (const hash of fresh) joined.add(hash);
      expect(joined.size).toBe(list.length);
    }),
  );
});

const chain: Child[] = [
  { hash: 'a', parents: [] },
  { hash: 'b', parents: ['a'] },
  { hash: 'c', parents: ['b'] },
];

test('a held entry holds what follows it, a dropped one drops it', () => {
  const judge = (verdict: 'hold' | 'drop') => (c: Child) => (c.hash === 'b' ? verdict : 'join');
  const names = (list: readonly Child[]) => list.map((c) => c.hash);
  const held = walkInOrder(toMap(chain), none, none, judge('hold'));
  expect([names(held.held), names(held.dropped)]).toEqual([['b', 'c'], []]);
  const dropped = walkInOrder(toMap(chain), none, none, judge('drop'));
  expect([names(dropped.held), names(dropped.dropped)]).toEqual([[], ['b', 'c']]);
});

test('an absent parent is missing once; a refused one drops what names it', () => {
  const [, b, c] = chain as [Child, Child, Child];
  const absent = walkInOrder(toMap([c, b]), none, none, () => 'join');
  expect(absent.missing).toEqual(['a']);
  expect(absent.held).toHaveLength(2);
  const refused = walkInOrder(
    toMap([c, b]),
    none,
    (h) => h === 'a',
    () => 'join',
  );
  expect([refused.missing, refused.dropped.length]).toEqual([[], 2]);
});
