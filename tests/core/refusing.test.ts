import { createHash, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { previewAccounts } from '#core/accounts/closing.ts';
import { deviceKeysFrom } from '#core/crypto/device-keys.ts';
import { systemClock } from '#core/ports/clock.ts';
import { recordBytes } from '#domain/books/record.ts';
import { cidOf, decode, encode } from '#domain/bytes.ts';
import type { Segment } from '#domain/metering/frame.ts';
import { startVillageNode } from '#p2p/start-village-node.ts';
import {
  atEnd,
  converge,
  endAll,
  framesOn,
  intervalsOn,
  makeFolder,
  openTwo,
  type TestConsole,
  WAIT,
} from './consoles.ts';
import { dayOfMeter, FIRST_DAY_MS, MONTH, makeLease, sealDay } from './months.ts';

afterEach(endAll);
const BOOK = `segments-${MONTH}`;
const refusedOn = async (on: TestConsole) => (await on.client().sync.status({ village: on.open().village.id })).refused;

test('the record of a device that nobody let in counts for nothing and is shown with who, where and why', async () => {
  const [first] = await openTwo();
  const { village } = first.open();
  const thief = deviceKeysFrom(new Uint8Array(randomBytes(32)));
  // It holds the network's key, as a lost console would.
  const node = await startVillageNode({
    dir: makeFolder('thief'),
    village: village.id,
    device: { id: thief.id, seed: thief.seed },
    networkKeys: () => [village.network.newestKey()],
    listen: ['/ip4/127.0.0.1/tcp/0'],
    mdns: false,
    admit: () => 'accept',
    clock: systemClock,
  });
  atEnd(() => node.stop());
  const before = village.stateHash();
  const bytes = recordBytes({
    v: 1,
    village: village.id,
    book: 'assets',
    kind: 'meter.add',
    device: thief.id,
    seq: 0,
    prev: null,
    at: { ms: first.clock.atMs, n: 0 },
    seen: [],
    body: {},
  });
  await node.append('assets', [{ bytes, sig: thief.sign(bytes) }]);
  await node.dial(village.node.addresses()[0] ?? '');
  await vi.waitFor(async () => {
    expect(await refusedOn(first)).toEqual([
      expect.objectContaining({
        peer: thief.id,
        book: 'assets',
        name: null,
        reason: expect.stringMatching(/never let in/),
      }),
    ]);
  }, WAIT);
  expect(village.stateHash()).toBe(before);
  await first.restart();
  expect(first.open().village.stateHash()).toBe(before);
});

describe('a segment that is not what was announced', () => {
  /** Announces a block from the first console as its own code never would. */
  async function announce(
    on: TestConsole,
    change: (good: Segment) => unknown,
    announced: object = {},
  ): Promise<string> {
    const { village } = on.open();
    const [ref] = [...village.state().segments.values()];
    if (!ref) throw new Error('nothing is sealed yet');
    const good = decode(
      await village.node.getBlock(ref.cid, { signal: AbortSignal.timeout(1000), localOnly: true }),
    ) as Segment;
    const block = encode(change({ ...good, prev: ref.cid }));
    const { day, root, frames, fromMs, toMs } = ref;
    const body = {
      cid: cidOf(block),
      day,
      root,
      frames,
      bytes: block.length,
      fromMs,
      toMs,
      prev: ref.cid,
      ...announced,
    };
    await village.node.putBlock(body.cid, block);
    await village.act([{ book: BOOK, kind: 'segment.announce', body }]);
    return body.cid;
  }
  const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((b, i) => (i === at ? b ^ 1 : b));
  const cases: [string, (good: Segment) => unknown, object, RegExp][] = [
    ['of another village', (s) => ({ ...s, village: 'ab'.repeat(32) }), {}, /not the announced segment/],
    ['of another device', (s) => ({ ...s, device: 'cd'.repeat(32) }), {}, /not the announced segment/],
    ['of another day', (s) => ({ ...s, day: '2026-03-30' }), {}, /not the announced segment/],
    ['under another root', (s) => s, { root: new Uint8Array(32).fill(1) }, /frames are not the announced ones/],
    ['with fewer frames', (s) => ({ ...s, frames: s.frames.slice(1) }), {}, /frames are not the announced ones/],
    ['that is no segment', () => ({ hello: 'world' }), {}, /not a segment/],
    [
      'with a frame that was changed',
      (s) => ({ ...s, frames: s.frames.map((f, i) => (i === 0 ? { ...f, box: flip(f.box, 5) } : f)) }),
      {},
      /does not open/,
    ],
    [
      'whose frames swap meters',
      (s) => ({ ...s, frames: s.frames.map((f, i) => ({ ...f, meter: s.frames[1 - i]?.meter ?? f.meter })) }),
      {},
      /does not open/,
    ],
  ];

  test('is kept out on every console, with the reason, and nothing of it is counted', async () => {
    const [first, second] = await openTwo();
    await makeLease(first);
    await converge(first, second);
    const before = await previewAccounts(second.open().village, MONTH);
    const made: { cid: string; what: string; reason: RegExp }[] = [];
    for (const [what, change, announced, reason] of cases) {
      // What a broken gateway sends is stopped where it is made as well: the announcing console reads its own block.
      made.push({ cid: await announce(first, change, announced), what, reason });
    }
    await converge(first, second);
    for (const on of [first, second]) {
      const { store } = on.open().village;
      for (const { cid, what, reason } of made) {
        expect(store.segment(cid), what).toMatchObject({ state: 'bad', reason: expect.stringMatching(reason) });
      }
      const refused = await refusedOn(on);
      for (const { reason, what } of made)
        expect(refused, what).toContainEqual(expect.objectContaining({ reason: expect.stringMatching(reason) }));
      for (const r of refused)
        expect(r).toMatchObject({ peer: first.open().village.keys.id, book: BOOK, name: 'Akello' });
      expect(await previewAccounts(on.open().village, MONTH)).toEqual(before);
    }
  });

  test('and a frame whose signature is not of its gateway is worth nothing (T0)', async () => {
    const [first, second] = await openTwo();
    const { homeMeter } = await makeLease(first);
    await converge(first, second);
    const before = await previewAccounts(second.open().village, MONTH);
    const { village } = first.open();
    const own = { ...village.keys };
    const other = deviceKeysFrom(new Uint8Array(createHash('sha256').update('other').digest()));
    // Frames are signed with another key than the record that announces them.
    const act = village.act.bind(village);
    Object.assign(village.keys, { sign: (message: Uint8Array) => other.sign(message) });
    Object.assign(village, {
      act: (acts: Parameters<typeof act>[0]) => {
        Object.assign(village.keys, own);
        return act(acts);
      },
    });
    await sealDay(first, dayOfMeter(homeMeter, FIRST_DAY_MS + 86_400_000, 7200n, 500n));
    await converge(first, second);
    for (const on of [first, second]) {
      const intervals = intervalsOn(on, homeMeter);
      expect(intervals.filter((i) => i.fromMs >= FIRST_DAY_MS + 86_400_000).map((i) => i.trust)).toEqual(
        Array.from({ length: 24 }, () => 0),
      );
      expect((await previewAccounts(on.open().village, MONTH)).statements).toEqual(before.statements);
    }
  });
});

test('a block that nobody has holds up neither what is sealed here nor what peers do have', async () => {
  const [first, second] = await openTwo();
  const { homeMeter } = await makeLease(first);
  await converge(first, second);
  const { village } = first.open();
  const [known] = [...village.state().segments.values()];
  const cid = cidOf(encode('a block that was lost'));
  const { day, root, frames, bytes, fromMs, toMs } = known ?? { day: '' };
  const body = { cid, day, root, frames, bytes, fromMs, toMs, prev: null };
  await village.act([{ book: BOOK, kind: 'segment.announce', body }]);
  const sealed = await sealDay(first, dayOfMeter(homeMeter, FIRST_DAY_MS + 86_400_000, 7200n, 100n));
  expect(framesOn(first).map((f) => f.segment)).toContain(sealed);
  await vi.waitFor(() => expect(second.open().village.store.segment(sealed)?.state).toBe('verified'), WAIT);
  expect(second.open().village.store.segment(cid)).toBeUndefined();
});
