import type {
  CheckedEntries,
  EntryBundle,
  ImportedEntries,
  RefusedEntries,
  VillageNode,
} from '#core/ports/village-node.ts';
import type { CheckedDelivery } from './delivery.ts';
import { MAX_ENTRIES_PER_FRAME } from './entries-frame.ts';
import { identityOf } from './entry-reader.ts';
import { orbitHashOf } from './orbit-hash.ts';
import type { Standing, VillageBooks } from './village-books.ts';

/** A chunk is closed once it holds this much. */
const CHUNK_BYTES = 256 * 1024;
/** How many entries are read from disk at once. */
const READ_ENTRIES = 256;
/** Who is named for entries that came out of a file. */
const BUNDLE = 'bundle';
const REASONS_TOLD = 100;

export type EntryBundles = Pick<
  VillageNode,
  'marks' | 'exportEntries' | 'checkEntries' | 'importEntries' | 'joinWithoutParents' | 'releaseBook'
>;

/** Entries on their way out of the books and in, other than over a wire. */
export function createEntryBundles(books: VillageBooks): EntryBundles {
  return {
    marks: () => books.marks(),
    joinWithoutParents: () => books.giveUpAll(),
    releaseBook: (book, entries) => books.release(book, entries),
    async *exportEntries(since, named) {
      for (const book of books.names()) {
        if (named && !named.includes(book)) continue;
        yield* exportBook(books, book, await books.lackedBy(book, since?.get(book) ?? []));
      }
    },
    async checkEntries(bundle) {
      let sum: CheckedEntries = { sound: 0, known: 0, refused: [] };
      for (const part of partsOf(bundle)) {
        const checked = await books.check({ peer: BUNDLE, ...part, hashes: part.entries.map(orbitHashOf) });
        sum = {
          sound: sum.sound + checked.arrivals.length,
          known: sum.known + countOf(checked, 'joined') + countOf(checked, 'staged'),
          refused: countReasons([...sum.refused, ...refusedIn(checked)]),
        };
      }
      return sum;
    },
    async importEntries(bundle) {
      let sum: ImportedEntries = { joined: 0, known: 0, restored: 0, waiting: 0, refused: [] };
      for (const part of partsOf(bundle)) sum = addImported(sum, await importPart(books, part));
      return sum;
    },
  };
}

async function* exportBook(books: VillageBooks, book: string, hashes: readonly string[]): AsyncIterable<EntryBundle> {
  let entries: Uint8Array[] = [];
  let authors = new Set<string>();
  let size = 0;
  const bundle = async (): Promise<EntryBundle> => {
    const identities = await Promise.all([...authors].map((hash) => books.identityBytes(hash)));
    const made = { book, identities: identities.filter((bytes) => bytes !== undefined), entries };
    entries = [];
    authors = new Set();
    size = 0;
    return made;
  };
  for (let at = 0; at < hashes.length; at += READ_ENTRIES) {
    for (const bytes of await books.bytesOf(book, hashes.slice(at, at + READ_ENTRIES))) {
      if (!bytes) continue;
      if (size > 0 && size + bytes.length > CHUNK_BYTES) yield await bundle();
      entries.push(bytes);
      authors.add(identityOf(bytes));
      size += bytes.length;
    }
  }
  if (entries.length > 0) yield await bundle();
}

/** A bundle from outside may be of any size; it is taken in as frames of the wire would be. */
function partsOf({ book, identities, entries }: EntryBundle): EntryBundle[] {
  return Array.from({ length: Math.ceil(entries.length / MAX_ENTRIES_PER_FRAME) }, (_, i) => ({
    book,
    identities,
    entries: entries.slice(i * MAX_ENTRIES_PER_FRAME, (i + 1) * MAX_ENTRIES_PER_FRAME),
  }));
}

async function importPart(books: VillageBooks, part: EntryBundle): Promise<ImportedEntries> {
  const checked = await books.check({ peer: BUNDLE, ...part, hashes: part.entries.map(orbitHashOf) });
  const receipt = await books.join(checked);
  const restored = await books.restore(
    part.book,
    checked.hashes.flatMap((hash, i) => {
      const bytes = part.entries[i];
      return bytes && checked.standings[i] === 'joined' ? [{ hash, bytes }] : [];
    }),
  );
  const after = await books.standing(
    part.book,
    checked.arrivals.map(({ entry }) => entry.hash),
  );
  const dropped = receipt.refused.filter(({ peer }) => peer === BUNDLE);
  const noRoom = after.filter((standing) => standing === 'unknown').length;
  return {
    joined: after.filter((standing) => standing === 'joined').length,
    known: countOf(checked, 'joined') - restored,
    restored,
    waiting: after.filter((standing) => standing === 'staged').length + countOf(checked, 'staged'),
    refused: countReasons([
      ...refusedIn(checked),
      ...dropped.map(({ reason }) => ({ reason, count: 1 })),
      ...(noRoom > 0 ? [{ reason: 'no room for more entries that have to wait', count: noRoom }] : []),
    ]),
  };
}

const countOf = ({ standings }: CheckedDelivery, wanted: Standing): number =>
  standings.filter((standing) => standing === wanted).length;

function refusedIn(checked: CheckedDelivery): RefusedEntries[] {
  const before = countOf(checked, 'refused');
  const now = checked.unsound.map(({ reason }) => ({ reason, count: 1 }));
  return before > 0 ? [{ reason: 'it was refused before', count: before }, ...now] : now;
}

const addImported = (a: ImportedEntries, b: ImportedEntries): ImportedEntries => ({
  joined: a.joined + b.joined,
  known: a.known + b.known,
  restored: a.restored + b.restored,
  waiting: a.waiting + b.waiting,
  refused: countReasons([...a.refused, ...b.refused]),
});

/** The reasons are few and ours, but some carry a number out of the entry. */
function countReasons(list: readonly RefusedEntries[]): RefusedEntries[] {
  const counts = new Map<string, number>();
  for (const { reason, count } of list) {
    const told = counts.has(reason) || counts.size < REASONS_TOLD ? reason : 'other reasons';
    counts.set(told, (counts.get(told) ?? 0) + count);
  }
  return [...counts].map(([reason, count]) => ({ reason, count }));
}
