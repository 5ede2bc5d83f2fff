import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { joinVillage, readInvitation } from '#core/villages/invitations.ts';
import { decode, encode } from '#domain/bytes.ts';
import { DAY_MS } from '#domain/time.ts';
import {
  codeOf,
  command,
  converge,
  endAll,
  found,
  invite,
  openConsole,
  openTwo,
  PIN,
  type TestConsole,
  WAIT,
} from './consoles.ts';

afterEach(endAll);
const PREFIX = 'gridpact-invitation:';
const inside = (text: string) =>
  decode(new Uint8Array(Buffer.from(text.slice(PREFIX.length), 'base64url'))) as Record<string, unknown>;
const pack = (value: unknown): string => PREFIX + Buffer.from(encode(value)).toString('base64url');

describe('an invitation', () => {
  test('is refused by name when it is no invitation, cut off, or changed', async () => {
    const first = await openConsole();
    await found(first);
    const text = await invite(first, 'Okot', ['consumer']);
    for (const bad of ['', 'hello', PREFIX, text.slice(0, -9), `${PREFIX}AAAA`, `${text}AAAA`])
      expect(await codeOf(() => readInvitation(bad)), bad.slice(0, 40)).toBe('BAD_INVITATION');
    expect(readInvitation(`  ${text.slice(0, 100)}\n${text.slice(100)}\n`).villageName).toBe('Kisoro');
  });

  test('that has expired lets nobody in and leaves nothing behind', async () => {
    const first = await openConsole();
    await found(first);
    const text = await invite(first, 'Okot', ['consumer'], 1);
    const second = await openConsole();
    second.clock.atMs += 2 * DAY_MS;
    const join = joinVillage(second.console(), { text, name: 'Okot', pin: PIN });
    await expect(join).rejects.toMatchObject({ code: 'INVITATION_EXPIRED' });
    expect(second.console().store.villages()).toEqual([]);
  });

  test('with another name or role than the coordinator signed does not let its bearer in', async () => {
    const first = await openConsole();
    await found(first);
    const value = inside(await invite(first, 'Okot', ['consumer']));
    const certificate = { ...(value['certificate'] as object), roles: ['coordinator'] };
    const forger = await openConsole();
    await joinVillage(forger.console(), { text: pack({ ...value, certificate }), name: 'Okot', pin: PIN });
    await vi.waitFor(() => expect(forger.open().village.state().founding).not.toBeNull(), WAIT);
    const { village } = first.open();
    expect(village.state().members.size).toBe(1);
    expect([...village.state().devices.keys()]).not.toContain(forger.open().village.keys.id);
  });

  test('lets in one person; who comes second with it is told and does not count', async () => {
    const first = await openConsole();
    await found(first);
    const text = await invite(first, 'Okot', ['consumer']);
    const [one, two] = [await openConsole(), await openConsole()];
    await joinVillage(one.console(), { text, name: 'Okot', pin: PIN });
    await converge(first, one);
    // Later by the clock as well, whichever record reaches it first.
    two.clock.atMs += 60_000;
    await joinVillage(two.console(), { text, name: 'Not Okot', pin: PIN });
    const namesOn = (c: TestConsole) => [...c.open().village.revealed().members.values()].map((m) => m.name);
    await vi.waitFor(() => {
      expect(two.open().village.stateHash()).toBe(first.open().village.stateHash());
      expect(namesOn(first)).toEqual(['Akello', 'Okot']);
    }, WAIT);
    const standIn = expect.stringMatching(/^Member [0-9a-f]{4}$/);
    expect(namesOn(two)).toEqual([standIn, standIn]);
    expect((await two.client().villages.state({})).villages[0]).toMatchObject({ ready: false, me: null });
  });

  test('of another village is another village', async () => {
    const [first, other] = [await openConsole(), await openConsole()];
    await found(first);
    await found(other, 'Bosco');
    const value = inside(await invite(first, 'Okot', ['consumer']));
    const joiner = await openConsole();
    const psk = new Uint8Array(randomBytes(32));
    const swapped = pack({
      ...value,
      psk,
      village: other.open().village.id,
      addresses: other.open().village.node.addresses(),
    });
    await joinVillage(joiner.console(), { text: swapped, name: 'Okot', pin: PIN });
    expect(
      joiner
        .open()
        .village.node.peers()
        .filter((p) => p.connected),
    ).toEqual([]);
    expect(other.open().village.state().members.size).toBe(1);
  });
});

describe('a second console of one member', () => {
  test('is let in by their paper words, reads what the first reads, and writes in their name', async () => {
    const first = await openConsole();
    const { words } = await found(first);
    const { text } = await first.client().villages.consolePass({ village: first.open().village.id });
    const second = await openConsole();
    const same = () =>
      vi.waitFor(() => expect(second.open().village.stateHash()).toBe(first.open().village.stateHash()), WAIT);
    expect(await second.client().villages.readConsolePass({ text })).toMatchObject({ name: 'Akello' });
    await second.client().villages.addConsole({ ...command(), text, words: words.join(' '), pin: '9753' });
    await vi.waitFor(() => expect(first.open().village.state().devices.size).toBe(2), WAIT);
    await same();
    const village = second.open().village.id;
    await second.client().members.add({ ...command(), village, name: 'Okot', roles: ['consumer'], pin: PIN });
    await same();
    const namesOn = (c: TestConsole) => [...c.open().village.revealed().members.values()].map((m) => m.name);
    for (const c of [first, second]) await vi.waitFor(() => expect(namesOn(c)).toEqual(['Akello', 'Okot']), WAIT);
    expect((await second.open().village.keystore.unlock(second.open().village.row.member, '9753')).address).toBe(
      first.open().village.state().founding?.founder.address,
    );
  });

  test('with the words of somebody else reads nothing into the books and says why', async () => {
    const first = await openConsole();
    await found(first);
    const other = await openConsole();
    const { words } = await found(other, 'Bosco');
    const { text } = await first.client().villages.consolePass({ village: first.open().village.id });
    const thief = await openConsole();
    expect(
      await codeOf(() =>
        thief.client().villages.addConsole({ ...command(), text, words: 'goat '.repeat(12), pin: PIN }),
      ),
    ).toBe('BAD_WORDS');
    await thief.client().villages.addConsole({ ...command(), text, words: words.join(' '), pin: PIN });
    await vi.waitFor(async () => {
      const { village } = thief.open();
      expect(village.state().founding).not.toBeNull();
      const { refused } = await thief.client().sync.status({ village: village.id });
      expect(refused.map((r) => r.reason).join()).toContain('the member of this device');
    }, WAIT);
    expect(first.open().village.state().devices.size).toBe(1);
    await thief.restart();
    expect(thief.open().village.state().founding).not.toBeNull();
  });

  test('needs the whole text', async () => {
    const first = await openConsole();
    await found(first);
    const { text } = await first.client().villages.consolePass({ village: first.open().village.id });
    for (const bad of ['', 'gridpact-console:', text.slice(0, -7), `${text}AAAA`])
      expect(await codeOf(() => first.client().villages.readConsolePass({ text: bad }))).toBe('BAD_INVITATION');
  });
});

test('several villages live side by side in one console', async () => {
  const [first, second] = await openTwo();
  first.clock.atMs += 1000;
  const { village } = await first.client().villages.found({
    ...command(),
    name: 'Bugoye',
    currency: { code: 'UGX', exponent: 0 },
    zoneOffsetMin: 180,
    you: { name: 'Akello', roles: ['coordinator'] },
    pin: '1357',
  });
  await first.restart();
  const after = await first.client().villages.state({});
  expect(after.villages.map((v) => v.name)).toEqual(['Kisoro', 'Bugoye']);
  expect((await first.client().members.list({ village })).members).toHaveLength(1);
  await converge(first, second);
});

test('a console that joined while its inviter was away is in once they meet', async () => {
  const first = await openConsole();
  await found(first);
  const text = await invite(first, 'Okot', ['consumer']);
  await first.open().village.node.setOnline(false);
  const second = await openConsole();
  await joinVillage(second.console(), { text, name: 'Okot', pin: PIN });
  await second.restart();
  expect((await second.client().villages.state({})).villages[0]).toMatchObject({ name: 'Kisoro', ready: false });
  await first.open().village.node.setOnline(true);
  await converge(first, second);
  expect((await second.client().villages.state({})).villages[0]).toMatchObject({ ready: true, me: { name: 'Okot' } });
});

test('neither a PIN nor the paper words reach a log or an error', async () => {
  const first = await openConsole();
  const { words } = await found(first);
  const { village } = first.open();
  const wrong = await first
    .client()
    .villages.invite({ ...command(), village: village.id, name: 'Okot', roles: ['consumer'], days: 1, pin: '97531' })
    .catch((e: unknown) => e);
  expect(wrong).toMatchObject({ code: 'WRONG_PIN' });
  const told = [...first.logged, JSON.stringify(wrong), String(wrong), (wrong as Error).stack ?? ''].join('\n');
  for (const secret of ['97531', PIN, words.slice(0, 2).join(' ')]) expect(told).not.toContain(secret);
});
