import { afterEach, expect, test, vi } from 'vitest';
import { joinVillage } from '#core/villages/invitations.ts';
import {
  codeOf,
  command,
  endAll,
  found,
  invite,
  openConsole,
  openTwo,
  PIN,
  type TestConsole,
  WAIT,
} from './consoles.ts';
import { makeLease } from './months.ts';

afterEach(endAll);
const idOf = (on: TestConsole): string => on.open().village.id;

async function endOf(on: TestConsole, job: string) {
  let last:
    | { state: string; result: Record<string, string | number> | null; error: { code: string } | null }
    | undefined;
  for await (const state of await on.client().jobs.watch({ job })) last = state;
  return last;
}
async function exported(on: TestConsole, since: { from: 'start' } | { from: 'console'; device: string }) {
  const { job } = await on.client().bundles.export({ village: idOf(on), since, ...command() });
  const end = await endOf(on, job);
  expect(end?.state, JSON.stringify(end)).toBe('done');
  const file = String(end?.result?.['file']);
  const parts: Buffer[] = [];
  for (let offset = 0, isLast = false; !isLast; ) {
    const piece = await on.client().bundles.read({ file, offset });
    parts.push(Buffer.from(piece.data, 'base64'));
    offset += parts.at(-1)?.length ?? 0;
    isLast = piece.isLast;
  }
  await on.client().bundles.drop({ file });
  expect(await codeOf(on.client().bundles.read({ file, offset: 0 }))).toBe('NOT_FOUND');
  return { bytes: Buffer.concat(parts), result: end?.result };
}
async function sent(on: TestConsole, bytes: Buffer): Promise<string> {
  const { bundles } = on.client();
  const { file } = await bundles.create({ bytes: bytes.length });
  const pieceBytes = 50_000;
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
    const data = bytes.subarray(offset, offset + pieceBytes).toString('base64');
    await bundles.write({ file, offset, data });
    // A line that was lost makes the window send the same piece again.
    await bundles.write({ file, offset, data });
  }
  return file;
}

test('a window writes a file out, and another takes it in after it saw what is in it', async () => {
  const first = await openConsole();
  await found(first);
  await makeLease(first);
  const text = await invite(first, 'Okot', ['owner', 'coordinator']);
  await first.open().village.node.setOnline(false);
  const second = await openConsole();
  await joinVillage(second.console(), { text, name: 'Okot', pin: PIN });
  const village = idOf(second);
  const { bytes, result } = await exported(first, { from: 'start' });
  expect(result).toMatchObject({ bytes: bytes.length, days: 1, name: expect.stringMatching(/^kisoro-2026-.*\.car$/) });
  expect((await first.client('viewer').bundles.state({ village })).lastOut).toMatchObject({ days: 1, name: null });

  // Damaged: seen, refused, and its whole parts are there to be taken.
  const cut = await sent(second, bytes.subarray(0, bytes.length - 1000));
  const looked = await endOf(second, (await second.client().bundles.check({ village, file: cut, ...command() })).job);
  expect(looked?.state).toBe('done');
  const report = await second.client().bundles.report({ village, file: cut });
  expect(report).toMatchObject({ isWhole: false, days: { lost: 1 }, faults: [{ what: 'cut-off' }] });
  const refusing = await second.client().bundles.take({ village, file: cut, wholeParts: false, ...command() });
  expect((await endOf(second, refusing.job))?.error?.code).toBe('BUNDLE_DAMAGED');
  const parts = await second.client().bundles.take({ village, file: cut, wholeParts: true, ...command() });
  expect((await endOf(second, parts.job))?.result).toMatchObject({ joined: report.entries.fresh, days: 0 });

  const whole = await sent(second, bytes);
  const rest = await second.client().bundles.take({ village, file: whole, wholeParts: false, ...command() });
  expect((await endOf(second, rest.job))?.result).toMatchObject({ days: 1, waiting: 0 });
  const news = await second.client().bundles.state({ village });
  expect(news.lastIn).toMatchObject({ days: 1 });
  const writer = news.consoles.find((c) => c.device === first.open().village.keys.id);
  expect(writer).toMatchObject({ byFile: true, lacks: { days: 0 } });
});

test('a window that only looks brings nothing in and takes nothing out; a hole in a file is refused', async () => {
  const first = await openConsole();
  await found(first);
  const village = idOf(first);
  const viewer = first.client('viewer').bundles;
  expect(await codeOf(viewer.export({ village, since: { from: 'start' }, ...command() }))).toBe('NOT_ALLOWED');
  expect(await codeOf(viewer.create({ bytes: 1 }))).toBe('NOT_ALLOWED');
  expect(await codeOf(viewer.pack({ village, device: null }))).toBe('NOT_ALLOWED');
  const { bundles } = first.client();
  const { file } = await bundles.create({ bytes: 10 });
  expect(await codeOf(bundles.write({ file, offset: 5, data: 'AAAA' }))).toBe('BAD_INPUT');
  expect(await codeOf(bundles.write({ file, offset: 0, data: 'A'.repeat(40) }))).toBe('BAD_INPUT');
  expect(await codeOf(bundles.write({ file: '0'.repeat(16), offset: 0, data: 'AAAA' }))).toBe('NOT_FOUND');
  expect(await codeOf(bundles.create({ bytes: Number.MAX_SAFE_INTEGER }))).toBe('DISK_FULL');
});

test('a console that was linked is known to have what it had; a small bundle holds what it lacks since (J7)', async () => {
  const [first, second] = await openTwo();
  const village = idOf(first);
  const device = second.open().village.keys.id;
  await vi.waitFor(async () => {
    const { consoles } = await first.client().bundles.state({ village });
    expect(consoles).toMatchObject([{ device, name: 'Okot', byFile: false, toldAtMs: expect.any(Number) }]);
  }, WAIT);
  await second.open().village.node.setOnline(false);
  await first.open().village.node.setOnline(false);
  await makeLease(first);
  const { data, entries } = await first.client().bundles.pack({ village, device });
  expect(entries).toBeGreaterThan(5);
  expect(await codeOf(first.client().bundles.unpack({ data: data.slice(0, -40) }))).toBe('BAD_FILE');
  const { file } = await second.client().bundles.unpack({ data });
  const { job } = await second.client().bundles.take({ village, file, wholeParts: false, ...command() });
  expect((await endOf(second, job))?.result).toMatchObject({ waiting: 0, refused: 0 });
  expect(second.open().village.state().agreements.size).toBe(1);
});
