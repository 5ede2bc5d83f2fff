import { step } from '#core/ports/steps.ts';
import { peekEntry } from './entry-codec.ts';
import type { FrameStream } from './frame-stream.ts';
import { createSendQueue, type SendQueue } from './send-queue.ts';
import type { VillageBooks } from './village-books.ts';
import { MAX_ENTRIES_PER_FRAME, writeMessage } from './wire-messages.ts';

const WINDOW_FRAMES = 4;
/** A frame is closed once it holds this much; a larger entry goes alone. */
const FRAME_BYTES = 256 * 1024;
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
  /** Queues entries with those of their ancestors that the peer is not known to have. */
  sendWanted(book: string, hashes: readonly string[]): Promise<void>;
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
}

export function createEntrySender({ frames, books, onProgress }: SenderContext): EntrySender {
  const queue = createSendQueue();
  const unacked = new Map<number, number>();
  let next = 0;
  let stopped = false;
  let resume: (() => void) | undefined;
  const wake = (): void => {
    resume?.();
    resume = undefined;
  };

  const takeBatch = async (): Promise<Batch | undefined> => {
    const first = queue.peek(undefined);
    if (!first) return undefined;
    const entries: Uint8Array[] = [];
    const identities = new Set<string>();
    let size = 0;
    for (let item = queue.peek(first.book); item; item = queue.peek(first.book)) {
      const bytes = await books.entryBytes(item.hash);
      if (bytes && size > 0 && size + bytes.length > FRAME_BYTES) break;
      queue.shift();
      if (!bytes) continue;
      entries.push(bytes);
      size += bytes.length;
      identities.add(peekEntry(bytes).identity);
      if (entries.length >= MAX_ENTRIES_PER_FRAME) break;
    }
    return { book: first.book, entries, identities: [...identities] };
  };
  const send = async ({ book, entries, identities }: Batch): Promise<void> => {
    if (entries.length === 0) return;
    const blocks = await Promise.all(identities.map((hash) => books.identityBytes(hash)));
    const n = next++;
    unacked.set(n, entries.length);
    const found = blocks.filter((bytes) => bytes !== undefined);
    await frames.send(writeMessage({ t: 'entries', n, book, identities: found, entries }));
    step('sync.entries-sent');
  };
  const isIdle = (): boolean => unacked.size >= WINDOW_FRAMES || queue.length() === 0;

  return {
    queue,
    wake,
    async run() {
      try {
        while (!stopped) {
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
      const store = books.store(book);
      if (!store) return;
      const found = new Map<string, number>();
      const open = hashes.filter((hash) => store.has(hash));
      for (const hash of open) {
        if (found.size >= WALK_ENTRIES) break;
        if (found.has(hash)) continue;
        found.set(hash, store.timeOf(hash) ?? 0);
        const bytes = await store.entryBytes(hash);
        if (bytes) open.push(...peekEntry(bytes).next.filter((parent) => !queue.isKnown(parent)));
      }
      queue.addWanted(
        book,
        [...found].sort((a, b) => a[1] - b[1]).map(([hash]) => hash),
      );
      wake();
    },
    count: () => queue.length() + [...unacked.values()].reduce((sum, n) => sum + n, 0),
  };
}
