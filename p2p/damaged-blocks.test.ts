import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CID } from 'multiformats/cid';
import { afterEach, expect, test } from 'vitest';
import { cidOf, digestOf, encode } from '#domain/bytes.ts';
import { makeTestDir } from './test-village.ts';
import { rotDisk, rotFile } from './testing/rot-disk.ts';
import { openVillageBlocks, type VillageBlocks } from './village-blocks.ts';

const makeBlocks = (length: number, bytes: number) =>
  Array.from({ length }, () => encode({ day: new Uint8Array(randomBytes(bytes)) }));
const BLOCKS = makeBlocks(20, 20_000);
/** Each lies in a file of its own. */
const LARGE = makeBlocks(20, 200_000);
const nameOf = (block: Uint8Array): CID => CID.parse(cidOf(block));

let opened: VillageBlocks | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

const digestIn = (block: Uint8Array): Uint8Array => digestOf(cidOf(block));

/** Blocks that lie in tables and files on a disk that nobody has open. */
async function blocksOnDisk(): Promise<string> {
  const path = join(makeTestDir(), 'blocks');
  const first = await openVillageBlocks(path, async () => undefined);
  await first.putMany([...BLOCKS, ...LARGE].map((bytes) => ({ digest: digestOf(cidOf(bytes)), bytes })));
  await first.close();
  // what was written goes from the log into a table
  await (await openVillageBlocks(path, async () => undefined)).close();
  return path;
}

test.each([
  ['has other bytes', BLOCKS, (path, bad) => rotDisk(path, bad, 'bytes')],
  ['lies in a table that cannot be read there', BLOCKS, (path, bad) => rotDisk(path, bad, 'table')],
  ['lies in a file with other bytes', LARGE, (path, bad) => rotFile(path, digestIn(bad), 'bytes')],
  ['lies in a file that ends too early', LARGE, (path, bad) => rotFile(path, digestIn(bad), 'cut')],
] as const satisfies readonly (readonly [string, readonly Uint8Array[], (path: string, bad: Uint8Array) => void])[])(
  'a block that %s is not here any more, is told of once, and can be stored again',
  async (_, blocks, rot) => {
    const path = await blocksOnDisk();
    const [bad = new Uint8Array(), good = new Uint8Array()] = blocks;
    rot(path, bad);
    const damaged: string[] = [];
    opened = await openVillageBlocks(
      path,
      async () => undefined,
      (cid) => damaged.push(cid),
    );
    const digests = [bad, good].map(digestIn);
    expect(await opened.readMany(digests)).toEqual([undefined, Buffer.from(good)]);
    expect(damaged).toEqual([cidOf(bad)]);
    expect(await opened.has(nameOf(bad))).toBe(false);
    expect(await opened.readLocal(nameOf(bad))).toBeUndefined();
    await opened.put(nameOf(bad), bad);
    expect(await opened.readLocal(nameOf(bad))).toEqual(Buffer.from(bad));
    expect(damaged).toHaveLength(1);

    await opened.close();
    opened = await openVillageBlocks(path, async () => undefined);
    for (const block of [...BLOCKS, ...LARGE]) expect(await opened.has(nameOf(block))).toBe(true);
    expect(existsSync(`${path}.damaged`)).toBe(false);
  },
);

test('blocks small and large are read together in the order they are asked for, and released ones leave no file', async () => {
  const path = await blocksOnDisk();
  opened = await openVillageBlocks(path, async () => undefined);
  const absent = new Uint8Array(randomBytes(32));
  const asked = LARGE.flatMap((large, i) => [large, BLOCKS[i] ?? large]);
  const digests = [...asked.map(digestIn), absent];
  expect(await opened.readMany(digests)).toEqual([...asked.map((b) => Buffer.from(b)), undefined]);
  expect(await opened.hasMany(digests)).toEqual([...asked.map(() => true), false]);
  const listed: Buffer[] = [];
  for await (const { cid } of opened.blockstore.getAll()) listed.push(Buffer.from(cid.multihash.digest));
  expect(listed.map(String).sort()).toEqual(asked.map((b) => String(Buffer.from(digestIn(b)))).sort());
  for (const block of asked) expect(await opened.release(nameOf(block))).toBe(block.length);
  expect(await opened.hasMany(digests)).toEqual(digests.map(() => false));
  expect(readdirSync(`${path}-large`)).toEqual(['unfinished']);
});

test('what a crash left of a file that was being written is gone at the next start, and its block is not here', async () => {
  const path = await blocksOnDisk();
  const [lost = new Uint8Array()] = makeBlocks(1, 100_000);
  const part = join(`${path}-large`, 'unfinished', '0');
  writeFileSync(part, lost.subarray(0, 4096));
  opened = await openVillageBlocks(path, async () => undefined);
  expect(existsSync(part)).toBe(false);
  expect(await opened.has(nameOf(lost))).toBe(false);
  await opened.put(nameOf(lost), lost);
  expect(await opened.readLocal(nameOf(lost))).toEqual(Buffer.from(lost));
});
