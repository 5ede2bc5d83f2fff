import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { addPerson } from '#core/members/members-procedures.ts';
import type { StartVillageNode } from '#core/ports/village-node.ts';
import { joinVillage } from '#core/villages/invitations.ts';
import { startVillageNode } from '#p2p/start-village-node.ts';
import { converge, endAll, found, invite, openConsole, PIN, type TestConsole, villageOf } from './consoles.ts';
import { withoutMarch } from './put-away.ts';

afterEach(endAll);

/** Real nodes that, while the gate is closed, wait with reading the members book and say what they hear meanwhile. */
function createGate() {
  let gate = Promise.withResolvers<void>();
  let heard = Promise.withResolvers<void>();
  const startNode: StartVillageNode = async (options) => {
    const node = await startVillageNode(options);
    return {
      ...node,
      async *scan(book, after) {
        if (book === 'members') await gate.promise;
        yield* node.scan(book, after);
      },
      subscribe: (listener) =>
        node.subscribe((event) => {
          listener(event);
          if (event.type === 'records' && event.origin === 'remote') heard.resolve();
        }),
    };
  };
  gate.resolve();
  return {
    startNode,
    close() {
      gate = Promise.withResolvers();
      heard = Promise.withResolvers();
    },
    /** Opens once records of others came, and whatever follows from them at once was done. */
    async openWhenHeard() {
      await heard.promise;
      for (let turns = 0; turns < 10; turns++) await immediate();
      gate.resolve();
    },
  };
}

const join = async (first: TestConsole, name: string, on: TestConsole): Promise<void> => {
  const text = await invite(first, name, ['owner', 'coordinator']);
  await joinVillage(on.console(), { text, name, pin: PIN });
};
const frozenOn = (on: TestConsole) => [...villageOf(on).state().devices.values()].filter((d) => d.frozenFrom !== null);

test('a console that hears of others while it reads its own books gives no record a number that it gave before (P42)', async () => {
  const gate = createGate();
  const first = await openConsole();
  await found(first);
  const second = await openConsole({ startNode: gate.startNode });
  await join(first, 'Okot', second);
  await converge(first, second);
  await second.restart();
  // Not in the table of records: it is read from the books by the next start.
  await addPerson(villageOf(second), { name: 'Adong', roles: ['consumer'], pin: PIN });
  await converge(first, second);
  await second.stop();
  const third = await openConsole();
  await join(first, 'Ojok', third);
  await converge(first, third);
  gate.close();
  const opening = second.restart();
  await gate.openWhenHeard();
  await opening;
  await converge(first, second, third);
  expect(frozenOn(first)).toEqual([]);
});

test('a console that hears of others while it makes its read models again does not join a second time', async () => {
  const gate = createGate();
  const { first } = await withoutMarch();
  const second = await openConsole({ startNode: gate.startNode, clock: { now: () => first.clock.atMs } });
  await join(first, 'Okot', second);
  await converge(first, second);
  gate.close();
  const rebuilding = villageOf(second).rebuild();
  await villageOf(first).act([{ book: 'operations-2026-06', kind: 'note', body: 'heard' }]);
  await gate.openWhenHeard();
  await rebuilding;
  await converge(first, second);
  const { id } = villageOf(second).keys;
  const joins = [...villageOf(first).index.outside.values()].filter((r) => r.kind === 'member.join' && r.device === id);
  expect(joins).toHaveLength(1);
});
