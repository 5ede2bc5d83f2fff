import { randomBytes } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { type RemoteNode, startRemoteNode } from '#p2p/test-remote.ts';
import { makeTestDir } from '#p2p/test-village.ts';

const WAIT = { timeout: 50_000, interval: 50 };
const BOOK = 'assets';

const appendMany = async (node: RemoteNode, count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await node.call('append', BOOK, `note ${i}`);
};
const ids = async (node: RemoteNode): Promise<string[]> => (await node.call<string[]>('ids', BOOK)).sort();

async function expectSame(a: RemoteNode, b: RemoteNode, count: number): Promise<void> {
  await vi.waitFor(async () => {
    const [idsA, idsB] = await Promise.all([ids(a), ids(b)]);
    expect(idsA).toHaveLength(count);
    expect(idsB).toEqual(idsA);
    expect(await a.call('inStep')).toBe(true);
    expect(await b.call('inStep')).toBe(true);
  }, WAIT);
}

test('two processes converge after working apart, and again after both restart', async () => {
  const [a, b] = [0, 1].map(() => ({ dir: makeTestDir(), seed: randomBytes(32) }));
  if (!a || !b) throw new Error('two processes are needed');
  const first = await Promise.all([startRemoteNode(a), startRemoteNode(b)]);
  await Promise.all(first.map((node, i) => appendMany(node, 40 + i)));
  await first[0].call('dial', await first[1].call('address'));
  await expectSame(first[0], first[1], 81);
  for (const node of first) await node.call('stop');
  for (const node of first) await node.ended;

  const second = await Promise.all([startRemoteNode(a), startRemoteNode(b)]);
  await Promise.all(second.map((node) => appendMany(node, 10)));
  await second[1].call('dial', await second[0].call('address'));
  await expectSame(second[0], second[1], 101);
  for (const node of second) await node.call('stop');
  expect(await Promise.all(second.map((node) => node.ended))).toEqual([null, null]);
});
