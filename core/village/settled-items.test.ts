import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { openDataKey } from '#core/crypto/data-key.ts';
import { openVillageStore } from '#core/storage/village-store.ts';
import { LayeredMap } from '#domain/layered-map.ts';
import { itemsLaid, settledItems } from './settled-items.ts';

const dir = mkdtempSync(join(tmpdir(), 'settled-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const shelfOf = (value: number): string => String(value % 3);
const months = fc.array(fc.array(fc.record({ key: fc.constantFrom(...KEYS), value: fc.nat(20) }), { maxLength: 8 }), {
  minLength: 1,
  maxLength: 6,
});

test('a map on rows of the disk is equal to one in memory, and what an older cut saw stays as it was', async () => {
  const store = openVillageStore(join(dir, 'v.sqlite'), await openDataKey(dir, undefined));
  fc.assert(
    fc.property(months, (cuts) => {
      const plain = new Map<string, number>();
      let map = new LayeredMap(shelfOf);
      const seen: { readonly map: LayeredMap<number>; readonly was: (readonly [string, number])[] }[] = [];
      for (const [i, sets] of cuts.entries()) {
        for (const { key, value } of sets) {
          plain.set(key, value);
          map.set(key, value);
        }
        const cut = i + 1;
        const sealed = new Uint8Array();
        store.keepCheckpoint('', [], { sealed, cut, isWhole: i === 0, items: [itemsLaid('kind', map)], tallies: [] });
        map = map.standingOn(settledItems(store, 'kind', cut, map.size));
        seen.push({ map: map.fork(), was: [...plain] });
        expect([map.get('a'), map.has('b'), map.positionOf('c') ?? -1]).toEqual([
          plain.get('a'),
          plain.has('b'),
          [...plain.keys()].indexOf('c'),
        ]);
        for (const shelf of ['0', '1', '2'])
          expect(new Map(map.within(shelf, shelf))).toEqual(
            new Map([...plain].filter(([, value]) => shelfOf(value) === shelf)),
          );
      }
      for (const { map: older, was } of seen) expect([...older]).toEqual(was);
      store.dropSettledBefore(cuts.length);
      expect([...(seen.at(-1)?.map ?? [])]).toEqual([...plain]);
    }),
  );
  store.close();
});

test('rows that are put ahead are seen by no cut before, and gone once the state did not go on to them', async () => {
  const store = openVillageStore(join(dir, 'ahead.sqlite'), await openDataKey(dir, undefined));
  const set = (map: LayeredMap<number>, sets: readonly { readonly key: string; readonly value: number }[]) => {
    for (const { key, value } of sets) map.set(key, value);
    return map;
  };
  fc.assert(
    fc.property(months, months, fc.nat(3), (cuts, others, further) => {
      const sealed = new Uint8Array();
      const kept = set(new LayeredMap(shelfOf), cuts.flat());
      store.keepCheckpoint('', [], { sealed, cut: 2, isWhole: true, items: [itemsLaid('kind', kept)], tallies: [] });
      const stood = (cut: number, size: number) => new LayeredMap(shelfOf, settledItems(store, 'kind', cut, size));
      const ahead = set(kept.fork(), others.flat());
      const cut = 3 + further;
      for (const item of itemsLaid('kind', ahead)) store.putSettledAhead(cut, [item]);
      expect(store.countSettled('kind', cut)).toBe(ahead.size);
      expect([...stood(cut, ahead.size)]).toEqual([...ahead]);
      expect([...stood(2, kept.size)]).toEqual([...kept]);
      store.dropSettledAfter(2);
      for (const at of [2, cut]) expect([...stood(at, kept.size)]).toEqual([...kept]);
      expect(store.countSettled('kind', cut)).toBe(kept.size);
    }),
  );
  store.close();
});
