import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCar } from '#core/bundles/car-read.ts';
import { carBlock, carHeader } from '#core/bundles/car-write.ts';
import { checkBundle } from '#core/bundles/check-bundle.ts';
import { exportBundle } from '#core/bundles/export-bundle.ts';
import { readManifest, writeManifest } from '#core/bundles/manifest.ts';
import { takeBundle } from '#core/bundles/take-bundle.ts';
import { deviceKeysFrom, newSeed } from '#core/crypto/device-keys.ts';
import { joinVillage } from '#core/villages/invitations.ts';
import { cidOf, concat, decode, encode, sha256 } from '#domain/bytes.ts';
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
  const handle = await open(path);
  blocks = [];
  for await (const part of readCar(handle, (await handle.stat()).size))
    if (part.kind === 'block') blocks.push(part.bytes);
  await handle.close();
});

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

  test('with entries of another village among its own leaves them out and names the damage', async () => {
    const other = await openConsole();
    await found(other, 'Bosco');
    const theirs = join(makeFolder('stick'), 'theirs.car');
    await exportBundle(villageOf(other), theirs, {}, QUIET);
    const handle = await open(theirs);
    const foreign: Uint8Array[] = [];
    for await (const part of readCar(handle, (await handle.stat()).size))
      if (part.kind === 'block') foreign.push(part.bytes);
    await handle.close();
    const path = fileOf([...blocks, ...foreign.slice(1)]);
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
