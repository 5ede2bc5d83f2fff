import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { exportBundle } from '#core/bundles/export-bundle.ts';
import { takeBundle } from '#core/bundles/take-bundle.ts';
import { joinVillage, readInvitation } from '#core/villages/invitations.ts';
import { DAY_MS } from '#domain/time.ts';
import {
  command,
  converge,
  endAll,
  invite,
  makeFolder,
  openConsole,
  openTwo,
  PIN,
  type TestConsole,
  WAIT,
} from './consoles.ts';

afterEach(endAll);

const here = (on: TestConsole) => on.open().village;
const input = (on: TestConsole) => ({ ...command(), village: here(on).id });
const networkOf = async (on: TestConsole) => (await on.client().villages.settings({ village: here(on).id })).network;
const peersOf = async (on: TestConsole) => (await on.client().sync.status({ village: here(on).id })).peers;
const addressOf = (on: TestConsole) => here(on).node.addresses()[0] ?? '';
const isLinked = (a: TestConsole, b: TestConsole) =>
  here(a)
    .node.peers()
    .some((p) => p.peer === here(b).node.peerId && p.connected);

describe('a new key of the village network', () => {
  test('reaches every console that may write while they run, and the old key then opens nothing (P47)', async () => {
    const [first, second] = await openTwo();
    const before = here(first).network.newestKey();
    expect(await networkOf(first)).toMatchObject({ changedAtMs: null, have: 2, consoles: 2, exposed: false });
    await first.client().villages.changeNetworkKey(input(first));
    await vi.waitFor(async () => {
      expect(here(second).network.newestKey()).toEqual(here(first).network.newestKey());
      expect(await networkOf(first)).toMatchObject({ have: 2, consoles: 2, oldUntilMs: null });
    }, WAIT);
    expect(here(first).network.newestKey()).not.toEqual(before);
    expect(here(second).network.nodeOptions.networkKeys()).toHaveLength(1);
    await first.restart();
    expect(here(first).network.nodeOptions.networkKeys()).toEqual(here(second).network.nodeOptions.networkKeys());
    await converge(first, second);
  });

  test('is learned from anyone by a console that was away for less than 30 days', async () => {
    const [first, second] = await openTwo();
    await second.stop();
    await first.client().villages.changeNetworkKey(input(first));
    for (const on of [first, second]) on.clock.atMs += 29 * DAY_MS;
    expect(await networkOf(first)).toMatchObject({ have: 1, consoles: 2, oldUntilMs: expect.any(Number) });
    await second.restart();
    await converge(first, second);
    await vi.waitFor(async () => expect((await networkOf(second)).have).toBe(2), WAIT);
    expect(here(second).network.newestKey()).toEqual(here(first).network.newestKey());
  });

  test('is refused to a console that was away for longer, which says so of the consoles it knows', async () => {
    const [first, second] = await openTwo();
    await second.stop();
    await first.client().villages.changeNetworkKey(input(first));
    for (const on of [first, second]) on.clock.atMs += 31 * DAY_MS;
    await first.restart();
    await second.restart();
    const dial = second.client().sync.dial({ ...input(second), address: addressOf(first) });
    await expect(dial).rejects.toMatchObject({ code: 'DIAL_FAILED' });
    await vi.waitFor(async () => expect((await peersOf(second))[0]).toMatchObject({ keyRefused: true }), WAIT);
    expect(isLinked(first, second)).toBe(false);
    // A USB stick is the way back in.
    const path = join(makeFolder('stick'), 'stick.car');
    const quiet = { signal: new AbortController().signal, progress: () => undefined };
    await exportBundle(here(first), path, {}, quiet);
    await takeBundle(here(second), path, { wholeParts: false }, quiet);
    await vi.waitFor(() => expect(here(second).network.newestKey()).toEqual(here(first).network.newestKey()), WAIT);
    await converge(first, second);
  });

  test('comes with every invitation that is written after it', async () => {
    const [first] = await openTwo();
    await first.client().villages.changeNetworkKey(input(first));
    const text = await invite(first, 'Awino', ['consumer']);
    const third = await openConsole();
    await joinVillage(third.console(), { text, name: 'Awino', pin: PIN });
    await converge(first, third);
    expect(here(third).network.newestKey()).toEqual(here(first).network.newestKey());
  });
});

test('a console that is taken out is cut off at once and everywhere, under either key, and learns no new one (J15)', async () => {
  const [first, second] = await openTwo();
  const third = await openConsole();
  await joinVillage(third.console(), { text: await invite(first, 'Thief', ['consumer']), name: 'Thief', pin: PIN });
  await converge(first, second, third);
  const lost = here(third).keys.id;
  expect(isLinked(second, third)).toBe(true);
  await first.client().villages.revokeDevice({ ...input(first), device: lost, reason: 'stolen', counts: 'so-far' });
  await vi.waitFor(() => {
    expect([isLinked(first, third), isLinked(second, third)]).toEqual([false, false]);
  }, WAIT);
  expect(await networkOf(first)).toMatchObject({ exposed: true });
  await first.client().villages.changeNetworkKey(input(first));
  await vi.waitFor(async () => expect(await networkOf(second)).toMatchObject({ exposed: false, have: 2 }), WAIT);
  for (const address of [addressOf(first), addressOf(second)])
    await here(third)
      .node.dial(address)
      .catch(() => undefined);
  await vi.waitFor(
    () =>
      expect(
        here(third)
          .node.peers()
          .filter((p) => p.connected),
      ).toEqual([]),
    WAIT,
  );
  expect(here(third).network.newestKey()).not.toEqual(here(first).network.newestKey());
});

test('a meeting point is remembered, handed on with invitations and dropped again; nothing waits for it', async () => {
  const [first] = await openTwo();
  const away = '/ip4/127.0.0.1/tcp/1';
  const set = first.client().sync.setMeetingPoint({ ...input(first), address: away });
  await expect(set).rejects.toMatchObject({ code: 'DIAL_FAILED' });
  await first.restart();
  const status = () => first.client().sync.status({ village: here(first).id });
  expect((await status()).meetingPoint).toBe(away);
  expect(readInvitation(await invite(first, 'Awino', ['consumer'])).addresses[0]).toBe(away);
  await first.client().sync.setMeetingPoint({ ...input(first), address: null });
  expect((await status()).meetingPoint).toBeNull();
  const bad = first.client().sync.setMeetingPoint({ ...input(first), address: 'next door' });
  await expect(bad).rejects.toMatchObject({ code: 'BAD_ADDRESS' });
  expect((await status()).meetingPoint).toBeNull();
});

test('a console that will not come back is forgotten', async () => {
  const [first, second] = await openTwo();
  const { peerId } = here(second).node;
  await second.stop();
  await first.client().sync.forgetPeer({ ...input(first), peer: peerId });
  expect((await peersOf(first)).map((p) => p.peer)).toEqual([]);
  await expect(first.client().sync.forgetPeer({ ...input(first), peer: peerId })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});
