import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Level } from 'level';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { exportBundle } from '#core/bundles/export-bundle.ts';
import { packBundle, unpackBundle } from '#core/bundles/packed-bundle.ts';
import { deviceKeysFrom } from '#core/crypto/device-keys.ts';
import { systemClock } from '#core/ports/clock.ts';
import { startVillageNode } from '#p2p/start-village-node.ts';
import { atEnd, endAll, makeFolder, openConsole, WAIT } from '../core/consoles.ts';
import { FIRST_DAY_MS } from '../core/months.ts';
import { HIDDEN, makeHiddenVillage, REFUSED } from './hidden-village.ts';
import { tracesIn, tracesUnder } from './plain-traces.ts';

afterEach(endAll);

test('nobody who reads the disk finds a name, a phone, a place, a serial, a note or a reading (P46)', async () => {
  const on = await openConsole({ passphrase: 'mango river drum' });
  const { meter } = await makeHiddenVillage(on);
  const { village } = on.open();
  // The console itself reads all of it: that it is not found is no accident of its not being there.
  const { members, meters, assets, entered, decided, agreements, dataGrants } = village.revealed();
  const read = JSON.stringify(
    [
      ...[members, meters, assets, entered, decided, agreements, dataGrants].flatMap((m) => [...m.values()]),
      village.store.localMeters(),
    ],
    (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v),
  );
  expect(HIDDEN.texts.filter((text) => text !== REFUSED && !read.includes(text))).toEqual([]);
  expect(village.store.lastReading(meter)?.powerW).toBe(HIDDEN.powersW[0]);
  expect(
    village.readings.frames(meter, 0, FIRST_DAY_MS * 2).some((f) => f.frame.importWh?.[0] === HIDDEN.registersWh[0]),
  ).toBe(true);
  await on.stop();
  expect(await tracesUnder(on.dir, HIDDEN)).toEqual([]);
  expect(tracesIn('log', Buffer.from(on.logged.join('\n')), HIDDEN)).toEqual([]);
});

test('whoever finds a USB stick, or films codes on a screen, finds none of it (P42, P48)', async () => {
  const on = await openConsole();
  await makeHiddenVillage(on);
  const path = join(makeFolder('stick'), 'village.bundle');
  const quiet = { progress: () => undefined, signal: new AbortController().signal };
  await exportBundle(on.open().village, path, {}, quiet);
  const bytes = readFileSync(path);
  expect(bytes.length).toBeGreaterThan(10_000);
  expect(tracesIn('bundle', bytes, HIDDEN)).toEqual([]);
  const codes = await packBundle(on.open().village, new Map(), `${path}.small`, quiet);
  expect(tracesIn('codes', await unpackBundle(codes.bytes), HIDDEN)).toEqual([]);
  writeFileSync(path, Buffer.concat([bytes, Buffer.from(HIDDEN.texts[0] ?? '')]));
  expect(tracesIn('bundle', readFileSync(path), HIDDEN)).not.toEqual([]);
});

test('a stranger with the network key reads none of it in all that it can copy (P42)', async () => {
  const on = await openConsole();
  await makeHiddenVillage(on);
  const { village } = on.open();
  const stranger = deviceKeysFrom(new Uint8Array(randomBytes(32)));
  const dir = makeFolder('stranger');
  const node = await startVillageNode({
    dir,
    village: village.id,
    device: { id: stranger.id, seed: stranger.seed },
    networkKeys: () => [village.network.newestKey()],
    listen: ['/ip4/127.0.0.1/tcp/0'],
    mdns: false,
    admit: () => 'accept',
    clock: systemClock,
  });
  atEnd(() => node.stop());
  await node.dial(village.node.addresses()[0] ?? '').catch(() => undefined);
  let records = 0;
  await vi.waitFor(async () => {
    records = 0;
    for (const book of node.books()) for await (const chunk of node.scan(book)) records += chunk.length;
    expect(records).toBe(village.index.size);
  }, WAIT);
  const blocks: Uint8Array[] = [];
  for (const { cid } of village.state().segments.values())
    blocks.push(await node.getBlock(cid, { signal: AbortSignal.timeout(WAIT.timeout) }));
  expect([records > 10, blocks.length > 0]).toEqual([true, true]);
  for (const book of node.books())
    for await (const chunk of node.scan(book))
      for (const { bytes } of chunk) expect(tracesIn(book, bytes, HIDDEN)).toEqual([]);
  for (const block of blocks) expect(tracesIn('block', block, HIDDEN)).toEqual([]);
  await node.stop();
  expect(await tracesUnder(dir, HIDDEN)).toEqual([]);
});

describe('the search itself', () => {
  const known = { texts: ['Nakalembe Zawadi'], registersWh: [0x51_c3_7e_a9_2d_66n], powersW: [4321.9876] };
  const base64 = (text: string) => Buffer.from(Buffer.from(text).toString('base64'));
  const planted: [string, Buffer][] = [
    ['UTF-8', Buffer.from('..Nakalembe Zawadi..')],
    ['UTF-16LE', Buffer.from('..Nakalembe Zawadi..', 'utf16le')],
    ['hex', Buffer.from(Buffer.from('Nakalembe Zawadi').toString('hex'))],
    ['base64 at 0', base64('Nakalembe Zawadi!')],
    ['base64 at 1', base64('.Nakalembe Zawadi!')],
    ['base64 at 2', base64('..Nakalembe Zawadi!')],
    ['big-endian', Buffer.from('1b000051c37ea92d66', 'hex')],
    ['little-endian', Buffer.from('662da97ec3510000', 'hex')],
    ['varint', Buffer.from('e6daa4f5b7b81400', 'hex')],
    ['digits', Buffer.from('{"wh":89902144040294}')],
    ['double', Buffer.from([0, ...doubleBytes(4321.9876)])],
  ];

  test.each(planted)('finds what was planted as %s', (form, bytes) => {
    const where = form === 'digits' ? Buffer.from(`${known.registersWh[0]}`) : bytes;
    expect(tracesIn('x', where, known).map((t) => t.form)).toContain(form);
  });

  test('finds it in any file of a folder, and in a LevelDB that compresses its tables', async () => {
    const dir = makeFolder('planted');
    expect(await tracesUnder(dir, known)).toEqual([]);
    mkdirSync(join(dir, 'deep', 'er'), { recursive: true });
    writeFileSync(join(dir, 'deep', 'er', 'file'), 'Nakalembe Zawadi');
    const db = new Level<string, string>(join(dir, 'level'));
    await db.put('who', `${'Nakalembe '.repeat(50)}Nakalembe Zawadi`);
    await db.close();
    // Opened again, it writes what was in its log to a table, compressed.
    await db.open();
    await db.close();
    const files = (await tracesUnder(dir, known)).filter((t) => t.form === 'UTF-8').map((t) => t.file);
    expect(files).toEqual(expect.arrayContaining([join('deep', 'er', 'file'), 'level (value)']));
  });
});

function doubleBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}
