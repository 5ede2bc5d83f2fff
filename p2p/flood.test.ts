import { afterEach, expect, test, vi } from 'vitest';
import type { VillageNode } from '#core/ports/village-node.ts';
import { cidOf } from '#domain/bytes.ts';
import { addressOf, createTestDevice, idsOf, startTestNode, type TestDevice } from './test-village.ts';

const WAIT = { timeout: 30_000, interval: 20 };
const BOOK = 'operations-2026-03';
const nodes: VillageNode[] = [];
const start = async (options: Parameters<typeof startTestNode>[0]): Promise<VillageNode> => {
  const node = await startTestNode(options);
  nodes.push(node);
  return node;
};
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
});

async function write(node: VillageNode, device: TestDevice, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 50)
    await node.append(
      BOOK,
      Array.from({ length: 50 }, () => device.write(BOOK)),
    );
}

test('a granted device that pours records in is named and cut off, and the others still converge', async () => {
  const [flooder, honest, own] = [createTestDevice(), createTestDevice(), createTestDevice()];
  const flood = await start({ device: flooder });
  await write(flood, flooder, 500);
  const other = await start({ device: honest });
  await write(other, honest, 50);
  const refused: string[] = [];
  const node = await start({ device: own, allowance: { ownRecords: 200, ownRecordsPerDay: 0 } });
  node.subscribe((event) => {
    if (event.type === 'refused') refused.push(`${event.peer}: ${event.reason}`);
  });
  await node.dial(addressOf(flood));
  await vi.waitFor(
    () => expect(refused).toContain(`${flood.peerId}: it writes more records than one device may`),
    WAIT,
  );
  await node.dial(addressOf(other));
  await vi.waitFor(async () => {
    const ids = await idsOf(node, BOOK);
    expect(ids).toEqual(expect.arrayContaining(await idsOf(other, BOOK)));
    expect(ids.length).toBeLessThanOrEqual(250);
  }, WAIT);
});

test('what a device hands on for others is not held against it', async () => {
  const [author, carrier, own] = [createTestDevice(), createTestDevice(), createTestDevice()];
  const source = await start({ device: author });
  await write(source, author, 500);
  const hub = await start({ device: carrier });
  await hub.dial(addressOf(source));
  await vi.waitFor(async () => expect(await idsOf(hub, BOOK)).toHaveLength(500), WAIT);
  await source.stop();
  const node = await start({ device: own, allowance: { ownRecords: 200, ownRecordsPerDay: 0 } });
  await node.dial(addressOf(hub));
  await vi.waitFor(async () => expect(await idsOf(node, BOOK)).toHaveLength(500), WAIT);
});

test('what a stranger hands on for a device counts as handed over by the device: it vouches for nobody', async () => {
  const [author, stranger, own] = [createTestDevice(), createTestDevice(), createTestDevice()];
  const source = await start({ device: author });
  await write(source, author, 500);
  const carrier = await start({ device: stranger });
  await carrier.dial(addressOf(source));
  await vi.waitFor(async () => expect(await idsOf(carrier, BOOK)).toHaveLength(500), WAIT);
  await source.stop();
  const members = () => [author.key.id, own.key.id];
  const node = await start({ device: own, members, allowance: { ownRecords: 200, ownRecordsPerDay: 0 } });
  const refused: string[] = [];
  node.subscribe((event) => {
    if (event.type === 'refused') refused.push(`${event.peer}: ${event.reason}`);
  });
  await node.dial(addressOf(carrier));
  await vi.waitFor(
    () => expect(refused).toContain(`${carrier.peerId}: it writes more records than one device may`),
    WAIT,
  );
  expect((await idsOf(node, BOOK)).length).toBeLessThanOrEqual(200);
});

test('on a disk without room nothing is taken from others, own records are written, and the rest comes once there is room', async () => {
  const [theirs, own] = [createTestDevice(), createTestDevice()];
  const other = await start({ device: theirs });
  await write(other, theirs, 50);
  let hasRoom = false;
  const node = await start({ device: own, hasRoom: () => hasRoom });
  await node.dial(addressOf(other));
  const mine = own.write(BOOK);
  await node.append(BOOK, [mine]);
  await vi.waitFor(async () => expect(await idsOf(other, BOOK)).toContain(cidOf(mine.bytes)), WAIT);
  expect(await idsOf(node, BOOK)).toHaveLength(1);
  hasRoom = true;
  await vi.waitFor(async () => expect(await idsOf(node, BOOK)).toHaveLength(51), WAIT);
});
