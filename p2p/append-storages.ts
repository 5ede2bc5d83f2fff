import type { Storage } from '@orbitdb/core';
import { utf8 } from '#domain/bytes.ts';
import type { BookStore, NewEntry } from './book-store.ts';
import { MAX_PARENTS } from './entry-codec.ts';

/**
 * OrbitDB's three storages for appending. What Log writes is held back here until the caller commits all of it to the
 * book store in one batch; until then Log already reads it, so several entries can be appended in one go.
 */
export interface AppendStorages {
  readonly entryStorage: Storage;
  readonly indexStorage: Storage<boolean>;
  readonly headsStorage: Storage;
  /** Makes what Log just wrote under this hash part of the pending chain. */
  add(entry: Omit<NewEntry, 'bytes'>): void;
  pending(): readonly NewEntry[];
  clear(): void;
}

export function createAppendStorages(store: BookStore): AppendStorages {
  const written = new Map<string, Uint8Array>();
  let chain: NewEntry[] = [];
  const isThere = (hash: string): boolean => written.has(hash) || store.has(hash);
  const heads = (): string[] => {
    const covered = new Set(chain.flatMap((e) => e.next));
    return [...store.heads(), ...chain.map((e) => e.hash)].filter((hash) => !covered.has(hash));
  };
  return {
    entryStorage: createStorage<Uint8Array>({
      get: async (hash) => written.get(hash) ?? store.entryBytes(hash),
      put: (hash, bytes) => void written.set(hash, bytes),
    }),
    indexStorage: createStorage<boolean>({ get: async (hash) => (isThere(hash) ? true : undefined) }),
    headsStorage: createStorage<Uint8Array>({
      get: async () =>
        utf8(
          JSON.stringify(
            heads()
              .slice(0, MAX_PARENTS)
              .map((hash) => ({ hash, next: [] })),
          ),
        ),
    }),
    add(entry) {
      const bytes = written.get(entry.hash);
      if (!bytes) throw new Error(`log entry ${entry.hash} was not written`);
      chain.push({ ...entry, bytes });
    },
    pending: () => chain,
    clear() {
      written.clear();
      chain = [];
    },
  };
}

interface Access<V> {
  readonly get: (hash: string) => Promise<V | undefined>;
  readonly put?: (hash: string, value: V) => void;
}

/** The rest of OrbitDB's storage interface does nothing: the book store is the one that lists, deletes and closes. */
function createStorage<V>(access: Access<V>): Storage<V> {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    get: access.get,
    async put(hash, value) {
      access.put?.(hash, value);
    },
    del: nothing,
    async *iterator() {},
    merge: nothing,
    clear: nothing,
    close: nothing,
  };
}
