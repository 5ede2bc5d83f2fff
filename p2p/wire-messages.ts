import * as dagCbor from '@ipld/dag-cbor';
import * as z from 'zod';
import type { AuthorMark } from '#core/ports/village-node.ts';
import { BOOK } from '#domain/books/record.ts';
import { encode, fromHex, toHex } from '#domain/bytes.ts';
import type { AuthorRange } from './author-index.ts';
import { MAX_IDENTITY_BYTES } from './device-identity.ts';
import { MAX_ENTRIES_PER_FRAME, readEntriesFrame, writeEntriesFrame } from './entries-frame.ts';
import { MAX_ENTRY_BYTES, ORBIT_HASH } from './entry-limits.ts';
import { MAX_FRAME_BYTES } from './frame-parser.ts';

export const MAX_HEADS = 4096;
export const MAX_WANTED = 512;
/** Authors of one book in one message. */
export const MAX_MARKS = 20_000;

const hash = z.string().regex(ORBIT_HASH);
const book = z.string().regex(BOOK);
const heads = z.array(hash).max(MAX_HEADS);
const binary = (max: number) => z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= max);
const MARK = [
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === 32),
  z.int().min(0),
  z.int().min(0),
] as const;
const mark = z.tuple(MARK).transform(([device, time, count]): AuthorMark => ({ device: toHex(device), time, count }));
const range = z
  .tuple([...MARK, z.int().min(0)])
  .transform(([device, time, count, upTo]): AuthorRange => ({ device: toHex(device), time, count, upTo }));

const schema = z.discriminatedUnion('t', [
  z.strictObject({
    t: z.literal('hello'),
    v: z.literal(1),
    village: z.string().regex(/^[0-9a-f]{64}$/),
    /** More greetings follow with the rest of the books. */
    more: z.boolean(),
    books: z.array(z.strictObject({ book, heads, marks: z.array(mark).max(MAX_MARKS) })).max(4096),
  }),
  z.strictObject({ t: z.literal('marks'), book, marks: z.array(mark).min(1).max(MAX_MARKS) }),
  z.strictObject({ t: z.literal('pull'), book, ranges: z.array(range).min(1).max(MAX_MARKS) }),
  z.strictObject({ t: z.literal('pulled'), book }),
  z.strictObject({ t: z.literal('pulse'), digest: z.string().regex(/^[0-9a-f]{64}$/) }),
  z.strictObject({ t: z.literal('heads'), books: z.array(z.strictObject({ book, heads })).max(4096) }),
  z.strictObject({
    t: z.literal('entries'),
    n: z.int().min(0),
    book,
    identities: z.array(binary(MAX_IDENTITY_BYTES)).max(MAX_ENTRIES_PER_FRAME),
    entries: z.array(binary(MAX_ENTRY_BYTES)).min(1).max(MAX_ENTRIES_PER_FRAME),
  }),
  z.strictObject({ t: z.literal('ack'), n: z.int().min(0) }),
  z.strictObject({ t: z.literal('want'), book, hashes: z.array(hash).min(1).max(MAX_WANTED) }),
  z.strictObject({ t: z.literal('gone'), book, hashes: z.array(hash).min(1).max(MAX_WANTED) }),
]);

/**
 * What two peers say to each other. hello: all books with heads and author marks, once per stream and after an
 * overflow. marks: how far the sender has come since. pull: asks for what lies beyond the asker's marks, up to what the
 * other told; pulled: all of it was sent. entries/ack: data and its window. want: entries by name; gone: those of them that are not kept any more. pulse: digest of all heads, every few seconds.
 * heads: the answer to a pulse that differs.
 */
export type Message = z.infer<typeof schema>;
export type Hello = Extract<Message, { t: 'hello' }>;

export type ReadMessage = { readonly ok: true; readonly message: Message } | { readonly ok: false; reason: string };

/** Reads a message from outside: bounded, dag-cbor of a known shape. Never throws. */
export function readMessage(bytes: Uint8Array): ReadMessage {
  if (bytes.length > MAX_FRAME_BYTES)
    return { ok: false, reason: `message of ${bytes.length} bytes is over the limit` };
  const entries = readEntriesFrame(bytes);
  if (entries) return { ok: true, message: entries };
  let value: unknown;
  try {
    value = dagCbor.decode(bytes);
  } catch {
    return { ok: false, reason: 'the message is not dag-cbor' };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, message: parsed.data };
  return { ok: false, reason: `bad message field ${parsed.error.issues[0]?.path.join('.') || 't'}` };
}

const packMark = ({ device, time, count }: AuthorMark) => [fromHex(device), time, count];

export function writeMessage(message: Message): Uint8Array {
  switch (message.t) {
    case 'entries':
      return writeEntriesFrame(message);
    case 'hello':
      return encode({ ...message, books: message.books.map((b) => ({ ...b, marks: b.marks.map(packMark) })) });
    case 'marks':
      return encode({ ...message, marks: message.marks.map(packMark) });
    case 'pull':
      return encode({ ...message, ranges: message.ranges.map((r) => [...packMark(r), r.upTo]) });
    case 'pulled':
    case 'pulse':
    case 'heads':
    case 'ack':
    case 'want':
    case 'gone':
      return encode(message);
  }
}
