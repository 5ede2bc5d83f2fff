import { step } from '#core/ports/steps.ts';
import type { Admit } from '#core/ports/village-node.ts';
import type { BookIndex } from './book-index.ts';
import type { BookContext } from './book-log.ts';
import type { BookStore } from './book-store.ts';
import { MAX_CLOCK_JUMP } from './entry-codec.ts';
import { OF_MONTH } from './entry-limits.ts';
import { walkInOrder } from './join-order.ts';
import type { Arrival } from './staged-entries.ts';

export interface Ingested {
  /** Hashes of the entries that joined, in that order. */
  readonly joined: readonly string[];
  /** Parents that neither the book nor the staged entries have. */
  readonly missing: readonly string[];
  readonly refused: readonly Refused[];
  /** Entries for which there was no room to wait. */
  readonly overflowed: number;
}

export interface Refused {
  readonly peer: string;
  readonly hash: string;
  readonly reason: string;
}

interface Candidate {
  readonly hash: string;
  readonly parents: readonly string[];
  readonly arrival: Arrival;
}

/**
 * Joins what may be joined of the arrivals and of what is staged for the book. Rejects only when the disk fails.
 * @param isGone a parent that need not be waited for: nobody keeps it any more
 */
export async function ingestArrivals(
  book: string,
  arrivals: readonly Arrival[],
  store: BookStore,
  context: BookContext,
  isGone: (hash: string) => boolean,
): Promise<Ingested> {
  const { staged, refusals } = context;
  const index = await store.index();
  const waited = staged.take(book);
  const candidates = new Map(
    [...waited, ...arrivals]
      .filter(({ entry }) => !index.has(entry.hash) && !refusals.has(book, entry.hash))
      .map((arrival) => [arrival.entry.hash, toCandidate(arrival)]),
  );
  const wasWaiting = new Set(waited.map(({ entry }) => entry.hash));
  const { joining, held, dropped, missing } = judgeAll(
    book,
    candidates,
    index,
    context,
    (hash) => isGone(hash) || store.isAbsent(hash),
  );
  // Before anything is awaited: whoever changes admission in the meantime finds them among the staged.
  let overflowed = 0;
  for (const { arrival } of held) if (!staged.add(book, arrival)) overflowed += 1;
  // Nobody is asked for them while they are on their way to the disk.
  const leaving = joining.filter(({ hash }) => wasWaiting.has(hash));
  for (const { arrival } of leaving) staged.add(book, arrival);
  try {
    await commitJoining(joining, index, store, context);
  } catch (error) {
    for (const { arrival } of joining) staged.add(book, arrival);
    throw error;
  }
  for (const { hash } of leaving) staged.remove(book, hash);
  for (const { hash } of dropped) refusals.add(book, hash);
  const joined = joining.map((c) => c.hash);
  if (joined.length > 0) {
    const records = joining.flatMap(({ arrival }) => arrival.entry.records);
    context.onJoined({ book, origin: 'remote', hashes: joined, records });
  }
  return { joined, missing, refused: dropped, overflowed };
}

interface Judged {
  readonly joining: readonly Candidate[];
  readonly held: readonly Candidate[];
  readonly dropped: readonly Refused[];
  readonly missing: readonly string[];
}

function judgeAll(
  book: string,
  candidates: ReadonlyMap<string, Candidate>,
  index: BookIndex,
  { admit, refusals }: BookContext,
  isGone: (hash: string) => boolean,
): Judged {
  const joining: Candidate[] = [];
  const times = new Map<string, number>();
  const timeOf = (hash: string): number | undefined => times.get(hash) ?? index.row(hash)?.time;
  const isThere = (hash: string): boolean => index.has(hash) || (isGone(hash) && !candidates.has(hash));
  const isRefused = (hash: string): boolean => refusals.has(book, hash);
  const reasons = new Map<string, string>();
  const { held, dropped, missing } = walkInOrder(candidates, isThere, isRefused, (candidate) => {
    const verdict = judge(candidate.arrival, book, timeOf, admit);
    if (verdict === 'hold') return 'hold';
    if (verdict !== 'join') {
      reasons.set(candidate.hash, verdict.refuse);
      return 'drop';
    }
    joining.push(candidate);
    times.set(candidate.hash, candidate.arrival.entry.time);
    return 'join';
  });
  const refused = dropped.map(({ hash, arrival }) => ({
    hash,
    peer: arrival.peer,
    reason: reasons.get(hash) ?? 'it follows a refused entry',
  }));
  return { joining, held, missing, dropped: refused };
}

const toCandidate = (arrival: Arrival): Candidate => ({
  hash: arrival.entry.hash,
  parents: arrival.entry.refs.length === 0 ? arrival.entry.next : [...arrival.entry.next, ...arrival.entry.refs],
  arrival,
});

function judge(
  { entry }: Arrival,
  book: string,
  timeOf: (hash: string) => number | undefined,
  admit: Admit,
): 'join' | 'hold' | { readonly refuse: string } {
  const { next, time, device, records } = entry;
  const problem = OF_MONTH.test(book) ? undefined : clockProblem(time, next.map(timeOf));
  if (problem !== undefined) return { refuse: problem };
  const verdict = admit({ book, device, records });
  if (verdict === 'accept') return 'join';
  return verdict === 'wait' ? 'hold' : verdict;
}

/**
 * Looks only at an entry and its parents, so every peer decides it the same way at any time. In the book of a month
 * some have a parent that others are told is gone: there nothing may depend on it, and clocks are not asked.
 */
function clockProblem(time: number, parents: readonly (number | undefined)[]): string | undefined {
  const newestParent = parents.reduce<number>((max, t) => Math.max(max, t ?? 0), 0);
  if (time <= newestParent) return 'the clock of the entry is not after its parents';
  return time > newestParent + MAX_CLOCK_JUMP ? 'the clock of the entry jumps too far ahead' : undefined;
}

async function commitJoining(
  joining: readonly Candidate[],
  index: BookIndex,
  store: BookStore,
  context: BookContext,
): Promise<void> {
  if (joining.length === 0) return;
  const authors = new Map(joining.map(({ arrival }) => [arrival.identity.hash, arrival.identity]));
  for (const identity of authors.values()) await context.identities.keep(identity);
  const here = new Set(joining.map((c) => c.hash));
  await store.commit(
    joining.map(({ arrival: { entry }, parents }) => {
      const absent = parents.filter((hash) => !here.has(hash) && !index.has(hash));
      return absent.length > 0 ? { ...entry, absent } : entry;
    }),
  );
  step('sync.entries-stored');
}
