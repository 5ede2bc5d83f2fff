/** What a peer says it has of one author: its newest log time and how many entries. */
export interface AuthorMark {
  /** 64 hex. */
  readonly device: string;
  readonly time: number;
  readonly count: number;
}

interface Row {
  readonly time: number;
  readonly hash: string;
}

/** Entries of one book by author in log time: answers "what does the owner of these marks lack". */
export interface AuthorIndex {
  add(device: string, time: number, hash: string): void;
  marks(): AuthorMark[];
  /** Hashes in an order where parents come first. Marks that lie cost round trips, never entries. */
  lackedBy(marks: readonly AuthorMark[]): string[];
  /** How many entries the marks claim beyond ours. */
  countBehind(marks: readonly AuthorMark[]): number;
}

export function createAuthorIndex(): AuthorIndex {
  const authors = new Map<string, Row[]>();
  return {
    add(device, time, hash) {
      const rows = authors.get(device);
      if (!rows) authors.set(device, [{ time, hash }]);
      else rows.splice(upTo(rows, time), 0, { time, hash });
    },
    marks: () => [...authors].map(([device, rows]) => ({ device, time: rows.at(-1)?.time ?? 0, count: rows.length })),
    lackedBy(marks) {
      const theirs = new Map(marks.map((m) => [m.device, m]));
      const lacking = [...authors].flatMap(([device, rows]) => lackedOf(rows, theirs.get(device)));
      return lacking.sort((a, b) => a.time - b.time).map((row) => row.hash);
    },
    countBehind: (marks) => marks.reduce((n, m) => n + Math.max(0, m.count - (authors.get(m.device)?.length ?? 0)), 0),
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
