import { expect, test } from 'vitest';
import { readPaperWords } from './paper-text.ts';

test('paper words typed with their numbers, commas and capitals are read as plain words', () => {
  expect(readPaperWords('1 Goat, 2. blue\n3) RIVER  ')).toEqual({ words: 'goat blue river', count: 3 });
});

test('an empty field holds no words', () => {
  expect(readPaperWords(' 1 2 ')).toEqual({ words: '', count: 0 });
});
