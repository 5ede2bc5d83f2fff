import { afterEach, expect, test } from 'vitest';
import { codeOf, command, endAll, found, openConsole, PIN } from './consoles.ts';

afterEach(endAll);
const NEW_PIN = '97531';

test('a member changes keys: the old PIN and words are past, the new ones recover the key', async () => {
  const on = await openConsole();
  const { words: oldWords } = await found(on);
  const { id: village, row } = on.open().village;
  const { member } = row;
  const client = on.client();
  expect(await codeOf(client.members.rotateKey({ ...command(), village, member, pin: '0000', newPin: NEW_PIN }))).toBe(
    'WRONG_PIN',
  );
  const { words } = await client.members.rotateKey({ ...command(), village, member, pin: PIN, newPin: NEW_PIN });
  const { keystore } = on.open().village;
  expect(await codeOf(keystore.unlock(member, PIN))).toBe('WRONG_PIN');
  expect((await keystore.unlock(member, NEW_PIN)).address).toBe(
    on.open().village.state().members.get(member)?.keys.at(-1)?.address,
  );
  const recover = (text: string[]) =>
    client.members.recoverKey({ ...command(), village, member, words: text.join(' '), newPin: '1111' });
  expect(await codeOf(recover(oldWords))).toBe('BAD_WORDS');
  await recover(words);
  expect(await codeOf(keystore.unlock(member, '1111'))).toBe('no error');
});

test.each([
  ['before the change was written', false],
  ['after the change was written', true],
])('a console that goes down %s keeps the key that counts', async (_when, written) => {
  const on = await openConsole();
  await found(on);
  const { village } = on.open();
  const { member } = village.row;
  const act = village.act.bind(village);
  Object.assign(village, {
    act: async (acts: Parameters<typeof act>[0]) => {
      if (written) await act(acts);
      throw new Error('the plug was pulled');
    },
  });
  const rotate = on
    .client()
    .members.rotateKey({ ...command(), village: village.id, member, pin: PIN, newPin: NEW_PIN });
  expect(await codeOf(rotate)).toBe('INTERNAL');
  await on.restart();
  const after = on.open().village;
  const current = after.state().members.get(member)?.keys.at(-1);
  expect(current?.number).toBe(written ? 1 : 0);
  expect((await after.keystore.unlock(member, written ? NEW_PIN : PIN)).address).toBe(current?.address);
});
