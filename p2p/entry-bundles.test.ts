import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { EntryBundle, ImportedEntries, NodeEvent, VillageNode } from '#core/ports/village-node.ts';
import { cidOf, encode } from '#domain/bytes.ts';
import { createDeviceIdentity } from './device-identity.ts';
import { cidOfOrbitHash } from './orbit-hash.ts';
import { nodesOfTests, WAIT } from './test-nodes.ts';
import { addressOf, createTestDevice, idsOf, makeEntry, makeTestDir, type TestDevice, tamper } from './test-village.ts';

const nodes = nodesOfTests();
/** One that nobody can dial, unless told. */
const start: typeof nodes.start = (options) => nodes.start({ listen: [], ...options });
const { stop } = nodes;
const LISTEN = ['/ip4/127.0.0.1/tcp/0'];

async function write(node: VillageNode, device: TestDevice, book: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await node.append(book, [device.write(book)]);
}
async function exportAll(...args: [VillageNode, ...Parameters<VillageNode['exportEntries']>]): Promise<EntryBundle[]> {
  const [node, ...rest] = args;
  const bundles: EntryBundle[] = [];
  for await (const bundle of node.exportEntries(...rest)) bundles.push(bundle);
  return bundles;
}
const importAll = async (node: VillageNode, bundles: readonly EntryBundle[]): Promise<ImportedEntries[]> => {
  const results: ImportedEntries[] = [];
  for (const bundle of bundles) results.push(await node.importEntries(bundle));
  return results;
};
const none: ImportedEntries = { joined: 0, known: 0, restored: 0, waiting: 0, refused: [] };
const idsIn = async (node: VillageNode, book: string): Promise<string[]> => (await idsOf(node, book)).sort();

test('two nodes that never met have the same books after bundles both ways, the second one a delta', async () => {
  const [a, b] = [createTestDevice(), createTestDevice()];
  const [nodeA, nodeB] = [await start({ device: a }), await start({ device: b })];
  await write(nodeA, a, 'assets', 5);
  await write(nodeA, a, 'members', 3);
  await write(nodeB, b, 'assets', 4);
  const full = await exportAll(nodeA);
  expect(full.map(({ book, entries }) => [book, entries.length])).toEqual([
    ['members', 3],
    ['assets', 5],
  ]);
  const told: NodeEvent[] = [];
  nodeB.subscribe((event) => {
    if (event.type === 'records') told.push(event);
  });
  expect(await importAll(nodeB, full)).toEqual([
    { ...none, joined: 3 },
    { ...none, joined: 5 },
  ]);
  expect(told).toMatchObject([
    { type: 'records', book: 'members', origin: 'remote' },
    { type: 'records', book: 'assets', origin: 'remote' },
  ]);
  const delta = await exportAll(nodeB, nodeA.marks());
  expect(delta.map(({ book, entries }) => [book, entries.length])).toEqual([['assets', 4]]);
  await importAll(nodeA, delta);
  for (const book of ['members', 'assets']) expect(await idsIn(nodeA, book)).toEqual(await idsIn(nodeB, book));
  expect(await exportAll(nodeA, nodeB.marks())).toEqual([]);
  expect(await importAll(nodeA, full)).toEqual([
    { ...none, known: 3 },
    { ...none, known: 5 },
  ]);
});

test('checking a bundle verifies all of it and stores nothing', async () => {
  const [a, stranger] = [createTestDevice(), createTestDevice()];
  const [nodeA, nodeB] = [await start({ device: a }), await start({ device: createTestDevice() })];
  await write(nodeA, a, 'assets', 3);
  const [bundle] = await exportAll(nodeA, undefined, ['assets', 'settlement']);
  if (!bundle) throw new Error('nothing was exported');
  expect(await nodeB.checkEntries(bundle)).toEqual({ sound: 3, known: 0, refused: [] });
  expect(nodeB.books()).toEqual([]);
  const foreign = await makeEntry(stranger, 'assets', [stranger.write('assets', 1, { village: 'ab'.repeat(32) })]);
  const unsigned = tamper(await makeEntry(stranger, 'assets', [stranger.write('assets')]), { sig: '00'.repeat(64) });
  const identity = createDeviceIdentity(stranger.key.seed).bytes;
  const broken = {
    book: 'assets',
    identities: [...bundle.identities, identity],
    entries: [...bundle.entries, foreign.bytes, unsigned.bytes, Uint8Array.of(1, 2, 3)],
  };
  expect(await nodeB.checkEntries(broken)).toEqual({
    sound: 3,
    known: 0,
    refused: [
      { reason: 'the record belongs to another village', count: 1 },
      { reason: 'bad entry signature', count: 1 },
      { reason: 'the entry is not canonical dag-cbor', count: 1 },
    ],
  });
  expect(await nodeB.checkEntries({ ...bundle, book: 'settlement' })).toEqual({
    sound: 0,
    known: 0,
    refused: [{ reason: 'the entry belongs to another log', count: 3 }],
  });
  expect(await nodeB.importEntries(broken)).toMatchObject({
    joined: 3,
    refused: [{ count: 1 }, { count: 1 }, { count: 1 }],
  });
  expect(await nodeB.importEntries(broken)).toEqual({
    ...none,
    known: 3,
    refused: [{ reason: 'it was refused before', count: 3 }],
  });
});

test('what is whole in a bundle that lacks its beginning waits, and joins once the beginning comes', async () => {
  const a = createTestDevice();
  const [nodeA, nodeB] = [await start({ device: a }), await start({ device: createTestDevice() })];
  await write(nodeA, a, 'assets', 6);
  const [bundle] = await exportAll(nodeA);
  if (!bundle) throw new Error('nothing was exported');
  const part = (from: number, to: number): EntryBundle => ({ ...bundle, entries: bundle.entries.slice(from, to) });
  expect(await nodeB.importEntries(part(2, 6))).toEqual({ ...none, waiting: 4 });
  expect(await nodeB.importEntries(part(3, 6))).toEqual({ ...none, waiting: 3 });
  expect(await nodeB.importEntries(part(0, 2))).toEqual({ ...none, joined: 2 });
  expect(await idsIn(nodeB, 'assets')).toEqual(await idsIn(nodeA, 'assets'));
});

test('entries of a device that nobody let in wait, and those admission refuses are named', async () => {
  const a = createTestDevice();
  const nodeA = await start({ device: a });
  await write(nodeA, a, 'assets', 2);
  const bundles = await exportAll(nodeA);
  const waiting = await start({ device: createTestDevice(), admit: () => 'wait' });
  expect(await importAll(waiting, bundles)).toEqual([{ ...none, waiting: 2 }]);
  const refusing = await start({ device: createTestDevice(), admit: () => ({ refuse: 'not of this village' }) });
  expect(await importAll(refusing, bundles)).toEqual([
    {
      ...none,
      refused: [
        { reason: 'not of this village', count: 1 },
        { reason: 'it follows a refused entry', count: 1 },
      ],
    },
  ]);
});

test('whatever is in a bundle, importing it never throws and joins nothing unsound', async () => {
  const node = await start({ device: createTestDevice() });
  const bytes = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 });
  const cbor = fc.anything({ withBigInt: false, maxDepth: 2 }).map((value) => {
    try {
      return encode(value);
    } catch {
      return new Uint8Array();
    }
  });
  await fc.assert(
    fc.asyncProperty(fc.string(), bytes, bytes, fc.array(cbor, { maxLength: 5 }), async (book, ids, raw, made) => {
      const bundle = { book, identities: ids, entries: [...raw, ...made] };
      expect((await node.checkEntries(bundle)).sound).toBe(0);
      expect((await node.importEntries(bundle)).joined).toBe(0);
    }),
  );
  expect(node.books()).toEqual([]);
});

test('a book that was released stays in step, is not fetched again, and goes on; its bytes can be brought back', async () => {
  const [a, b] = [createTestDevice(), createTestDevice()];
  const dir = makeTestDir();
  let nodeA = await start({ device: a, dir });
  const nodeB = await start({ device: b, listen: LISTEN });
  await write(nodeA, a, 'operations-2026-01', 8);
  await nodeA.dial(addressOf(nodeB));
  const inStep = async (count: number): Promise<void> => {
    await vi.waitFor(async () => {
      expect(nodeA.peers()).toMatchObject([{ inStep: true, toFetch: 0, toSend: 0 }]);
      expect(await idsOf(nodeB, 'operations-2026-01')).toHaveLength(count);
    }, WAIT);
  };
  await inStep(8);
  const bundles = await exportAll(nodeA);
  const marks = nodeA.marks();
  expect(await nodeA.releaseBook('operations-2026-01')).toMatchObject({ entries: 8 });
  expect(await nodeA.releaseBook('operations-2026-01')).toEqual({ entries: 0, bytes: 0 });
  expect(await idsOf(nodeA, 'operations-2026-01')).toEqual([]);
  expect([nodeA.marks(), nodeA.books()]).toEqual([marks, ['operations-2026-01']]);
  expect(await exportAll(nodeA)).toEqual([]);

  await stop(nodeA);
  nodeA = await start({ device: a, dir });
  await write(nodeB, b, 'operations-2026-01', 2);
  await nodeA.dial(addressOf(nodeB));
  await inStep(10);
  await write(nodeA, a, 'operations-2026-01', 1);
  await inStep(11);
  expect(await idsOf(nodeA, 'operations-2026-01')).toHaveLength(3);

  expect(await importAll(nodeA, bundles)).toEqual([{ ...none, restored: 8 }]);
  expect(await idsIn(nodeA, 'operations-2026-01')).toEqual(await idsIn(nodeB, 'operations-2026-01'));
  expect(await importAll(nodeA, bundles)).toEqual([{ ...none, known: 8 }]);
});

test('a newcomer whose peer released the beginning is told so and gets it from another', async () => {
  const [a, b, c] = [createTestDevice(), createTestDevice(), createTestDevice()];
  const released = await start({ device: a, listen: LISTEN });
  const keeping = await start({ device: b, listen: LISTEN });
  await write(released, a, 'assets', 5);
  await importAll(keeping, await exportAll(released));
  await released.releaseBook('assets');
  await write(released, a, 'assets', 3);
  const newcomer = await start({ device: c });
  await newcomer.dial(addressOf(released));
  await vi.waitFor(() => expect(newcomer.peers()).toMatchObject([{ connected: true, inStep: false }]), WAIT);
  await vi.waitFor(() => expect(newcomer.peers()[0]?.toFetch).toBe(8), WAIT);
  expect(newcomer.books()).toEqual([]);
  await newcomer.dial(addressOf(keeping));
  await vi.waitFor(async () => expect(await idsOf(newcomer, 'assets')).toHaveLength(8), WAIT);
  await vi.waitFor(() => expect(newcomer.peers().every((p) => p.inStep)).toBe(true), WAIT);
});

test('released blocks are gone from this disk, identities of authors are not', async () => {
  const a = createTestDevice();
  const node = await start({ device: a });
  await write(node, a, 'assets', 1);
  const block = encode({ frames: new Uint8Array(5000).fill(7) });
  const cid = cidOf(block);
  await node.putBlock(cid, block);
  const identity = cidOfOrbitHash(createDeviceIdentity(a.key.seed).hash).toString();
  expect(await node.releaseBlocks([cid, identity, cidOf(encode('nobody has this'))])).toEqual({
    blocks: 1,
    bytes: block.length,
  });
  expect([await node.hasBlock(cid), await node.hasBlock(identity)]).toEqual([false, true]);
});

test('appends that come together keep their order and each is told on its own', async () => {
  const a = createTestDevice();
  const node = await start({ device: a });
  const records = Array.from({ length: 50 }, () => a.write('assets'));
  const wrong = a.write('members');
  const results = await Promise.allSettled([...records, wrong].map((record) => node.append('assets', [record])));
  expect(results.map((r) => r.status)).toEqual([...records.map(() => 'fulfilled'), 'rejected']);
  expect(await idsOf(node, 'assets')).toEqual(records.map(({ bytes }) => cidOf(bytes)));
});
