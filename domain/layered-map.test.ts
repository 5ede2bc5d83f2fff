import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LayeredMap } from './layered-map.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];
const shelfOf = (value: number): string => String(value % 3);
const step = fc.oneof(
  fc.record({ key: fc.constantFrom(...KEYS), value: fc.nat(20) }),
  fc.constant('fork' as const),
  fc.constant('lay' as const),
);

test('a layered map is equal to a map into which the same was put, whatever lies below it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(6), (steps, from) => {
      const plain = new Map<string, number>();
      let layered = new LayeredMap(shelfOf);
      const older: { readonly copy: LayeredMap<number>; readonly was: (readonly [string, number])[] }[] = [];
      for (const s of steps) {
        if (s === 'lay') layered = layered.standingOn(layered);
        else if (s === 'fork') {
          older.push({ copy: layered, was: [...plain] });
          layered = layered.fork();
        } else {
          plain.set(s.key, s.value);
          layered.set(s.key, s.value);
        }
      }
      expect([...layered]).toEqual([...plain]);
      expect([...layered.entries(from)]).toEqual([...plain].slice(from));
      expect(layered.size).toBe(plain.size);
      for (const key of KEYS) {
        expect([layered.get(key), layered.has(key)]).toEqual([plain.get(key), plain.has(key)]);
        expect(layered.positionOf(key) ?? -1).toBe([...plain.keys()].indexOf(key));
      }
      for (const [first, last] of [
        ['0', '0'],
        ['1', '1'],
        ['0', '2'],
        ['1', '2'],
      ] as const) {
        const on = [...plain].filter(([, v]) => shelfOf(v) >= first && shelfOf(v) <= last);
        const within = [...layered.within(first, last)];
        expect({ size: within.length, within: new Map(within) }).toEqual({ size: on.length, within: new Map(on) });
      }
      for (const value of plain.values()) {
        expect((layered.firstShelf() ?? '~') <= shelfOf(value)).toBe(true);
        expect((layered.lastShelf() ?? '') >= shelfOf(value)).toBe(true);
      }
      for (const { copy, was } of older) expect([...copy]).toEqual(was);
    }),
  );
});
