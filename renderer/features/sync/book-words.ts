import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';

const BOOKS: Readonly<Record<string, MessageDescriptor>> = {
  members: msg`members`,
  assets: msg`meters and assets`,
  agreements: msg`agreements`,
  segments: msg`readings`,
  operations: msg`decisions and hand readings`,
  settlement: msg`accounts`,
};

/** The book of a record in words, and its month where the book has one. */
export function readBook(book: string): { readonly name: MessageDescriptor | null; readonly month: string | null } {
  const month = /-(\d{4}-\d{2})$/.exec(book)?.[1] ?? null;
  const base = month ? book.slice(0, -month.length - 1) : book;
  return { name: BOOKS[base] ?? null, month };
}
