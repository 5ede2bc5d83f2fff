import { channel } from 'node:diagnostics_channel';
import { step } from '#core/ports/steps.ts';
import type { AuthorRange } from './author-index.ts';
import { peekEntry } from './entry-codec.ts';
import { identityOf } from './entry-reader.ts';
import type { FrameStream } from './frame-stream.ts';
import { createSendQueue, type SendQueue } from './send-queue.ts';
import type { VillageBooks } from './village-books.ts';
import { writeMessage } from './wire-messages.ts';

/** Tells how many entries each frame carried, for measuring what an exchange costs. */
export const ENTRIES_SENT = 'gridpact:entries-sent';
const sent = channel(ENTRIES_SENT);

const WINDOW_FRAMES = 4;
/** A frame is closed once it holds this much; a larger entry goes alone. */
const FRAME_BYTES = 256 * 1024;
/** Looked at for one frame; also the most that are told to be gone at once. */
const PEEK_ENTRIES = 512;
/** How many ancestors come along with an entry that was asked for by name. */
const WALK_ENTRIES = 512;

export interface EntrySender {
  readonly queue: SendQueue;
  /** Sends until stopped; never rejects (a broken stream ends it). */
  run(): Promise<void>;
  wake(): void;
  stop(): void;
  /** False when there was no such frame. */
  acknowledge(n: number): boolean;
  /** Queues entries with those of their ancestors that the peer is not known to have; tells which nobody had for us either. */
  sendWanted(book: string, hashes: readonly string[]): Promise<void>;
  /** Queues what lies within the ranges, and tells once all of it was sent. Answers how many entries it is. */
  sendPulled(book: string, ranges: readonly AuthorRange[]): Promise<number>;
  /** Entries queued or sent and not yet acknowledged. */
  count(): number;
}

interface SenderContext {
  readonly frames: FrameStream;
  readonly books: VillageBooks;
  readonly onProgress: () => void;
}

interface Batch {
  readonly book: string;
  readonly entries: Uint8Array[];
  readonly identities: string[];
  /** Asked for, and not kept here. */
  readonly gone: string[];
}

export function createEntrySender({ frames, books, onProgress }: SenderContext): EntrySender {
  const queue = createSendQueue();
  const unacked = new Map<number, number>();
  const pulls: { readonly book: string; readonly end: number }[] = [];
  let next = 0;
  let stopped = false;
  let resume: (() => void) | undefined;
  const wake = (): void => {
    resume?.();
    resume = undefined;
  };

  const takeBatch = async (): Promise<Batch | undefined> => {
    const next = queue.peek(PEEK_ENTRIES);
    if (!next) return undefined;
    const found = await books.bytesOf(next.book, next.hashes);
    const batch = { book: next.book, entries: [] as Uint8Array[], identities: [] as string[], gone: [] as string[] };
    const identities = new Set<string>();
    let size = 0;
    let taken = 0;
    for (const [i, hash] of next.hashes.entries()) {
      const bytes = found[i];
      if (bytes && size > 0 && size + bytes.length > FRAME_BYTES) break;
      taken += 1;
      if (!bytes) {
        batch.gone.push(hash);
        continue;
      }
      batch.entries.push(bytes);
      size += bytes.length;
      identities.add(identityOf(bytes));
    }
    queue.remove(next.hashes.slice(0, taken));
    queue.markUnsent(batch.gone);
    return { ...batch, identities: [...identities] };
  };
  const send = async ({ book, entries, identities, gone }: Batch): Promise<void> => {
    if (gone.length > 0) await frames.send(writeMessage({ t: 'gone', book, hashes: gone }));
    if (entries.length === 0) return;
    const blocks = await Promise.all(identities.map((hash) => books.identityBytes(hash)));
    const n = next++;
    unacked.set(n, entries.length);
    const found = blocks.filter((bytes) => bytes !== undefined);
    await frames.send(writeMessage({ t: 'entries', n, book, identities: found, entries }));
    if (sent.hasSubscribers) sent.publish(entries.length);
    step('sync.entries-sent');
  };
  const endedPull = (): (typeof pulls)[number] | undefined =>
    pulls[0] && queue.isPast(pulls[0].end) ? pulls[0] : undefined;
  const endPulls = async (): Promise<void> => {
    for (let pull = endedPull(); pull; pull = endedPull()) {
      pulls.shift();
      await frames.send(writeMessage({ t: 'pulled', book: pull.book }));
    }
  };
  const isIdle = (): boolean => unacked.size >= WINDOW_FRAMES || queue.length() === 0;

  return {
    queue,
    wake,
    async run() {
      try {
        while (!stopped) {
          await endPulls();
          // One that came in between woke nobody.
          if (endedPull()) continue;
          if (isIdle()) {
            await new Promise<void>((resolve) => {
              resume = resolve;
            });
            continue;
          }
          const batch = await takeBatch();
          if (batch && !stopped) await send(batch);
        }
      } catch (error) {
        frames.abort(error instanceof Error ? error : new Error(String(error)));
      }
    },
    stop() {
      stopped = true;
      wake();
    },
    acknowledge(n) {
      const was = unacked.delete(n);
      wake();
      onProgress();
      return was;
    },
    async sendWanted(book, hashes) {
      const found = await walkWanted(books, book, hashes, queue.isKnown);
      const absent = books.absent(book);
      // Told to be gone, as what was released is.
      queue.addWanted(book, [...found, ...hashes.filter((hash) => absent.has(hash))]);
      wake();
    },
    async sendPulled(book, ranges) {
      const before = queue.length();
      queue.add(book, await books.within(book, ranges));
      pulls.push({ book, end: queue.end() });
      wake();
      return queue.length() - before;
    },
    count: () => queue.length() + [...unacked.values()].reduce((sum, n) => sum + n, 0),
  };
}

/** Entries asked for by name with some of their ancestors, in the order they were joined here: parents come first. */
async function walkWanted(
  books: VillageBooks,
  book: string,
  hashes: readonly string[],
  isKnown: (hash: string) => boolean,
): Promise<string[]> {
  const found = new Set<string>();
  let open = hashes;
  while (open.length > 0 && found.size < WALK_ENTRIES) {
    const layer = open.slice(0, WALK_ENTRIES - found.size);
    for (const hash of layer) found.add(hash);
    const bytes = await books.bytesOf(book, layer);
    const parents = bytes.flatMap((b) => (b ? peekEntry(b).next : []));
    open = [...new Set(parents)].filter((hash) => !found.has(hash) && !isKnown(hash));
  }
  return books.inJoinOrder(book, [...found]);
}
