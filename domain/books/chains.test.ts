import { describe, expect, test } from 'vitest';
import { foundVillage, join } from '../village/village-fixture.ts';
import { digestAt, extend, followCut, holds, lengthOf, noChains, positionsOf } from './chains.ts';
import type { KnownRecord } from './record.ts';

const NONE = noChains();

/** Two devices with some notes each, and a twin of the second note of the first one with one that follows it. */
function written() {
  const village = foundVillage();
  const { device } = join(village, 'Baraka');
  const book = 'operations-2012-01';
  const notes = [1, 2, 3].map((n) => village.write(village.device, book, 'note', n)) as [
    KnownRecord,
    KnownRecord,
    KnownRecord,
  ];
  const other = village.write(device, book, 'note', 9);
  const twin = village.write(village.device, book, 'note', 22, { twinOf: notes[1] });
  const all = [...notes, other, twin];
  const find = (id: string) => all.find((r) => r.id === id);
  const cutAt = (r: KnownRecord) => ({ [r.book]: { [r.device]: { seq: r.seq, id: r.id } } });
  return { book, notes, other, twin, all, find, cutAt, device: village.device.id };
}

describe('a cut', () => {
  test('names the last record of a device and so fixes all before it, and none of their twins', () => {
    const { notes, twin, other, find, cutAt, book, device } = written();
    const followed = followCut(NONE, cutAt(notes[2]), find);
    expect(followed.ok && followed.records.map((r) => r.id).sort()).toEqual(notes.map((r) => r.id).sort());
    const chains = extend(NONE, notes);
    expect([...notes, twin, other].map((r) => holds(chains, r))).toEqual([true, true, true, false, false]);
    expect([lengthOf(chains, book, device), digestAt(chains, book, device, 3)]).toEqual([3, undefined]);
  });

  test('adds to the cut before only what came since', () => {
    const { notes, find, cutAt } = written();
    const chains = extend(NONE, [notes[0]]);
    const followed = followCut(chains, cutAt(notes[2]), find);
    expect(followed.ok && followed.records.map((r) => r.id)).toEqual([notes[2].id, notes[1].id]);
    expect(extend(chains, [notes[2], notes[1]])).toEqual(extend(NONE, notes));
  });

  test('that goes on from another branch than the cut before, or back behind it, holds nothing', () => {
    const { notes, twin, find, cutAt } = written();
    expect(followCut(extend(NONE, [notes[0], twin]), cutAt(notes[2]), find)).toMatchObject({ ok: false, missing: 0 });
    expect(followCut(extend(NONE, notes), cutAt(notes[1]), find)).toMatchObject({ ok: false, missing: 0 });
    const wrong = { ...cutAt(notes[2]), 'operations-2012-01': { [notes[0].device]: { seq: 1, id: notes[2].id } } };
    expect(followCut(NONE, wrong, find)).toMatchObject({ ok: false, missing: 0 });
  });

  test('says how many records it names that are not here', () => {
    const { notes, find, cutAt } = written();
    const lost = (id: string) => (id === notes[1].id ? undefined : find(id));
    expect(followCut(NONE, cutAt(notes[2]), lost)).toEqual({ ok: false, missing: 2 });
  });

  test('is named as far as one branch alone may be', () => {
    const { notes, twin, other, all, book } = written();
    const inStep = (r: KnownRecord) => r.id !== twin.id;
    expect(positionsOf(NONE, all, inStep)[book]).toEqual({
      [notes[0].device]: { seq: 2, id: notes[2].id },
      [other.device]: { seq: 0, id: other.id },
    });
    expect(positionsOf(NONE, all, () => true)[book]?.[notes[0].device]).toEqual({ seq: 0, id: notes[0].id });
    expect(positionsOf(extend(NONE, notes), all, () => true)[book]).toEqual({
      [other.device]: { seq: 0, id: other.id },
    });
  });
});
