import type { TOPICS } from '#api/live.ts';

export type Topic = (typeof TOPICS)[number];
export interface Change {
  readonly seq: number;
  readonly topic: Topic;
  readonly village: string | null;
}

/** The one stream that tells windows what to ask again. Keeps the last 1,000 changes for a window that was away. */
export interface Changes {
  notify(topic: Topic, village: string | null): void;
  /** Yields what came after `since` and goes on until the signal aborts. A window from another life gets everything anew. */
  since(seq: number, signal?: AbortSignal): AsyncGenerator<Change, void, void>;
  close(): void;
}

const KEEP = 1000;

export function createChanges(): Changes {
  const kept: Change[] = [];
  const waiting = new Set<() => void>();
  let seq = 0;
  let closed = false;
  const wake = () => {
    for (const w of waiting) w();
    waiting.clear();
  };
  return {
    notify(topic, village) {
      const last = kept.at(-1);
      seq += 1;
      // The same topic twice in a row is one piece of news unless somebody has already taken it.
      if (last && last.topic === topic && last.village === village) kept.pop();
      kept.push({ seq, topic, village });
      if (kept.length > KEEP) kept.shift();
      wake();
    },
    async *since(from, signal) {
      let at = from > seq ? 0 : from;
      while (!closed && !signal?.aborted) {
        const next = kept.find((c) => c.seq > at);
        if (next) {
          at = next.seq;
          yield next;
          continue;
        }
        await new Promise<void>((resolve) => {
          const done = () => {
            signal?.removeEventListener('abort', done);
            waiting.delete(done);
            resolve();
          };
          waiting.add(done);
          signal?.addEventListener('abort', done, { once: true });
        });
      }
    },
    close() {
      closed = true;
      wake();
    },
  };
}
