import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CID } from 'multiformats/cid';
import { afterEach, expect, test } from 'vitest';
import { cidOf, digestOf, encode } from '#domain/bytes.ts';
import { makeTestDir } from './test-village.ts';
import { rotDisk } from './testing/rot-disk.ts';
import { openVillageBlocks, type VillageBlocks } from './village-blocks.ts';

const BLOCKS = Array.from({ length: 20 }, () => encode({ day: new Uint8Array(randomBytes(20_000)) }));
const nameOf = (block: Uint8Array): CID => CID.parse(cidOf(block));

let opened: VillageBlocks | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

/** Blocks that lie in tables on a disk that nobody has open. */
async function blocksOnDisk(): Promise<string> {
  const path = join(makeTestDir(), 'blocks');
  const first = await openVillageBlocks(path, async () => undefined);
  await first.putMany(BLOCKS.map((bytes) => ({ digest: digestOf(cidOf(bytes)), bytes })));
  await first.close();
  // what was written goes from the log into a table
  await (await openVillageBlocks(path, async () => undefined)).close();
  return path;
}

test.each([
  ['has other bytes', 'bytes'],
  ['lies in a table that cannot be read there', 'table'],
] as const)('a block that %s is not here any more, is told of once, and can be stored again', async (_, how) => {
  const path = await blocksOnDisk();
  const [bad = new Uint8Array(), good = new Uint8Array()] = BLOCKS;
  rotDisk(path, bad, how);
  const damaged: string[] = [];
  opened = await openVillageBlocks(
    path,
    async () => undefined,
    (cid) => damaged.push(cid),
  );
  const digests = [bad, good].map((b) => digestOf(cidOf(b)));
  expect(await opened.readMany(digests)).toEqual([undefined, Buffer.from(good)]);
  expect(damaged).toEqual([cidOf(bad)]);
  expect(await opened.has(nameOf(bad))).toBe(false);
  expect(await opened.readLocal(nameOf(bad))).toBeUndefined();
  await opened.put(nameOf(bad), bad);
  expect(await opened.readLocal(nameOf(bad))).toEqual(Buffer.from(bad));
  expect(damaged).toHaveLength(1);

  await opened.close();
  opened = await openVillageBlocks(path, async () => undefined);
  for (const block of BLOCKS) expect(await opened.has(nameOf(block))).toBe(true);
  expect(existsSync(`${path}.damaged`)).toBe(false);
});
