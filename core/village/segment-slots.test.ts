import { expect, test } from 'vitest';
import { createSlots } from './segment-slots.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('places are given in turn while there is room for their bytes, and what is larger than all of it comes alone', async () => {
  const slots = createSlots(3, 100);
  const entered: string[] = [];
  const take = async (name: string, bytes: number) => {
    const release = await slots.take(bytes);
    entered.push(name);
    return release;
  };
  const [a, b] = [await take('a', 60), await take('b', 40)];
  const large = take('large', 500);
  const last = take('last', 1);
  await settled();
  expect(entered).toEqual(['a', 'b']);
  a();
  a();
  await settled();
  expect(entered).toEqual(['a', 'b']);
  b();
  (await large)();
  (await last)();
  expect(entered).toEqual(['a', 'b', 'large', 'last']);
  const [c, d, e] = [await take('c', 1), await take('d', 1), await take('e', 1)];
  const fourth = take('fourth', 1);
  await settled();
  expect(entered.slice(4)).toEqual(['c', 'd', 'e']);
  c();
  (await fourth)();
  d();
  e();
  expect(entered.at(-1)).toBe('fourth');
});
