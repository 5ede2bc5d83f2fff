import type { QueryClient } from '@tanstack/react-query';
import type { TOPICS } from '#api/live.ts';
import type { ConsoleClient } from './wire.ts';

type Topic = (typeof TOPICS)[number];

/** Which parts of the contract can answer differently after a change under a topic. Every record changes the book's words. */
const AFFECTED: Record<Topic, readonly string[]> = {
  villages: ['villages', 'today', 'members', 'accounts', 'sync', 'bundles', 'archive'],
  members: ['grants', 'members', 'villages', 'today', 'agreements', 'accounts', 'sync', 'bundles'],
  meters: ['grants', 'meters', 'assets', 'today', 'members', 'sync', 'bundles'],
  readings: ['meters', 'assets', 'today', 'accounts', 'members', 'sync', 'bundles', 'archive'],
  assets: ['assets', 'today', 'agreements', 'meters', 'sync', 'bundles'],
  agreements: ['grants', 'agreements', 'today', 'accounts', 'members', 'sync', 'bundles'],
  accounts: ['accounts', 'today', 'members', 'sync', 'bundles', 'archive'],
  sync: ['sync', 'bundles', 'archive', 'today'],
  jobs: ['jobs'],
};
/** A village that reads forty meters changes all the time: views are asked again at most this often. */
const GATHER_MS = 700;

/** Follows the one change stream and marks what has to be asked again; resumes where it was after a lost line. */
export function followChanges(client: ConsoleClient, queries: QueryClient): () => void {
  const stop = new AbortController();
  const waiting = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let since = 0;

  const refresh = () => {
    timer = undefined;
    for (const part of waiting) void queries.invalidateQueries({ queryKey: [[part]] });
    waiting.clear();
  };
  const note = (parts: readonly string[]) => {
    for (const part of parts) waiting.add(part);
    timer ??= setTimeout(refresh, GATHER_MS);
  };

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        for await (const change of await client.changes({ since }, { signal: stop.signal })) {
          since = change.seq;
          note(AFFECTED[change.topic]);
        }
      } catch {
        if (stop.signal.aborted) return;
      }
      note(Object.keys(AFFECTED));
      await pause(GATHER_MS, stop.signal);
    }
  }
  void follow();
  return () => {
    stop.abort();
    clearTimeout(timer);
  };
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
