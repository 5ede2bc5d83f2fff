import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openDataKey } from '#core/crypto/data-key.ts';
import { openVillageStore, type VillageStore } from './village-store.ts';

const dir = mkdtempSync(join(tmpdir(), 'gridpact-refused-'));
let store: VillageStore;
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

test('a peer that is refused over and over keeps its newest reasons and pushes out no other name', async () => {
  store = openVillageStore(join(dir, 'village.sqlite'), await openDataKey(dir, undefined));
  const refuse = (atMs: number, peer: string, reason: string): void =>
    store.addRefused({ atMs, peer, book: 'assets', reason });
  refuse(1, 'quiet', 'bad record signature');
  for (let i = 0; i < 300; i++) refuse(10 + i, 'loud', `a frame of ${i} bytes`);
  for (let i = 0; i < 300; i++) refuse(3000 + i, 'loud', 'bad entry signature');
  const kept = store.refused(50);
  expect(kept.map((r) => r.peer)).toEqual([...Array.from({ length: 8 }, () => 'loud'), 'quiet']);
  expect(kept[0]).toEqual({ atMs: 3299, peer: 'loud', book: 'assets', reason: 'bad entry signature' });
});
