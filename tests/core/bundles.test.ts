import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CarReader } from '@ipld/car';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkBundle } from '#core/bundles/check-bundle.ts';
import { chooseConsole } from '#core/bundles/choose-console.ts';
import { exportBundle, exportMonth } from '#core/bundles/export-bundle.ts';
import { marksBefore } from '#core/bundles/since.ts';
import { takeBundle } from '#core/bundles/take-bundle.ts';
import { addPerson } from '#core/members/members-procedures.ts';
import { joinVillage } from '#core/villages/invitations.ts';
import { DAY_MS } from '#domain/time.ts';
import {
  codeOf,
  endAll,
  found,
  framesOn,
  invite,
  makeFolder,
  openConsole,
  openTwo,
  PIN,
  QUIET,
  type TestConsole,
  villageOf,
  WAIT,
} from './consoles.ts';
import { dayOfMeter, FIRST_DAY_MS, makeLease, sealDay } from './months.ts';

afterEach(endAll);
const ALL = { wholeParts: false };

const fileIn = (name = 'stick'): string => join(makeFolder('stick'), `${name}.car`);
const wordsOf = (on: TestConsole): string => villageOf(on).stateHash();
async function write(on: TestConsole, wish: Parameters<typeof exportBundle>[2] = {}) {
  const path = fileIn();
  return { path, ...(await exportBundle(villageOf(on), path, wish, QUIET)) };
}
const take = (on: TestConsole, path: string, options = ALL) => takeBundle(villageOf(on), path, options, QUIET);
/** A village with an agreement, a day of readings, and a console that joined and met nobody. */
async function apart() {
  const first = await openConsole();
  await found(first);
  await makeLease(first);
  const text = await invite(first, 'Okot', ['owner', 'coordinator']);
  await villageOf(first).node.setOnline(false);
  const second = await openConsole();
  await joinVillage(second.console(), { text, name: 'Okot', pin: PIN });
  await villageOf(second).node.setOnline(false);
  return { first, second };
}
const inStep = async (...consoles: readonly TestConsole[]): Promise<void> =>
  vi.waitFor(() => expect(new Set(consoles.map(wordsOf)).size).toBe(1), WAIT);

describe('a bundle', () => {
  test('brings a console that was never connected everything, with one stick both have the same in three trips (J7)', async () => {
    const { first, second } = await apart();
    const out = await write(first);
    const taken = await take(second, out.path);
    expect(taken).toMatchObject({ waiting: 0, refused: [], blocks: out.blocks, joined: out.entries });
    expect(out.blocks).toBeGreaterThan(0);
    const { village } = second.open();
    expect(village.state().agreements.size).toBe(1);
    // It writes its join, then the key of its name for the others.
    await vi.waitFor(() => expect(village.index.positions()['members']?.[village.keys.id]).toBe(1), WAIT);
    expect(village.segments.progress()).toMatchObject({ verified: { segments: 1 }, bad: 0 });
    expect(framesOn(second)).toEqual([]);

    // Back with the answer: exactly what the first lacks: the join and what came with it.
    const back = await write(second, { there: chooseConsole(village, villageOf(first).keys.id.slice(0, 8)) });
    expect(back.blocks).toBe(0);
    expect(back.entries).toBeLessThan(4);
    expect(await take(first, back.path)).toMatchObject({ joined: back.entries, waiting: 0, refused: [] });
    // The third trip carries what the first wrote since: keys for the new console.
    const { village: one } = first.open();
    await vi.waitFor(() => expect(one.state().members.size).toBe(village.state().members.size), WAIT);
    const owed = () => one.audienceKeys.owed(one.state(), one.now(), 0).records.length;
    const months = () =>
      one.node
        .marks()
        .get('segments-2026-03')
        ?.map(({ count }) => count);
    // Two of the months' book: the announcement, and the keys for the new console.
    await vi.waitFor(
      () => expect([owed(), one.node.marks().get('members')?.length, months()]).toEqual([0, 2, [2]]),
      WAIT,
    );
    const names = () => [...one.revealed().members.values()].map(({ name }) => name);
    await vi.waitFor(() => expect(names()).toContain('Okot'), WAIT);
    const third = await write(first, { there: chooseConsole(one, 'Okot') });
    await take(second, third.path);
    await inStep(first, second);
    await vi.waitFor(() => expect(framesOn(second).length).toBeGreaterThan(0), WAIT);
  });

  test('is a CAR file that a stock reader reads, root first, and holds nothing but what its first block lists', async () => {
    const { first } = await apart();
    const out = await write(first);
    const car = await CarReader.fromBytes(readFileSync(out.path));
    const [root] = await car.getRoots();
    const blocks: string[] = [];
    for await (const { cid } of car.blocks()) blocks.push(cid.toString());
    expect(blocks[0]).toBe(root?.toString());
    expect(blocks.length).toBe(1 + out.entries + out.blocks + 1);
  });

  test('imported twice adds nothing twice', async () => {
    const { first, second } = await apart();
    const out = await write(first);
    await take(second, out.path);
    const again = await take(second, out.path);
    expect(again).toMatchObject({ joined: 0, known: out.entries, blocks: 0, refused: [] });
  });

  test('that was cut off, bit-flipped or is of another village is refused with the reason and nothing is stored', async () => {
    const { first, second } = await apart();
    const out = await write(first);
    const bytes = readFileSync(out.path);
    const cut = fileIn('cut');
    writeFileSync(cut, bytes.subarray(0, Math.floor(bytes.length * 0.6)));
    const flipped = fileIn('flipped');
    const changed = Buffer.from(bytes);
    const at = Math.floor(bytes.length * 0.4);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(flipped, changed);
    const noise = fileIn('noise');
    writeFileSync(noise, Buffer.alloc(300_000, 7));
    const empty = fileIn('empty');
    writeFileSync(empty, '');
    const before = villageOf(second).node.marks();
    expect(await codeOf(take(second, cut))).toBe('BUNDLE_DAMAGED');
    await expect(take(second, cut)).rejects.toThrow(/cut off at byte \d+\. Nothing was taken\. \d+ new entries/);
    await expect(take(second, flipped)).rejects.toMatchObject({ code: 'BUNDLE_DAMAGED' });
    for (const path of [noise, empty, `${empty}.none`]) expect(await codeOf(take(second, path))).toBe('BAD_FILE');
    const stranger = await openConsole();
    await found(stranger, 'Bosco');
    expect(await codeOf(take(stranger, out.path))).toBe('BUNDLE_OTHER_VILLAGE');
    expect(await codeOf(take(stranger, out.path, { wholeParts: true }))).toBe('BUNDLE_OTHER_VILLAGE');
    expect(villageOf(second).node.marks()).toEqual(before);
  });

  test('that is damaged gives what is whole of it when asked, and the rest from a second file', async () => {
    const { first, second } = await apart();
    const out = await write(first);
    const bytes = readFileSync(out.path);
    // Wherever the damage is: in the header, the list, an entry or the last block.
    for (const at of [5, 300, Math.floor(bytes.length / 2), bytes.length - 10]) {
      const flipped = fileIn();
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      writeFileSync(flipped, changed);
      const report = await checkBundle(villageOf(second), flipped, QUIET);
      expect(report.isWhole, `at ${at}`).toBe(false);
      const { fresh, known } = report.entries;
      expect(fresh + known, `at ${at}`).toBeGreaterThanOrEqual(out.entries - 1);
      await take(second, flipped, { wholeParts: true });
    }
    await take(second, out.path);
    expect(villageOf(second).state().agreements.size).toBe(1);
  });

  test('since a day holds what was written from that day on, and a reader who lacks more is told how much', async () => {
    const { first, second } = await apart();
    const dayMs = first.clock.atMs + DAY_MS;
    first.clock.atMs = dayMs + DAY_MS;
    await addPerson(villageOf(first), { name: 'Late', roles: ['consumer'], pin: PIN });
    const have = await marksBefore(villageOf(first).node, dayMs, QUIET.signal);
    const late = await write(first, { there: { have, wants: [] } });
    expect(late.entries).toBe(1);
    const report = await checkBundle(villageOf(second), late.path, QUIET);
    expect(report).toMatchObject({ isWhole: true, entries: { fresh: 1, lost: 0 } });
    expect(report.gap).toBeGreaterThan(10);
    // It waits for what it follows, and joins when that comes.
    expect(await take(second, late.path)).toMatchObject({ joined: 0, waiting: 1, refused: [] });
    const all = await write(first);
    await take(second, all.path);
    expect(villageOf(second).state().members.size).toBeGreaterThanOrEqual(villageOf(first).state().members.size);
    expect(await take(second, late.path)).toMatchObject({ joined: 0, waiting: 0 });
  });

  test('of one month brings a month that was put away here back', async () => {
    const [first] = await openTwo();
    const lease = await makeLease(first);
    await sealDay(first, dayOfMeter(lease.hostMeter, FIRST_DAY_MS + DAY_MS, 480n, 20n));
    const { village } = first.open();
    const path = fileIn('2026-03');
    const written = await exportMonth(village, '2026-03', path, QUIET);
    expect(written.blocks).toBe(2);
    const cids = [...village.state().segments.keys()];
    await village.node.releaseBook('segments-2026-03');
    await village.node.releaseBlocks(cids);
    expect(await Promise.all(cids.map((cid) => village.node.hasBlock(cid)))).toEqual([false, false]);
    const taken = await take(first, path);
    expect(taken).toMatchObject({ joined: 0, blocks: 2, waiting: 0, refused: [] });
    expect(taken.restored).toBe(written.entries);
    expect(await Promise.all(cids.map((cid) => village.node.hasBlock(cid)))).toEqual([true, true]);
  });
});
