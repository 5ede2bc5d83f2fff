import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCar } from '#core/bundles/car-read.ts';
import { carBlock, carHeader } from '#core/bundles/car-write.ts';
import { checkBundle } from '#core/bundles/check-bundle.ts';
import { exportBundle } from '#core/bundles/export-bundle.ts';
import { knownConsoles } from '#core/bundles/known-consoles.ts';
import { readManifest, writeManifest } from '#core/bundles/manifest.ts';
import { takeBundle } from '#core/bundles/take-bundle.ts';
import { type DeviceKeys, deviceKeysFrom, newSeed } from '#core/crypto/device-keys.ts';
import { joinVillage } from '#core/villages/invitations.ts';
import { cidOf, concat, decode, encode, sha256, toHex } from '#domain/bytes.ts';
import { MAX_MS } from '#domain/ids.ts';
import { batchOf } from '#domain/village/fold-settlement.ts';
import { ZERO_HASH } from '#domain/village/state.ts';
import { endAll, found, invite, makeFolder, openConsole, PIN, QUIET, type TestConsole, villageOf } from './consoles.ts';
import { makeLease } from './months.ts';

afterEach(endAll);

let first: TestConsole;
let second: TestConsole;
/** The blocks of a sound bundle, its manifest first. */
let blocks: Uint8Array[];
beforeEach(async () => {
  first = await openConsole();
  await found(first);
  await makeLease(first);
  const text = await invite(first, 'Okot', ['owner']);
  await villageOf(first).node.setOnline(false);
  second = await openConsole();
  await joinVillage(second.console(), { text, name: 'Okot', pin: PIN });
  const path = join(makeFolder('stick'), 'sound.car');
  await exportBundle(villageOf(first), path, {}, QUIET);
  blocks = await blocksOf(path);
});

async function blocksOf(path: string): Promise<Uint8Array[]> {
  const handle = await open(path);
  const found: Uint8Array[] = [];
  for await (const part of readCar(handle, (await handle.stat()).size))
    if (part.kind === 'block') found.push(part.bytes);
  await handle.close();
  return found;
}

function fileOf(list: readonly Uint8Array[]): string {
  const path = join(makeFolder('stick'), 'made.car');
  const root = sha256(list[0] ?? new Uint8Array());
  writeFileSync(path, concat(carHeader(root), ...list.map((bytes) => carBlock(sha256(bytes), bytes))));
  return path;
}
const manifestOf = (list: readonly Uint8Array[]) => {
  const read = readManifest(list[0] ?? new Uint8Array());
  if (!read.ok) throw new Error(read.reason);
  return read.manifest;
};
const check = (path: string) => checkBundle(villageOf(second), path, QUIET);
const take = (path: string, wholeParts: boolean) => takeBundle(villageOf(second), path, { wholeParts }, QUIET);

describe('a bundle that somebody made', () => {
  test('with a record changed under a fitting CID is refused; all but that entry can be taken', async () => {
    const isEntry = (bytes: Uint8Array) => Buffer.from(bytes.subarray(0, 7)).toString('hex') === 'a9617602626964';
    const at = blocks.findLastIndex(isEntry);
    const entry = decode(blocks[at] ?? new Uint8Array()) as { payload: { records: { b: Uint8Array }[] } };
    const record = entry.payload.records[0];
    if (record) record.b = encode({ ...(decode(record.b) as object), kind: 'meter.forged' });
    const path = fileOf(blocks.with(at, encode(entry)));
    const report = await check(path);
    expect(report).toMatchObject({
      isWhole: false,
      entries: { refused: [{ reason: 'bad entry signature', count: 1 }] },
    });
    await expect(take(path, false)).rejects.toMatchObject({ code: 'BUNDLE_DAMAGED' });
    const taken = await take(path, true);
    expect(taken.joined).toBe(report.entries.fresh);
    expect(taken.refused).toMatchObject([{ count: 1 }]);
  });

  test('with a list of contents that was changed is refused; one signed by a stranger is taken and said to be', async () => {
    const list = decode(blocks[0] ?? new Uint8Array()) as { madeMs: number };
    const changed = await check(fileOf(blocks.with(0, encode({ ...list, madeMs: list.madeMs + 1 }))));
    expect(changed).toMatchObject({ isWhole: false, manifest: undefined, faults: [{ what: 'signature' }] });
    const stranger = deviceKeysFrom(newSeed());
    const manifest = { ...manifestOf(blocks), device: stranger.id };
    const path = fileOf(
      blocks.with(
        0,
        writeManifest(manifest, (m) => stranger.sign(m)),
      ),
    );
    expect(await check(path)).toMatchObject({ isWhole: true, signer: 'unknown' });
    expect(await take(path, false)).toMatchObject({ waiting: 0, refused: [] });
  });

  test('with blocks nobody announced, and one folded in itself a million times, stores none of them', async () => {
    const large = encode({ fill: new Uint8Array(1_000_000) });
    const nested = new Uint8Array(1_000_000).fill(0x81);
    const path = fileOf([...blocks, large, nested]);
    expect((await check(path)).blocks).toMatchObject({ unannounced: 2, fresh: 1 });
    const taken = await take(path, false);
    expect(taken.blocks).toBe(1);
    for (const bytes of [large, nested]) expect(await villageOf(second).node.hasBlock(cidOf(bytes))).toBe(false);
  });

  test('with blocks that it calls a signed checkpoint, which no settled close names, stores none of them', async () => {
    const [sound, unsound] = [1, 2].map((n) => encode({ fill: new Uint8Array(100_000).fill(n) }));
    const { founding, head } = villageOf(first).state();
    if (!founding) throw new Error('the village was not founded');
    const proposal = (block: Uint8Array) => {
      const checkpoint = `0x${toHex(sha256(block))}`;
      const cut = { records: {}, checkpoint, rules: 1 as const };
      const body = { month: '2026-03', prev: head, root: ZERO_HASH, cut, lanes: [] };
      const zone = { offsetMin: founding.zoneOffsetMin };
      return { ...body, digest: batchOf({ village: villageOf(first).id, zone, ...body }, founding.chain).digest };
    };
    const body = proposal(sound ?? new Uint8Array());
    await villageOf(first).act([{ book: 'settlement', kind: 'close.propose', body }]);
    const path = join(makeFolder('stick'), 'close.car');
    await exportBundle(villageOf(first), path, { books: ['settlement'] }, QUIET);
    const settlement = await blocksOf(path);
    const entry = decode(settlement.at(-1) ?? new Uint8Array()) as { payload: { records: { b: Uint8Array }[] } };
    const record = entry.payload.records[0];
    if (record) record.b = encode({ ...(decode(record.b) as object), body: proposal(unsound ?? new Uint8Array()) });
    const large = [sound, unsound].flatMap((b) => (b ? [b] : []));
    const made = fileOf([...blocks, settlement.at(-1) ?? new Uint8Array(), encode(entry), ...large]);
    const taken = await take(made, true);
    expect(taken.refused).toMatchObject([{ reason: 'bad entry signature', count: 1 }]);
    for (const bytes of large) expect(await villageOf(second).node.hasBlock(cidOf(bytes))).toBe(false);
  });

  test('with numbers and dates that nothing has is no list of contents, and the pages of the receiver still open', async () => {
    const { id } = villageOf(second);
    const stranger = deviceKeysFrom(newSeed());
    const keys = villageOf(first).keys;
    const signed = (change: object, by: DeviceKeys) =>
      fileOf(
        blocks.with(
          0,
          writeManifest({ ...manifestOf(blocks), device: by.id, ...change }, (m) => by.sign(m)),
        ),
      );
    const beyond = signed({ madeMs: Number.MAX_SAFE_INTEGER }, keys);
    expect(await check(beyond)).toMatchObject({ manifest: undefined, faults: [{ what: 'manifest' }] });
    const authors = [1, 2].map((n) => ({ device: `${n}`.repeat(64), time: 1, count: Number.MAX_SAFE_INTEGER }));
    expect(await check(signed({ since: new Map([['members', authors]]) }, keys))).toMatchObject({
      manifest: undefined,
      faults: [{ what: 'manifest' }],
    });
    await take(signed({ madeMs: MAX_MS }, keys), false);
    await take(signed({}, stranger), false);
    const { consoles } = await second.client().bundles.state({ village: id });
    expect(consoles.map((c) => c.device)).toEqual([keys.id]);
    expect(consoles[0]?.toldAtMs).toBeLessThanOrEqual(second.clock.atMs);
    expect(knownConsoles(villageOf(second)).map((k) => k.device)).toEqual([keys.id]);
  });

  test('with entries of another village among its own leaves them out and names the damage', async () => {
    const other = await openConsole();
    await found(other, 'Bosco');
    const theirs = join(makeFolder('stick'), 'theirs.car');
    await exportBundle(villageOf(other), theirs, {}, QUIET);
    const path = fileOf([...blocks, ...(await blocksOf(theirs)).slice(1)]);
    expect((await check(path)).faults.map((f) => f.what)).toContain('other-village');
    await take(path, true);
    expect(villageOf(second).state().members.size).toBeGreaterThan(1);
    expect(
      villageOf(second)
        .node.marks()
        .get('members')
        ?.some((m) => m.device === villageOf(other).keys.id),
    ).toBe(false);
  });
});
