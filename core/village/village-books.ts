import type { DeviceKeys } from '#core/crypto/device-keys.ts';
import { step } from '#core/ports/steps.ts';
import type { VillageNode } from '#core/ports/village-node.ts';
import type { KnownRecord, SignedRecord } from '#domain/books/record.ts';
import type { VillageState } from '#domain/village/state.ts';
import type { Admission } from './admission.ts';
import type { RecordIndex } from './record-index.ts';
import type { StateCache } from './state-cache.ts';

/** One act to be written: a record of this device. */
export interface Act {
  readonly book: string;
  readonly kind: string;
  readonly body: unknown;
}

/** The way of records into the state: those written here, those that came, those on disk. */
export interface VillageBooks {
  /** Signs, stores durably and folds records in order. Errors: NOT_ALLOWED with the reason the fold gives. */
  readonly act: (acts: readonly Act[]) => Promise<string[]>;
  /** Takes in what came from elsewhere; whether any of it was new. */
  readonly absorb: (records: readonly SignedRecord[]) => boolean;
  /** Reads everything this disk holds. */
  readonly load: () => Promise<void>;
  /** Resolves when no act is under way. */
  readonly idle: () => Promise<void>;
}

export interface BooksSource {
  readonly village: string;
  readonly keys: DeviceKeys;
  readonly node: VillageNode;
  readonly index: RecordIndex;
  readonly admission: Admission;
  readonly cache: StateCache;
  readonly now: () => number;
  /** Told after new records were folded, with the books they are in. */
  readonly onFolded: (books: ReadonlySet<string>) => void;
}

export function createVillageBooks(source: BooksSource): VillageBooks {
  const { village, keys, node, index, admission, cache, now, onFolded } = source;
  let last: Promise<unknown> = Promise.resolve();

  const absorb = (records: readonly SignedRecord[], next?: VillageState): KnownRecord[] => {
    const fresh = index.absorb(records);
    if (fresh.length === 0) return [];
    admission.learn(fresh);
    cache.onRecords(next);
    onFolded(new Set(fresh.map((r) => r.book)));
    step('record.folded');
    return fresh;
  };
  const write = async (acts: readonly Act[]): Promise<string[]> => {
    const ids: string[] = [];
    for (const { book, kind, body } of acts) {
      const signed = index.make(keys, village, book, kind, body, now());
      const next = cache.judge(signed);
      const known = index.all.size;
      await node.append(book, [signed]);
      // Unless others' records came in meanwhile, what was judged is the new state.
      ids.push(...absorb([signed], index.all.size === known ? next : undefined).map((r) => r.id));
    }
    return ids;
  };
  return {
    act(acts) {
      const writing = last.then(() => write(acts));
      last = writing.catch(() => undefined);
      return writing;
    },
    absorb: (records) => absorb(records).length > 0,
    async load() {
      const books = node.books();
      for (const book of ['members', ...books.filter((b) => b !== 'members')]) {
        if (!books.includes(book)) continue;
        for await (const chunk of node.scan(book)) absorb(chunk);
      }
      await node.reconsider();
    },
    idle: async () => void (await last),
  };
}
