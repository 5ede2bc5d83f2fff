import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDataKey } from '#core/crypto/data-key.ts';
import type { CheckedSegment } from './segment-tables.ts';
import type { SettledItem } from './settled-tables.ts';
import { openVillageStore, type VillageStore } from './village-store.ts';

let dir = '';
let store: VillageStore;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'known-months-'));
  store = openVillageStore(join(dir, 'village.sqlite'), await openDataKey(dir, undefined));
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const MONTHS = ['2026-01', '2026-02', '2026-03', '2026-04', '2026-05'];
const cidOf = (name: string): string => createHash('sha256').update(name).digest('hex');
let placed = 0;
const item = (kind: string, key: string, shelf: string): SettledItem => ({
  kind,
  key,
  shelf,
  place: placed++,
  value: new Uint8Array(1),
});
let cut = 0;
const settle = (items: readonly SettledItem[]): void =>
  store.keepCheckpoint(`${cut}`, [], {
    sealed: new Uint8Array(1),
    cut: ++cut,
    isWhole: cut === 1,
    items: [items],
    tallies: [],
  });
const checked = (name: string, locked = 0): CheckedSegment => ({
  cid: cidOf(name),
  state: 'verified',
  reason: '',
  against: null,
  bytes: 100,
  frames: [],
  chain: { device: 'd', prev: null, frames: [] },
  locked: locked === 0 ? [] : [{ meter: 'e', key: 'k', frames: locked, leaves: '' }],
});
const know = (): void => {
  for (const month of MONTHS) store.putKnownMonth(month, { stamp: 's', inputs: month });
};
const known = (): string[] => MONTHS.filter((month) => store.knownMonth(month));

test('what is known of months is taken back from the month on in which a settled segment comes, opens or goes', () => {
  settle(['2026-01-15', '2026-03-15', '2026-04-02'].map((day) => item('segments', cidOf(day), day)));
  const acts: [() => void, string[]][] = [
    [() => store.putSegments([checked('2026-03-15')]), ['2026-01', '2026-02']],
    [() => store.putSegments([checked('2026-03-15', 3)]), ['2026-01', '2026-02']],
    // the frames of a day may reach into the month before
    [() => store.putSegments([checked('2026-04-02')]), ['2026-01', '2026-02']],
    [() => store.putSegments([checked('not settled')]), MONTHS],
    [() => store.markLost(cidOf('2026-03-15')), MONTHS],
    [() => settle([item('segments', cidOf('late'), '2026-02-10')]), ['2026-01']],
    [() => settle([item('decisions', 'a decision', '2026-05-20')]), MONTHS.slice(0, 4)],
    [() => settle([item('vouched', cidOf('2026-03-15'), '')]), ['2026-01', '2026-02']],
    [() => settle([item('entries', 'an entry', 'open')]), MONTHS],
    [
      () =>
        store.putAbsent({ month: '2026-01', place: 'dropped', file: '', sha256: '', atMs: 0, bytes: 0, books: {} }, [
          cidOf('2026-01-15'),
        ]),
      [],
    ],
    [() => store.dropReadModels(), []],
  ];
  for (const [act, left] of acts) {
    know();
    act();
    expect(known()).toEqual(left);
  }
});

test('every change of what segments are here is told, and nothing else', () => {
  settle([item('segments', cidOf('2026-01-15'), '2026-01-15')]);
  const before = store.segmentChanges();
  store.putSegments([checked('2026-01-15', 2)]);
  const after = store.segmentChanges();
  expect(after).toBeGreaterThan(before);
  store.markLost(cidOf('2026-01-15'));
  know();
  expect(store.segmentChanges()).toBe(after);
});

test('unread segments of a cut are those that looking at each of them finds', () => {
  placed = 0;
  const names = Array.from({ length: 60 }, (_, i) => `segment ${i}`);
  settle(names.slice(0, 40).map((name) => item('segments', cidOf(name), '2026-01-15')));
  settle(names.slice(40).map((name) => item('segments', cidOf(name), '2026-02-15')));
  const here = names.filter((_, i) => i % 7 !== 3);
  store.putSegments(here.map((name, i) => checked(name, i % 5 === 0 ? i + 1 : 0)));
  store.putSegments([checked('not settled', 1_000)]);
  const found = (of: readonly string[]) => ({
    absent: of.filter((name) => !store.segment(cidOf(name))).length,
    locked: of.reduce((n, name) => n + (store.segment(cidOf(name))?.locked ?? 0), 0),
  });
  expect(store.unreadSettled(cut, 60)).toEqual(found(names));
  expect(store.unreadSettled(cut - 1, 40)).toEqual(found(names.slice(0, 40)));
  store.putSegments(names.map((name) => checked(name)));
  store.putSegmentsHere(60);
  expect(store.unreadSettled(cut, 60)).toEqual({ absent: 0, locked: 0 });
});
