import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CarWriter } from '@ipld/car';
import fc from 'fast-check';
import { CID } from 'multiformats/cid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cidOf, concat, encode, sha256, toHex } from '#domain/bytes.ts';
import { type CarPart, MAX_BLOCK_BYTES, readCar } from './car-read.ts';
import { carBlock, carHeader } from './car-write.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'car-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Some blocks that name others, as entries do: a CID inside a block must not be taken for the next block. */
const BLOCKS = Array.from({ length: 12 }, (_, i) =>
  encode({ n: i, names: CID.parse(cidOf(encode(i))), fill: new Uint8Array(i * 37).fill(i) }),
);
const ROOT = sha256(BLOCKS[0] ?? new Uint8Array());
const FILE = concat(carHeader(ROOT), ...BLOCKS.map((b) => carBlock(sha256(b), b)));

async function readAll(file: Uint8Array): Promise<{ parts: CarPart[]; largestRead: number }> {
  const path = join(dir, 'file.car');
  writeFileSync(path, file);
  const handle = await open(path);
  let largestRead = 0;
  const watched = new Proxy(handle, {
    get(target, name) {
      if (name !== 'read') return Reflect.get(target, name);
      return (buffer: Uint8Array, at: number, length: number, position: number) => {
        largestRead = Math.max(largestRead, buffer.length);
        return target.read(buffer, at, length, position);
      };
    },
  });
  const parts: CarPart[] = [];
  try {
    for await (const part of readCar(watched, file.length)) parts.push(part);
  } finally {
    await handle.close();
  }
  return { parts, largestRead };
}
const blocksOf = (parts: readonly CarPart[]): string[] =>
  parts.flatMap((p) => (p.kind === 'block' ? [toHex(p.bytes)] : []));
const WHOLE = BLOCKS.map(toHex);

test('what is written here is read here, and so is what a stock writer writes', async () => {
  const { parts } = await readAll(FILE);
  expect(parts[0]).toEqual({ kind: 'root', digest: ROOT });
  expect(blocksOf(parts)).toEqual(WHOLE);
  expect(parts.some((p) => p.kind === 'damaged')).toBe(false);
  const { writer, out } = CarWriter.create([CID.parse(cidOf(BLOCKS[0] ?? new Uint8Array()))]);
  const chunks: Uint8Array[] = [];
  const reading = (async () => {
    for await (const chunk of out) chunks.push(chunk);
  })();
  for (const bytes of BLOCKS) await writer.put({ cid: CID.parse(cidOf(bytes)), bytes });
  await writer.close();
  await reading;
  expect(toHex(concat(...chunks))).toBe(toHex(FILE));
});

test('one changed byte costs one block, wherever it is, and is reported', async () => {
  for (let at = 0; at < FILE.length; at += 7) {
    const changed = FILE.slice();
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    const { parts } = await readAll(changed);
    const got = blocksOf(parts);
    expect(got.length, `byte ${at}`).toBeGreaterThanOrEqual(WHOLE.length - 1);
    expect(
      WHOLE.filter((b) => got.includes(b)),
      `byte ${at}`,
    ).toEqual(got);
    const isOtherRoot = parts.some((p) => p.kind === 'root' && toHex(p.digest) !== toHex(ROOT));
    expect(isOtherRoot || parts.some((p) => p.kind === 'damaged'), `byte ${at}`).toBe(true);
  }
});

test('a file that was cut off gives every block before the cut and says where it ends', async () => {
  for (let length = 1; length < FILE.length; length += 13) {
    const { parts } = await readAll(FILE.slice(0, length));
    const got = blocksOf(parts);
    expect(WHOLE.slice(0, got.length)).toEqual(got);
    const last = parts.at(-1);
    const isAtBlockEnd = last?.kind !== 'damaged';
    expect(isAtBlockEnd || last.offset < length, `length ${length}`).toBe(true);
  }
});

test('a length that nothing can have is refused before anything of that size is read', async () => {
  const lengths = [
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    [0x80, 0x80, 0x80, 0x80, 0x08],
    [0x00],
    [0xa4, 0x80, 0x80, 0x02],
  ];
  for (const length of lengths) {
    const block = BLOCKS[3] ?? new Uint8Array();
    const file = concat(
      carHeader(ROOT),
      Uint8Array.from(length),
      Uint8Array.of(1, 0x71, 0x12, 0x20),
      new Uint8Array(900_000).fill(9),
      carBlock(sha256(block), block),
    );
    const { parts, largestRead } = await readAll(file);
    expect(blocksOf(parts)).toEqual([toHex(block)]);
    expect(largestRead).toBeLessThanOrEqual(MAX_BLOCK_BYTES + 64);
  }
  expect(blocksOf((await readAll(Uint8Array.from(lengths[0] ?? []))).parts)).toEqual([]);
});

test('a file made of beginnings of blocks is given up instead of being hashed for ever', async () => {
  const lie = Uint8Array.of(0x80, 0x80, 0x04, 1, 0x71, 0x12, 0x20);
  const file = concat(...Array.from({ length: 20_000 }, () => lie));
  const { parts } = await readAll(file);
  expect(parts.at(-1)).toMatchObject({ kind: 'damaged', what: 'given-up' });
});

test('whatever the bytes are, reading ends, and only blocks that match their CIDs come out', async () => {
  const seed = randomInt(2 ** 31);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(FILE.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 20 }),
      fc.nat(FILE.length),
      fc.uint8Array({ maxLength: 200 }),
      async (changes, cut, tail) => {
        const changed = FILE.slice();
        for (const [at, value] of changes) changed[at] = value;
        const { parts } = await readAll(concat(changed.slice(0, cut), tail));
        for (const p of parts) if (p.kind === 'block') expect(toHex(sha256(p.bytes))).toBe(toHex(p.digest));
        expect(parts.length).toBeLessThanOrEqual(2 * WHOLE.length + 30);
      },
    ),
    { seed, numRuns: 150 },
  );
});
