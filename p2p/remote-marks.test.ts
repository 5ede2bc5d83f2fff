import { expect, test } from 'vitest';
import { createRemoteMarks } from './remote-marks.ts';

test('what is of no month is asked for first, then the months, the oldest first', () => {
  const marks = createRemoteMarks();
  const books = ['agreements', 'assets', 'members', 'operations-2025-12', 'operations-2026-01'];
  const more = ['segments-2025-11', 'segments-2025-12', 'settlement'];
  for (const book of [...books, ...more]) marks.note(book, [{ device: 'a', time: 1, count: 1 }]);
  expect(marks.books()).toEqual([
    'members',
    'settlement',
    'agreements',
    'assets',
    'segments-2025-11',
    'operations-2025-12',
    'segments-2025-12',
    'operations-2026-01',
  ]);
});
