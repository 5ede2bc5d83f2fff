import type { AuthorMark } from '#core/ports/village-node.ts';

/** How far each author of a book is known: kept with the book's summary, without its index. */
export interface AuthorMarks {
  add(device: string, time: number): void;
  list(): AuthorMark[];
  /** How many entries the marks claim beyond ours. */
  countBehind(marks: readonly AuthorMark[]): number;
  /** Whether the owner of the marks has all of ours, as far as marks can tell. */
  isCoveredBy(marks: readonly AuthorMark[]): boolean;
  copy(): AuthorMarks;
}

export function createAuthorMarks(known: readonly AuthorMark[] = []): AuthorMarks {
  const marks = new Map(known.map((mark) => [mark.device, mark]));
  return {
    add(device, time) {
      const mark = marks.get(device);
      marks.set(device, { device, time: Math.max(time, mark?.time ?? 0), count: (mark?.count ?? 0) + 1 });
    },
    list: () => [...marks.values()],
    countBehind: (theirs) => theirs.reduce((n, m) => n + Math.max(0, m.count - (marks.get(m.device)?.count ?? 0)), 0),
    isCoveredBy(theirs) {
      const covering = new Map(theirs.map((mark) => [mark.device, mark]));
      return [...marks.values()].every(({ device, time, count }) => {
        const their = covering.get(device);
        return their !== undefined && their.time >= time && their.count >= count;
      });
    },
    copy: () => createAuthorMarks([...marks.values()]),
  };
}

interface Row {
  readonly time: number;
  readonly hash: string;
}

/** Entries of one book by author in log time: answers "what does the owner of these marks lack". */
export interface AuthorIndex {
  add(device: string, time: number, hash: string): void;
  /** Hashes in an order where parents come first. Marks that lie cost round trips, never entries. */
  lackedBy(marks: readonly AuthorMark[]): string[];
}

export function createAuthorIndex(): AuthorIndex {
  const authors = new Map<string, Row[]>();
  return {
    add(device, time, hash) {
      const rows = authors.get(device);
      if (!rows) authors.set(device, [{ time, hash }]);
      else if ((rows.at(-1)?.time ?? 0) <= time) rows.push({ time, hash });
      else rows.splice(upTo(rows, time), 0, { time, hash });
    },
    lackedBy(marks) {
      const theirs = new Map(marks.map((m) => [m.device, m]));
      const lacking = [...authors].flatMap(([device, rows]) => lackedOf(rows, theirs.get(device)));
      return lacking.sort((a, b) => a.time - b.time).map((row) => row.hash);
    },
  };
}

/** An author who forked its own log can have fewer entries at a peer than its time says: then send them all. */
function lackedOf(rows: readonly Row[], mark: AuthorMark | undefined): readonly Row[] {
  if (!mark) return rows;
  const shared = upTo(rows, mark.time);
  return mark.count < shared ? rows : rows.slice(shared);
}

/** Index after the last row whose time is at most `time`. */
function upTo(rows: readonly Row[], time: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.time ?? Number.POSITIVE_INFINITY) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
