import type { AuthorMark } from '#core/ports/village-node.ts';

/** What the owner of a mark lacks of an author, up to a log time. */
export interface AuthorRange extends AuthorMark {
  readonly upTo: number;
}

/** How far each author of a book is known: kept with the book's summary, without its index. */
export interface AuthorMarks {
  add(device: string, time: number): void;
  list(): AuthorMark[];
  of(device: string): AuthorMark | undefined;
  /** What the marks claim beyond ours. */
  lacking(marks: Iterable<AuthorMark>): AuthorRange[];
  /** How many entries the marks claim beyond ours. */
  countBehind(marks: Iterable<AuthorMark>): number;
  /** Whether the owner of the marks has all of ours, as far as marks can tell. */
  isCoveredBy(marks: readonly AuthorMark[]): boolean;
  copy(): AuthorMarks;
  /** Of the same authors and others, in disjoint sets of entries. */
  plus(others: AuthorMarks): AuthorMarks;
}

export function createAuthorMarks(known: readonly AuthorMark[] = []): AuthorMarks {
  const marks = new Map(known.map((mark) => [mark.device, mark]));
  return {
    add(device, time) {
      const mark = marks.get(device);
      marks.set(device, { device, time: Math.max(time, mark?.time ?? 0), count: (mark?.count ?? 0) + 1 });
    },
    list: () => [...marks.values()],
    of: (device) => marks.get(device),
    lacking(theirs) {
      const ranges: AuthorRange[] = [];
      for (const their of theirs) {
        const { time, count } = marks.get(their.device) ?? { time: 0, count: 0 };
        if (their.time > time || their.count > count)
          ranges.push({ device: their.device, time, count, upTo: their.time });
      }
      return ranges;
    },
    countBehind(theirs) {
      let behind = 0;
      for (const { device, count } of theirs) behind += Math.max(0, count - (marks.get(device)?.count ?? 0));
      return behind;
    },
    isCoveredBy(theirs) {
      const covering = new Map(theirs.map((mark) => [mark.device, mark]));
      return [...marks.values()].every(({ device, time, count }) => {
        const their = covering.get(device);
        return their !== undefined && their.time >= time && their.count >= count;
      });
    },
    copy: () => createAuthorMarks([...marks.values()]),
    plus(others) {
      const sums = others.list().map(({ device, time, count }) => {
        const own = marks.get(device);
        return { device, time: Math.max(time, own?.time ?? 0), count: count + (own?.count ?? 0) };
      });
      return createAuthorMarks([...marks.values(), ...sums]);
    },
  };
}

interface AuthorRow {
  readonly time: number;
  readonly hash: string;
}

/** Entries of one book by author in log time: answers "what does the owner of these marks lack". */
export interface AuthorIndex {
  add(device: string, row: AuthorRow): void;
  /** Hashes in an order where parents come first. Marks that lie cost round trips, never entries. */
  lackedBy(marks: readonly AuthorMark[]): string[];
  /** The same of some authors only, and no further than each range goes. */
  within(ranges: readonly AuthorRange[]): string[];
}

export function createAuthorIndex(): AuthorIndex {
  const authors = new Map<string, AuthorRow[]>();
  return {
    add(device, row) {
      const rows = authors.get(device);
      if (!rows) authors.set(device, [row]);
      else if ((rows.at(-1)?.time ?? 0) <= row.time) rows.push(row);
      else rows.splice(upTo(rows, row.time), 0, row);
    },
    lackedBy(marks) {
      const theirs = new Map(marks.map((m) => [m.device, m]));
      return inTime([...authors].flatMap(([device, rows]) => lackedOf(rows, theirs.get(device))));
    },
    within(ranges) {
      // Each author once, whatever was asked.
      const asked = new Map(ranges.map((range) => [range.device, range]));
      return inTime(
        [...asked.values()].flatMap((range) => {
          const rows = authors.get(range.device) ?? [];
          return lackedOf(rows.slice(0, upTo(rows, range.upTo)), range);
        }),
      );
    },
  };
}

const inTime = (rows: AuthorRow[]): string[] => rows.sort((a, b) => a.time - b.time).map((row) => row.hash);

/** An author who forked its own log can have fewer entries at a peer than its time says: then send them all. */
function lackedOf(rows: readonly AuthorRow[], mark: AuthorMark | undefined): readonly AuthorRow[] {
  if (!mark) return rows;
  const shared = upTo(rows, mark.time);
  return mark.count < shared ? rows : rows.slice(shared);
}

/** Index after the last row whose time is at most `time`. */
function upTo(rows: readonly AuthorRow[], time: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.time ?? Number.POSITIVE_INFINITY) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
