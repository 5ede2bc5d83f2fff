import type { AuthorMark } from '#core/ports/village-node.ts';
import { utf8 } from '#domain/bytes.ts';
import { type AuthorMarks, createAuthorMarks } from './author-index.ts';
import { type BookDatabase, bodyOf, damaged, sealBytes, unsealBytes, type Write } from './book-database.ts';
import { type BookIndex, createBookIndex, type IndexRow, readIndexRows, writeIndexRows } from './book-index.ts';

/** An entry that passed every check and whose parents are in the store or come before it in the same commit. */
export interface NewEntry {
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly device: string;
  readonly time: number;
  readonly next: readonly string[];
  /** Parents that nobody keeps any more, as far as this node was told. */
  readonly absent?: readonly string[];
}

/** A head with its log time. */
export interface Head {
  readonly hash: string;
  readonly time: number;
}

/** What is known of a book without its index; one row on disk, changed with every commit. */
interface Summary {
  readonly size: number;
  readonly released: number;
  readonly heads: readonly Head[];
  readonly marks: AuthorMarks;
  /** Parents of entries that joined without them. */
  readonly absent: ReadonlySet<string>;
}

/**
 * The entries of one book. Summary, index rows and bytes change in one atomic batch, so after a crash the heads never
 * name an entry that is not there. The index is read from disk when it is first asked for.
 */
export interface BookStore {
  size(): number;
  heads(): readonly Head[];
  /** An entry joined without this parent. */
  readonly isAbsent: (hash: string) => boolean;
  /** All such parents. */
  absent(): ReadonlySet<string>;
  /** Entries were released, or joined without parents. */
  hasHoles(): boolean;
  readonly marks: () => AuthorMarks;
  index(): Promise<BookIndex>;
  /** Bytes of entries by hash; undefined where they are not here. */
  bytesOf(hashes: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /** Durable when resolved; nothing is changed, in memory or on disk, when it fails. One at a time. */
  commit(entries: readonly NewEntry[]): Promise<void>;
  /** Drops the bytes of the first so many entries, or all; the index stays. One at a time with the others. */
  release(entries?: number): Promise<{ readonly entries: number; readonly bytes: number }>;
  /** Brings bytes of released entries back; answers how many. One at a time with the others. */
  restore(entries: readonly Pick<NewEntry, 'hash' | 'bytes'>[]): Promise<number>;
  /** Entry bytes in the order of joining, as of the moment of the call, without the first `after`; released ones are left out. */
  scan(after?: number): AsyncIterable<readonly Uint8Array[]>;
}

const NUMBER_DIGITS = 12;
const EMPTY: Summary = { size: 0, released: 0, heads: [], marks: createAuthorMarks(), absent: new Set() };
const put = (key: string, value: Uint8Array): Write => ({ type: 'put', key, value });
const del = (key: string): Write => ({ type: 'del', key });

/** `row` is the book's summary as it lies on disk, if it has one. */
export function createBookStore(book: string, db: BookDatabase, row?: Uint8Array): BookStore {
  let summary = row ? readSummary(row, db.path) : EMPTY;
  let loading: Promise<BookIndex> | undefined;
  const entryKey = (n: number): string => `e!${book}!${numbered(n)}`;
  const indexKey = (n: number): string => `i!${book}!${numbered(n)}`;
  const releasedKey = (n: number): string => `r!${book}!${numbered(n)}`;

  const loadIndex = async (): Promise<BookIndex> => {
    const index = createBookIndex();
    // Both as of this moment.
    const packs = db.rows(`i!${book}!`);
    const releases = db.rows(`r!${book}!`);
    const released = new Set<number>();
    for await (const chunk of releases) for (const [key] of chunk) released.add(numberIn(key));
    for await (const chunk of packs)
      for (const [key, value] of chunk)
        for (const row of readIndexRows(numberIn(key), value, db.path))
          index.put(released.has(row.n) ? { ...row, released: true } : row);
    return index;
  };
  const index = (): Promise<BookIndex> => {
    if (!loading) {
      loading = loadIndex();
      loading.catch(() => {
        loading = undefined;
      });
    }
    return loading;
  };
  /** What is on disk now is in memory too; an index that is just being read may lack it. */
  const settle = async (after: Summary, rows: readonly IndexRow[]): Promise<void> => {
    summary = after;
    const loaded = await loading;
    for (const r of rows) loaded?.put(r);
  };
  const readBytes = async (rows: readonly IndexRow[]): Promise<Map<string, Uint8Array>> => {
    const kept = rows.filter((r) => !r.released);
    const found = await db.getMany(kept.map((r) => entryKey(r.n)));
    const bytes = new Map<string, Uint8Array>();
    for (const [i, { hash }] of kept.entries()) {
      const sealed = found[i];
      if (!sealed) continue;
      const plain = unsealBytes(sealed, db.path);
      bytes.set(hash, plain);
      db.cache.add(hash, plain);
    }
    return bytes;
  };

  return {
    size: () => summary.size,
    heads: () => summary.heads,
    isAbsent: (hash) => summary.absent.has(hash),
    absent: () => summary.absent,
    hasHoles: () => summary.released + summary.absent.size > 0,
    marks: () => summary.marks,
    index,
    async bytesOf(hashes) {
      const loaded = await index();
      const rows = hashes.map((hash) => loaded.row(hash)).filter((r) => r !== undefined);
      const read = await readBytes(rows.filter((r) => !db.cache.get(r.hash)));
      return hashes.map((hash) => (loaded.has(hash) ? (db.cache.get(hash) ?? read.get(hash)) : undefined));
    },
    async commit(entries) {
      if (entries.length === 0) return;
      const sealed = entries.map((e) => sealBytes(e.bytes));
      const rows = entries.map(
        ({ hash, time, device }, i): IndexRow => ({ n: summary.size + i, hash, time, device, released: false }),
      );
      const marks = summary.marks.copy();
      for (const { device, time } of entries) marks.add(device, time);
      const heads = headsAfter(summary, entries);
      const absent = absentAfter(summary, entries);
      const after = { ...summary, size: summary.size + entries.length, heads, marks, absent };
      await db.commit([
        put(indexKey(summary.size), writeIndexRows(rows)),
        ...rows.map((r, i) => put(entryKey(r.n), sealed[i] ?? new Uint8Array())),
        ...rows.map((r) => put(`h!${r.hash}`, utf8(`${book} ${r.n}`))),
        put(`s!${book}`, writeSummary(after)),
      ]);
      for (const [i, { hash }] of entries.entries())
        db.cache.add(hash, sealed[i] ? bodyOf(sealed[i]) : new Uint8Array());
      await settle(after, rows);
    },
    async release(entries = summary.size) {
      const kept = [...(await index()).rows()].filter((r) => !r.released && r.n < entries);
      const end = entryKey(entries);
      let bytes = 0;
      for await (const chunk of db.rows(`e!${book}!`))
        for (const [key, value] of chunk) if (key < end) bytes += value.length;
      const rows = kept.map((r): IndexRow => ({ ...r, released: true }));
      const after = { ...summary, released: summary.released + rows.length };
      const gone = rows.flatMap((r): Write[] => [del(entryKey(r.n)), put(releasedKey(r.n), new Uint8Array())]);
      await db.commit([...gone, put(`s!${book}`, writeSummary(after))]);
      for (const { hash } of rows) db.cache.delete(hash);
      await settle(after, rows);
      await db.compact(`e!${book}!`);
      return { entries: rows.length, bytes };
    },
    async restore(entries) {
      const loaded = await index();
      const bytes = new Map(entries.map((e) => [e.hash, e.bytes]));
      const rows = [...bytes.keys()]
        .map((hash) => loaded.row(hash))
        .filter((r) => r?.released)
        .filter((r) => r !== undefined)
        .map((r): IndexRow => ({ ...r, released: false }));
      if (rows.length === 0) return 0;
      const after = { ...summary, released: summary.released - rows.length };
      const back = rows.flatMap((r) => [
        put(entryKey(r.n), sealBytes(bytes.get(r.hash) ?? new Uint8Array())),
        del(releasedKey(r.n)),
      ]);
      await db.commit([...back, put(`s!${book}`, writeSummary(after))]);
      await settle(after, rows);
      return rows.length;
    },
    scan(after = 0) {
      const before = summary;
      const rows = db.values(`e!${book}!`, numbered(after));
      return (async function* () {
        let seen = 0;
        for await (const chunk of rows) {
          seen += chunk.length;
          yield chunk.map((value) => unsealBytes(value, db.path));
        }
        const released = Math.max(before.released, summary.released);
        // Which of them are released is known by number only where all or none are.
        const lacking = after > 0 && released > 0 ? 0 : before.size - after - released - seen;
        if (lacking > 0) throw damaged(db.path, `${lacking} entries of ${book} are missing`);
      })();
    },
  };
}

const numbered = (n: number): string => String(n).padStart(NUMBER_DIGITS, '0');
const numberIn = (key: string): number => Number(key.slice(-NUMBER_DIGITS));

/** Heads once the entries are joined, oldest first: an entry replaces the heads it names. */
function headsAfter({ heads, absent }: Summary, entries: readonly NewEntry[]): Head[] {
  const covered = new Set([...absent, ...entries.flatMap((e) => e.next)]);
  return [...heads, ...entries.map(({ hash, time }) => ({ hash, time }))].filter(({ hash }) => !covered.has(hash));
}

function absentAfter({ absent }: Summary, entries: readonly NewEntry[]): ReadonlySet<string> {
  const added = entries.flatMap((e) => e.absent ?? []);
  if (absent.size + added.length === 0) return absent;
  const joined = new Set(entries.map((e) => e.hash));
  return new Set([...absent, ...added].filter((hash) => !joined.has(hash)));
}

const writeSummary = ({ size, released, heads, marks, absent }: Summary): Uint8Array =>
  utf8(
    JSON.stringify({
      v: 1,
      size,
      released,
      heads: heads.map((h) => [h.hash, h.time]),
      marks: marks.list().map((m) => [m.device, m.time, m.count]),
      ...(absent.size > 0 && { absent: [...absent] }),
    }),
  );

function readSummary(row: Uint8Array, path: string): Summary {
  try {
    const { size, released, heads, marks, absent } = JSON.parse(Buffer.from(row).toString('utf8')) as {
      size: number;
      released: number;
      heads: [string, number][];
      marks: [string, number, number][];
      absent?: string[];
    };
    const known = marks.map(([device, time, count]): AuthorMark => ({ device, time, count }));
    return {
      size,
      released,
      heads: heads.map(([hash, time]) => ({ hash, time })),
      marks: createAuthorMarks(known),
      absent: new Set(absent),
    };
  } catch {
    throw damaged(path, 'an unreadable summary of a book');
  }
}
