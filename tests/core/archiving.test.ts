import { appendFileSync, copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { verifyClose } from '#core/accounts/closing.ts';
import { decideDrop, dropMonth, writeMonth } from '#core/archive/drop-month.ts';
import { monthPlaces } from '#core/archive/month-places.ts';
import { takeBundle } from '#core/bundles/take-bundle.ts';
import { joinVillage } from '#core/villages/invitations.ts';
import { DAY_MS, monthSpan, UTC } from '#domain/time.ts';
import {
  codeOf,
  command,
  converge,
  endAll,
  found,
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
import {
  dayOfMeter,
  FIRST_DAY_MS,
  type Lease,
  MONTH,
  makeLease,
  sealDay,
  setClocks,
  settleMonth,
  THREE_MONTHS,
} from './months.ts';

afterEach(endAll);

const kept = (on: TestConsole) =>
  vi.waitFor(() => expect(villageOf(on).index.outside.size).toBe(villageOf(on).state().outside.size), WAIT);

/** A lease, readings in March, and three settled months. */
async function threeMonths(on: TestConsole, atEachEnd: () => Promise<void> = async () => undefined): Promise<Lease> {
  const lease = await makeLease(on);
  await villageOf(on).act([{ book: `operations-${MONTH}`, kind: 'note', body: 'of March' }]);
  for (const month of THREE_MONTHS) {
    await settleMonth(on, month);
    await atEachEnd();
  }
  await kept(on);
  return lease;
}
async function closedVillage(): Promise<{ readonly on: TestConsole; readonly lease: Lease }> {
  const on = await openConsole();
  await found(on);
  return { on, lease: await threeMonths(on) };
}
async function write(on: TestConsole, name = 'march.car', month = MONTH) {
  const path = join(makeFolder('stick'), name);
  await writeMonth(villageOf(on), month, path, name, QUIET);
  return { path, name };
}
const drop = (on: TestConsole, file: { path: string; name: string }, month = MONTH) =>
  dropMonth(villageOf(on), month, file, QUIET);
const placeOf = (on: TestConsole, month = MONTH) => monthPlaces(villageOf(on), 13).find((m) => m.month === month);
const march = monthSpan(MONTH, { offsetMin: 180 });

/** What a person sees of March, and what every console agrees on. */
async function shown(on: TestConsole) {
  const { village } = on.open();
  const client = on.client();
  const close = [...village.state().closes.values()].find((c) => c.month === MONTH);
  if (!close) throw new Error('March was not closed');
  const { energy, statements, batch } = await client.accounts.get({ village: village.id, month: MONTH });
  return {
    hash: village.stateHash(),
    statements,
    energy,
    batch: { tx: batch?.tx, root: batch?.statementsRoot, signed: batch?.signers.map((x) => x.signedAtMs) },
    verdict: (await verifyClose(village, close)).verdict,
    days: (await village.readings.days(march.from, march.to)).map((d) => d.village.map((h) => h.usedWh)),
    hours: [...(await village.readings.hours(FIRST_DAY_MS, FIRST_DAY_MS + DAY_MS)).values()].map((h) => [...h.keys()]),
  };
}
const rawCounts = (on: TestConsole) => villageOf(on).store.counts();
const blocksHere = async (on: TestConsole): Promise<boolean[]> =>
  Promise.all([...villageOf(on).state().segments.keys()].map((cid) => villageOf(on).node.hasBlock(cid)));

describe('a closed month that was written to a file', () => {
  test('leaves this disk, is shown as before, survives restart and rebuild, and comes back whole', async () => {
    const { on, lease } = await closedVillage();
    const before = await shown(on);
    expect(before.verdict).toBe('same');
    expect(before.statements.length).toBeGreaterThan(0);
    const size = placeOf(on)?.bytes ?? 0;
    expect(placeOf(on)).toMatchObject({ state: 'settled', place: 'here', stays: null });
    const file = await write(on);
    const gone = await drop(on, file);
    expect(gone).toMatchObject({ blocks: 1, entries: expect.any(Number) });
    expect(placeOf(on)).toMatchObject({ place: 'dropped', archived: { file: 'march.car' } });
    expect(placeOf(on)?.bytes).toBeLessThan(size / 10);
    expect(rawCounts(on).frames).toBe(0);
    expect(await blocksHere(on)).toEqual([false]);
    const away = async () => {
      expect(await shown(on)).toEqual(before);
      const frames = () => villageOf(on).readings.frames(lease.hostMeter, FIRST_DAY_MS, FIRST_DAY_MS + DAY_MS);
      expect(frames).toThrow(/2026-03 are not on this laptop: they are in the file march\.car/);
      expect(villageOf(on).segments.progress().state).toBe('idle');
    };
    await away();
    await on.restart();
    await away();
    await villageOf(on).rebuild();
    await away();
    await on.restart();
    await away();
    expect(await takeBundle(villageOf(on), file.path, { wholeParts: false }, QUIET)).toMatchObject({
      joined: 0,
      restored: gone.entries,
      blocks: 1,
      refused: [],
    });
    expect(placeOf(on)).toMatchObject({ place: 'here', stays: null });
    expect(placeOf(on)?.bytes).toBe(size);
    expect(await blocksHere(on)).toEqual([true]);
    expect(villageOf(on).readings.frames(lease.hostMeter, FIRST_DAY_MS, FIRST_DAY_MS + DAY_MS)).toHaveLength(1);
    expect(await shown(on)).toEqual(before);
    await villageOf(on).rebuild();
    await kept(on);
    expect(await shown(on)).toEqual(before);
    // And once more, with the same file.
    await drop(on, file);
    expect(await shown(on)).toEqual(before);
  });

  test('never leaves without a file that holds exactly what is here', async () => {
    const { on } = await closedVillage();
    const file = await write(on);
    const copy = (name: string) => {
      const path = join(makeFolder('copy'), name);
      copyFileSync(file.path, path);
      return { path, name };
    };
    const missing = { path: `${file.path}.none`, name: 'none' };
    expect(await codeOf(drop(on, missing))).toBe('BAD_FILE');
    const truncated = copy('truncated.car');
    truncateSync(truncated.path, readFileSync(file.path).length - 20);
    expect(await codeOf(drop(on, truncated))).toBe('BUNDLE_DAMAGED');
    const changed = copy('changed.car');
    const bytes = readFileSync(changed.path);
    bytes[bytes.length - 30] = (bytes.at(-30) ?? 0) ^ 1;
    writeFileSync(changed.path, bytes);
    await expect(drop(on, changed)).rejects.toThrow(/damaged at byte \d+\. Nothing was removed/);
    const longer = copy('longer.car');
    appendFileSync(longer.path, Buffer.alloc(64, 1));
    expect(await codeOf(drop(on, longer))).toBe('BUNDLE_DAMAGED');
    const other = await write(on, 'april.car', '2026-04');
    expect(await codeOf(drop(on, other))).toBe('EXPORT_NOT_WHOLE');
    expect(await codeOf(drop(on, file, '2026-04'))).toBe('MONTH_NEEDED_HERE');
    expect(await codeOf(drop(on, file, '2026-06'))).toBe('MONTH_NEEDED_HERE');
    expect(placeOf(on)).toMatchObject({ place: 'here' });
    expect(rawCounts(on).frames).toBeGreaterThan(0);
    expect(await blocksHere(on)).toEqual([true]);
  });

  test('stays when something came later than its file, until that is settled and written too', async () => {
    const { on, lease } = await closedVillage();
    const early = await write(on);
    await sealDay(on, dayOfMeter(lease.hostMeter, FIRST_DAY_MS + DAY_MS, 9_600n, 10n));
    await expect(drop(on, early)).rejects.toThrow(/records of it came after its close/);
    await settleMonth(on, '2026-06');
    await kept(on);
    await expect(drop(on, early)).rejects.toThrow(/they stay until the close after the one that settles them/);
    await settleMonth(on, '2026-07');
    await kept(on);
    await expect(drop(on, early)).rejects.toThrow(/lacks \d+ records and 1 days of readings of 2026-03/);
    expect(placeOf(on)).toMatchObject({ place: 'here' });
    await drop(on, await write(on, 'later.car'));
    expect(placeOf(on)).toMatchObject({ place: 'dropped', archived: { file: 'later.car' } });
  });

  test('goes and comes back over the contract, by the file that the window saved', async () => {
    const { on } = await closedVillage();
    const client = on.client();
    const { id: village } = villageOf(on);
    const ended = async ({ job }: { readonly job: string }) => {
      for await (const state of await client.jobs.watch({ job })) if (state.state !== 'running') return state;
      throw new Error('the job never ended');
    };
    const read = async () => (await client.archive.months({ village })).months.find((m) => m.month === MONTH);
    expect(await read()).toMatchObject({
      state: 'settled',
      place: 'here',
      file: null,
      stays: null,
      isSuggested: false,
    });
    expect((await client.archive.months({ village })).keep).toBe(13);
    await client.archive.setKeep({ ...command(), village, months: 3 });
    expect((await client.archive.months({ village })).keep).toBe(3);
    const { result: out } = await ended(await client.archive.export({ ...command(), village, month: MONTH }));
    expect(await read()).toMatchObject({
      file: { name: out?.['name'], sha256: out?.['sha256'], bytes: out?.['bytes'] },
    });
    const { data } = await client.bundles.read({ file: String(out?.['file']), offset: 0 });
    const bytes = Buffer.from(data, 'base64');
    const send = async (given: Buffer) => {
      const { file } = await client.bundles.create({ bytes: given.length });
      await client.bundles.write({ file, offset: 0, data: given.toString('base64') });
      return file;
    };
    const dropBy = async (given: Buffer) =>
      ended(
        await client.archive.drop({ ...command(), village, month: MONTH, file: await send(given), name: 'mine.car' }),
      );
    expect((await dropBy(bytes.subarray(0, -9))).error?.code).toBe('BUNDLE_DAMAGED');
    expect((await read())?.place).toBe('here');
    expect(await dropBy(bytes)).toMatchObject({ state: 'done', result: { days: 1 } });
    expect(await read()).toMatchObject({ place: 'dropped', file: { name: 'mine.car', sha256: out?.['sha256'] } });
    const { inFile } = await client.accounts.get({ village, month: MONTH });
    expect(inFile).toMatchObject({ month: MONTH, name: 'mine.car' });
    const again = await ended(await client.archive.export({ ...command(), village, month: MONTH }));
    expect(again.error).toMatchObject({ code: 'MONTH_EXPORTED', values: { file: 'mine.car' } });
    const taken = await client.bundles.take({ ...command(), village, file: await send(bytes), wholeParts: false });
    expect(await ended(taken)).toMatchObject({ state: 'done', result: { days: 1 } });
    expect((await read())?.place).toBe('here');
    expect((await client.accounts.get({ village, month: MONTH })).inFile).toBeNull();
  });

  test('is either here or dropped, wherever its removal was cut off: the next start finishes it', async () => {
    const { on } = await closedVillage();
    const before = await shown(on);
    const file = await write(on);
    for (const released of [[], [`segments-${MONTH}`], [`segments-${MONTH}`, `operations-${MONTH}`]]) {
      const { books } = await decideDrop(villageOf(on), MONTH, file, QUIET);
      for (const book of released) await villageOf(on).node.releaseBook(book, books[book]);
      await on.restart();
      expect(placeOf(on)).toMatchObject({ place: 'dropped' });
      expect(await blocksHere(on)).toEqual([false]);
      expect(await shown(on)).toEqual(before);
      await takeBundle(villageOf(on), file.path, { wholeParts: false }, QUIET);
      expect(placeOf(on)).toMatchObject({ place: 'here' });
    }
  });

  test('leaves a household that may not read it too, and what was agreed is shown as before', async () => {
    const on = await openConsole();
    await found(on);
    const text = await invite(on, 'Nafula', ['consumer']);
    const home = await openConsole();
    await joinVillage(home.console(), { text, name: 'Nafula', pin: PIN });
    await converge(on, home);
    await threeMonths(on, async () => {
      setClocks(on.clock.atMs, home);
      await vi.waitFor(() => {
        expect(villageOf(home).stateHash()).toBe(villageOf(on).stateHash());
        expect(villageOf(home).segments.progress().verified.segments).toBe(1);
      }, WAIT);
      await kept(home);
    });
    // An old close is folded from the first record on, and no record of it can make what is locked readable.
    const folding = vi.spyOn(villageOf(home), 'atCut');
    const before = await shown(home);
    expect(before).toMatchObject({ verdict: 'not-readable', hash: villageOf(on).stateHash() });
    expect(folding).not.toHaveBeenCalled();
    expect(before.statements.length).toBeGreaterThan(0);
    const file = await write(home);
    await drop(home, file);
    expect(await shown(home)).toEqual(before);
    await home.restart();
    await villageOf(home).rebuild();
    expect(await shown(home)).toEqual(before);
    await takeBundle(villageOf(home), file.path, { wholeParts: false }, QUIET);
    expect(await shown(home)).toEqual(before);
  });

  test('keeps its consoles in step; a late day of it is taken in and judged, and says which file it needs', async () => {
    const [first, second] = await openTwo();
    const lease = await threeMonths(first);
    setClocks(first.clock.atMs, second);
    await converge(first, second);
    await kept(second);
    const file = await write(second);
    await drop(second, file);
    await converge(first, second);
    const peer = () =>
      villageOf(first)
        .node.peers()
        .find((p) => p.connected);
    await vi.waitFor(() => expect(peer()).toMatchObject({ inStep: true, toSend: 0, toFetch: 0 }), WAIT);
    expect(await blocksHere(second)).toEqual([false]);
    const chart = await shown(second);
    await sealDay(first, dayOfMeter(lease.hostMeter, FIRST_DAY_MS, 0n, 500n));
    await converge(first, second);
    expect(await blocksHere(second)).toEqual([false, true]);
    expect((await shown(second)).days).toEqual(chart.days);
    expect((await shown(second)).verdict).toBe('same');
    const june = villageOf(second).readings.energyIn([MONTH]);
    await expect(june).rejects.toMatchObject({ code: 'MONTH_EXPORTED', data: { month: MONTH, file: 'march.car' } });
    const village = villageOf(second).id;
    const client = second.client();
    const now = await client.accounts.get({ village, month: '2026-06' });
    expect(now).toMatchObject({ needed: [{ month: MONTH, file: 'march.car' }], energy: null });
    // Nothing else minds.
    await client.today.get({ village });
    await client.meters.list({ village });
    for (const member of [lease.terms.host, lease.terms.owner]) await client.members.get({ village, member });
    await client.agreements.get({ village, agreement: lease.agreement });
    expect(placeOf(second)).toMatchObject({ place: 'dropped', stays: 'late-records' });
    const atMs = monthSpan(MONTH, UTC).from;
    const meter = { village: villageOf(second).id, meter: lease.hostMeter };
    const page = await second.client().meters.older({ ...meter, beforeMs: atMs + 5 * DAY_MS });
    expect(page.inFile).toMatchObject({ month: MONTH, name: 'march.car' });
    await takeBundle(villageOf(second), file.path, { wholeParts: false }, QUIET);
    expect((await villageOf(second).readings.energyIn([MONTH]))(MONTH).meters.size).toBe(2);
    expect(villageOf(second).stateHash()).toBe(villageOf(first).stateHash());
  });
});
