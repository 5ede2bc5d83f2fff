import type { AuthorMark, VillageMarks, VillageNode } from '#core/ports/village-node.ts';
import { viewEntry } from './entry-view.ts';

/** What is known to lie elsewhere: a bundle for that place leaves it out. */
export interface KnownThere {
  readonly have: VillageMarks;
  /** Digests of blocks it lacks although it has their announcements, as far as it told. */
  readonly wants: readonly Uint8Array[];
}

/**
 * What a reader has who has everything that was written before an instant, by the clocks of the records. Per author the
 * log is cut before the first entry with a later record, so nothing written since is left out, wherever clocks differ.
 */
export async function marksBefore(node: VillageNode, ms: number, signal: AbortSignal): Promise<VillageMarks> {
  const cut = new Map<string, Map<string, AuthorMark>>();
  const ended = new Set<string>();
  for await (const { book, entries } of node.exportEntries()) {
    signal.throwIfAborted();
    const marks = cut.get(book) ?? new Map<string, AuthorMark>();
    cut.set(book, marks);
    for (const bytes of entries) {
      const entry = viewEntry(bytes);
      if (!entry) continue;
      const { device, time } = entry;
      const author = `${book}|${device}`;
      if (entry.records.some((r) => r.atMs >= ms)) ended.add(author);
      if (!ended.has(author)) marks.set(device, { device, time, count: (marks.get(device)?.count ?? 0) + 1 });
    }
  }
  return new Map([...cut].map(([book, marks]) => [book, [...marks.values()]]));
}

/** How many entries the owner of `marks` lacks of those that `others` name. */
export function lackedOf(others: VillageMarks, marks: VillageMarks): number {
  let lacked = 0;
  for (const [book, authors] of others) {
    const own = new Map((marks.get(book) ?? []).map((m) => [m.device, m.count]));
    for (const { device, count } of authors) lacked += Math.max(0, count - (own.get(device) ?? 0));
  }
  return lacked;
}

/** Of each book and author the further mark. */
export function joinMarks(a: VillageMarks, b: VillageMarks): VillageMarks {
  const joined = new Map(a);
  for (const [book, authors] of b) {
    const known = new Map((joined.get(book) ?? []).map((m) => [m.device, m]));
    for (const mark of authors) {
      const before = known.get(mark.device);
      if (!before || mark.count > before.count) known.set(mark.device, mark);
    }
    joined.set(book, [...known.values()]);
  }
  return joined;
}
