import { expect, test } from 'vitest';
import { sync } from '../features/gallery/fixtures/accounts.ts';
import { countSyncNeeds, syncNeeds } from './sync-needs.ts';

test('a conflict that signatures decided, or that was seen, waits for nobody; what is open does', () => {
  const [open] = sync.conflicts;
  if (!open) throw new Error('the fixture has a conflict');
  const conflicts = [open, { ...open, seen: true }, { ...open, isDecided: true }];
  const chains = sync.chains.map((c) => ({ ...c, seen: true }));
  const needs = syncNeeds({ ...sync, conflicts, chains });
  expect([needs.conflicts, needs.chains]).toEqual([[open], []]);
});

test('a console that refuses the network key waits for a person only while it is not linked', () => {
  const peers = sync.peers.map((p) => ({ ...p, keyRefused: true, connected: true }));
  expect(syncNeeds({ ...sync, peers }).refused).toEqual([]);
  expect(syncNeeds(sync).refused.map((p) => p.name)).toEqual(['Jua Leasing']);
});

test('the count beside Sync is that of all that waits, and nothing before anything is known', () => {
  expect(countSyncNeeds(undefined)).toBe(0);
  expect(countSyncNeeds(sync)).toBe(7);
  expect(
    countSyncNeeds({ ...sync, conflicts: [], chains: [], peers: [], fetching: { ...sync.fetching, months: [] } }),
  ).toBe(0);
});
