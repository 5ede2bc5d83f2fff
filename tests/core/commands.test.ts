import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { codeOf, endAll, found, openConsole, PIN } from './consoles.ts';

afterEach(endAll);

async function foundedConsole() {
  const opened = await openConsole();
  const { open } = await found(opened);
  return { opened, village: open.village.id };
}
const person = (village: string, name = 'Juma') => ({
  village,
  commandId: randomUUID(),
  name,
  roles: ['consumer' as const],
  pin: '1357',
});

test('a command is done once: sent twice, at once, or again after a restart, it answers what it answered', async () => {
  const { opened, village } = await foundedConsole();
  const add = person(village);
  const [first, twin] = await Promise.all([opened.client().members.add(add), opened.client().members.add(add)]);
  expect(twin).toEqual(first);
  await opened.restart();
  expect(await opened.client().members.add(add)).toEqual(first);
  const { members } = await opened.client().members.list({ village });
  expect(members.filter((m) => m.name === 'Juma')).toHaveLength(1);
});

test('the answer of a command, which may hold paper words, is kept sealed', async () => {
  const { opened, village } = await foundedConsole();
  const add = person(village);
  const { words } = await opened.client().members.add(add);
  const kept = opened.console().store.answered(add.commandId)?.answer ?? '';
  expect(kept.length).toBeGreaterThan(0);
  expect(Buffer.from(kept, 'base64').includes(words[0] ?? '?')).toBe(false);
});

test('the id of a command belongs to that command only', async () => {
  const { opened, village } = await foundedConsole();
  const { commandId, ...rest } = person(village);
  await opened.client().members.add({ commandId, ...rest });
  const other = opened.client().villages.setLanguage({ commandId, language: 'sw' });
  await expect(other).rejects.toMatchObject({ code: 'BAD_INPUT' });
  const next = person(village, 'Asha');
  const running = opened.client().members.add(next);
  expect(await codeOf(opened.client().villages.setLanguage({ commandId: next.commandId, language: 'sw' }))).toBe(
    'BAD_INPUT',
  );
  await running;
});

test('a command that failed may be sent again under its id', async () => {
  const { opened, village } = await foundedConsole();
  const invite = { village, commandId: randomUUID(), name: 'Okot', roles: ['consumer' as const], days: 1 };
  expect(await codeOf(opened.client().villages.invite({ ...invite, pin: '0000' }))).toBe('WRONG_PIN');
  const { text } = await opened.client().villages.invite({ ...invite, pin: PIN });
  expect(text).toMatch(/^gridpact-invitation:/);
});

test('a viewer looks and writes nothing; who is no coordinator does not admit members', async () => {
  const { opened, village } = await foundedConsole();
  expect((await opened.client('viewer').members.list({ village })).members).toHaveLength(1);
  expect(await codeOf(opened.client('viewer').members.add(person(village)))).toBe('NOT_ALLOWED');
  expect(
    await codeOf(opened.client('viewer').sync.setOnline({ village, commandId: randomUUID(), online: false })),
  ).toBe('NOT_ALLOWED');
  expect(opened.open().village.node.online).toBe(true);
  expect(await codeOf(opened.client().members.list({ village: 'ab'.repeat(32) }))).toBe('NOT_FOUND');
});
