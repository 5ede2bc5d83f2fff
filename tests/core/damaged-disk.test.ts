import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { exportBundle, exportMonth } from '#core/bundles/export-bundle.ts';
import { takeBundle } from '#core/bundles/take-bundle.ts';
import { rotDisk } from '#p2p/testing/rot-disk.ts';
import {
  codeOf,
  converge,
  endAll,
  fetchingOn,
  framesOn,
  makeFolder,
  openTwo,
  QUIET,
  type TestConsole,
  WAIT,
} from './consoles.ts';
import { dayOfMeter, enterMeters, FIRST_DAY_MS, sealDay } from './months.ts';

afterEach(endAll);

const writeAll = (on: TestConsole, path: string) => exportBundle(on.open().village, path, {}, QUIET);

/** The second console comes back from a rest in which its disk changed a byte of the one sealed day. */
async function rot(how: 'bytes' | 'table') {
  const [gateway, console] = await openTwo();
  const meters = await enterMeters(gateway, Array<null>(12).fill(null));
  await sealDay(gateway, ...meters.map((m) => dayOfMeter(m, FIRST_DAY_MS, 0n, 10n)));
  await converge(gateway, console);
  await gateway.open().village.node.setOnline(false);
  // what was written goes from LevelDB's log into a table
  await console.restart();
  const { dir, node } = console.open().village;
  const [cid = ''] = console.open().village.state().segments.keys();
  const block = await node.getBlock(cid, { signal: QUIET.signal, localOnly: true });
  await console.stop();
  rotDisk(join(dir, 'node', 'blocks'), block, how);
  await console.restart();
  return { gateway, console, cid };
}
const here = (on: TestConsole, cid: string): Promise<boolean> => on.open().village.node.hasBlock(cid);

test.each(['bytes', 'table'] as const)(
  'a day damaged on disk (%s) is noticed when it is read, still counts, and is fetched again from a peer',
  async (how) => {
    const { gateway, console, cid } = await rot(how);
    expect((await fetchingOn(console)).lost.segments).toBe(0);
    const out = await writeAll(console, join(makeFolder('stick'), 'all.car'));
    expect(out.blocks).toBe(0);
    expect(await fetchingOn(console)).toMatchObject({
      state: 'waiting',
      verified: { segments: 1 },
      lost: { segments: 1 },
      months: [{ month: '2026-03', present: 0, lost: 1, file: null }],
    });
    expect(framesOn(console)).toHaveLength(12);
    await gateway.open().village.node.setOnline(true);
    await vi.waitFor(async () => {
      expect(await fetchingOn(console)).toMatchObject({
        state: 'idle',
        lost: { segments: 0 },
        present: { segments: 1 },
      });
    }, WAIT);
    expect(await here(console, cid)).toBe(true);
    expect(framesOn(console)).toHaveLength(12);
  },
);

test('where nobody has a damaged day, the file its month was written to is named, and brings it back', async () => {
  const { gateway, console, cid } = await rot('bytes');
  const { village } = gateway.open();
  const path = join(makeFolder('stick'), 'march.car');
  await exportMonth(village, '2026-03', path, QUIET);
  console.open().village.store.putArchived({
    month: '2026-03',
    place: 'here',
    file: 'march.car',
    sha256: '',
    bytes: 1,
    atMs: 0,
    books: {},
  });
  expect(await here(console, cid)).toBe(false);
  await vi.waitFor(async () => {
    expect((await fetchingOn(console)).months).toMatchObject([{ month: '2026-03', lost: 1, file: 'march.car' }]);
  }, WAIT);
  await takeBundle(console.open().village, path, { wholeParts: false }, QUIET);
  expect(await fetchingOn(console)).toMatchObject({ lost: { segments: 0 }, months: [] });
  expect(await here(console, cid)).toBe(true);
});

test('a console whose disk changed a day lets no peer down: it says that it has not that day', async () => {
  const { gateway, console, cid } = await rot('bytes');
  const { village } = gateway.open();
  await village.node.releaseBlocks([cid]);
  await village.node.setOnline(true);
  const wanted = [{ cid, bytes: village.state().segments.get(cid)?.bytes ?? 0 }];
  await vi.waitFor(() => expect(village.node.peers().some((p) => p.connected)).toBe(true), WAIT);
  const refused = village.store.refused(10).length;
  const deliver = () => Promise.reject(new Error('nothing should come'));
  expect(await village.node.fetchBlocks(wanted, { signal: QUIET.signal, deliver })).toEqual([cid]);
  expect(village.store.refused(10)).toHaveLength(refused);
  expect(await codeOf(console.open().village.node.getBlock(cid, { signal: QUIET.signal, localOnly: true }))).toBe(
    'BLOCK_NOT_FOUND',
  );
});
