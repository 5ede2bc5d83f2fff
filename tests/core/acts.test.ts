import { afterEach, expect, test, vi } from 'vitest';
import { codeOf, endAll, found, openConsole } from './consoles.ts';

afterEach(endAll);

const note = (book: string, text: string) => ({ book, kind: 'note', body: { text } });
/** Nobody is told of a meter like this. */
const REFUSED = { book: 'assets', kind: 'meter.add', body: {} };
const MARCH = 'operations-2026-03';
const APRIL = 'operations-2026-04';

test('acts of several books follow one another, count together, and are the same after a restart', async () => {
  const on = await openConsole();
  await found(on);
  const { village } = on.open();
  const ids = await village.act([note(MARCH, 'one'), note(APRIL, 'two'), note(MARCH, 'three')]);
  const [one, two, three] = ids.map((id) => village.index.find(id));
  expect([one?.seq, one?.prev, two?.seq, two?.prev]).toEqual([0, null, 0, null]);
  expect([three?.seq, three?.prev, three?.book]).toEqual([1, one?.id, MARCH]);
  const [four] = await village.act([note(MARCH, 'four')]);
  expect(village.index.find(four ?? '')?.prev).toBe(three?.id);
  const hash = village.stateHash();
  await on.restart();
  expect(on.open().village.stateHash()).toBe(hash);
});

test('of acts that the books do not all take none is written', async () => {
  const on = await openConsole();
  await found(on);
  const { village } = on.open();
  const before = { hash: village.stateHash(), records: village.index.size };
  expect(await codeOf(() => village.act([note(MARCH, 'one'), REFUSED, note(MARCH, 'two')]))).toBe('NOT_ALLOWED');
  expect({ hash: village.stateHash(), records: village.index.size }).toEqual(before);
  const [id] = await village.act([note(MARCH, 'three')]);
  expect(village.index.find(id ?? '')?.seq).toBe(0);
});

test('where the disk takes only the first of several acts, that one counts and the next one follows it', async () => {
  const on = await openConsole();
  await found(on);
  const { village } = on.open();
  const append = village.node.append.bind(village.node);
  let left = 1;
  vi.spyOn(village.node, 'append').mockImplementation((book, records) =>
    left-- > 0 ? append(book, records) : Promise.reject(new Error('no room left')),
  );
  await expect(village.act([note(MARCH, 'one'), note(MARCH, 'two')])).rejects.toThrow('no room left');
  vi.restoreAllMocks();
  const [id] = await village.act([note(MARCH, 'three')]);
  expect(village.index.find(id ?? '')?.seq).toBe(1);
  const hash = village.stateHash();
  await on.restart();
  expect(on.open().village.stateHash()).toBe(hash);
});
