import { afterEach, expect, vi } from 'vitest';
import type { VillageNode } from '#core/ports/village-node.ts';
import { idsOf, startTestNode } from './test-village.ts';

export interface TestNodes {
  readonly start: typeof startTestNode;
  readonly stop: (node: VillageNode) => Promise<void>;
}

/** Nodes that end with the test that started them. */
export function nodesOfTests(): TestNodes {
  const running = new Set<VillageNode>();
  const stop = async (node: VillageNode): Promise<void> => {
    running.delete(node);
    await node.stop();
  };
  afterEach(async () => {
    await Promise.all([...running].map(stop));
  });
  return {
    async start(options) {
      const node = await startTestNode(options);
      running.add(node);
      return node;
    },
    stop,
  };
}

/** Hang limit of what nodes come to by themselves. */
export const WAIT = { timeout: 45_000, interval: 20 };

/** Waits until all have the same records of a book, so many. */
export async function expectSame(nodes: readonly VillageNode[], book: string, count: number): Promise<void> {
  await vi.waitFor(async () => {
    const lists = await Promise.all(nodes.map(async (node) => (await idsOf(node, book)).sort()));
    for (const list of lists) expect(list).toEqual(lists[0]);
    expect(lists[0]).toHaveLength(count);
  }, WAIT);
}
