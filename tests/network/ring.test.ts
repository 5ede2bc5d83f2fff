import { randomBytes } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { type RemoteNode, startRemoteNode } from '#p2p/test-remote.ts';
import { makeTestDir } from '#p2p/test-village.ts';

const WAIT = { timeout: 50_000, interval: 50 };
const BOOK = 'operations-2026-03';
const BEFORE_KILL = 15;
const AFTER_RESTART = 10;

interface Place {
  readonly dir: string;
  readonly seed: Uint8Array;
  readonly acknowledged: string[];
}

/** Appends until it was enough or the process died; what was acknowledged is on disk. */
async function write(node: RemoteNode, place: Place, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    try {
      place.acknowledged.push(await node.call<string>('append', BOOK, randomBytes(8).toString('hex')));
    } catch {
      return;
    }
  }
}

async function linkRing(nodes: readonly RemoteNode[]): Promise<void> {
  for (const [i, node] of nodes.entries()) {
    const following = nodes[(i + 1) % nodes.length];
    if (following) await node.call('dial', await following.call('address'));
  }
}

test('four processes in a ring, all writing, two of them killed with -9 meanwhile and restarted, end with the same records', async () => {
  const places: Place[] = Array.from({ length: 4 }, () => ({
    dir: makeTestDir(),
    seed: randomBytes(32),
    acknowledged: [],
  }));
  const nodes = await Promise.all(places.map((place) => startRemoteNode(place)));
  await linkRing(nodes);
  const writing = places.map((place, i) => write(nodes[i] as RemoteNode, place, i % 2 === 0 ? 10_000 : BEFORE_KILL));
  // The even ones write until they die.
  await vi.waitFor(() => {
    for (const place of places) expect(place.acknowledged.length).toBeGreaterThanOrEqual(BEFORE_KILL);
  }, WAIT);
  for (const i of [0, 2]) nodes[i]?.kill();
  await Promise.all(writing);
  expect(await Promise.all([0, 2].map(async (i) => nodes[i]?.ended))).toEqual(['SIGKILL', 'SIGKILL']);

  for (const i of [0, 2]) nodes[i] = await startRemoteNode(places[i] as Place);
  await linkRing(nodes);
  await Promise.all(places.map((place, i) => write(nodes[i] as RemoteNode, place, AFTER_RESTART)));
  const acknowledged = places.flatMap((place) => place.acknowledged);
  await vi.waitFor(async () => {
    const [first = [], ...others] = await Promise.all(nodes.map((node) => node.call<string[]>('ids', BOOK)));
    // What was written but not acknowledged before the kill may be there too.
    expect(first).toEqual(expect.arrayContaining(acknowledged));
    for (const ids of others) expect(ids.sort()).toEqual(first.sort());
    for (const node of nodes) expect(await node.call('inStep')).toBe(true);
  }, WAIT);
  for (const node of nodes) await node.call('stop');
  expect(await Promise.all(nodes.map((node) => node.ended))).toEqual([null, null, null, null]);
});
