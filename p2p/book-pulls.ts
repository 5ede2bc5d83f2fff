import type { AuthorMark } from '#core/ports/village-node.ts';
import type { AuthorRange } from './author-index.ts';
import type { VillageBooks } from './village-books.ts';

/** A peer that sends nothing of what it was asked for is passed over after this, ms. */
const STALL_MS = 3000;
/** What arrives puts that off; slower than this and it is passed over all the same, bytes a second. */
const SLOWEST_BYTES_PER_SECOND = 20_000;
/** And so does a pull that takes longer than this, whatever comes, ms. */
const LONGEST_MS = 60_000;
/** Authors asked for at once; the others are asked for next. */
const MAX_RANGES = 10_000;

/** A peer that may be asked for what this console lacks. */
export interface PullSource {
  /** Not over a relay. */
  readonly isDirect: boolean;
  /** How far the peer says it has a book. */
  claims(book: string): Iterable<AuthorMark>;
  ask(book: string, ranges: readonly AuthorRange[]): void;
}

/**
 * Asks for what the books lack, each author of a book of one peer at a time, so that what several have comes once.
 * Whoever was asked and does not send is passed over, and then everybody else who has it is asked at once.
 */
export interface BookPulls {
  /** The peer told how far it has the books. */
  claimed(source: PullSource, books: Iterable<string>): void;
  /** A frame of the peer came, and is being checked until {@link BookPulls.joined}. */
  arrived(source: PullSource): void;
  /** What was new in the frame. */
  joined(source: PullSource, book: string, bytes: number): void;
  /** The peer sent all it was asked for. False when it was not asked. */
  ended(source: PullSource, book: string): boolean;
  /** What the peer gave before may be asked of it again. */
  forgetAnswers(source: PullSource): void;
  leave(source: PullSource): void;
  /** Passes over whoever is overdue. */
  review(): void;
  /** Somebody is sending what is lacked of the book. */
  isUnderWay(book: string): boolean;
  /** Somebody is sending what is lacked of any book. */
  isBusy(): boolean;
}

interface Pull {
  readonly ranges: readonly AuthorRange[];
  /** Monotonic ms. */
  dueAt: number;
  readonly endsAt: number;
  overdue: boolean;
}

interface Standing {
  /** By book. */
  readonly pulls: Map<string, Pull>;
  /** Log time up to which each author of a book was asked for and answered. */
  readonly answered: Map<string, Map<string, number>>;
  /** Pulls that came to their end. */
  kept: number;
  /** Pulls that were passed over. */
  late: number;
  /** Frames that came and are not joined yet, and since when: nobody is blamed for our own slowness. */
  joining: number;
  joiningSince: number;
}

interface Candidate {
  readonly source: PullSource;
  readonly standing: Standing;
  readonly ranges: readonly AuthorRange[];
}

export function createBookPulls(books: Pick<VillageBooks, 'lacking'>, now: () => number): BookPulls {
  const sources = new Map<PullSource, Standing>();
  const standingOf = (source: PullSource): Standing => {
    const known = sources.get(source);
    if (known) return known;
    const fresh = { pulls: new Map(), answered: new Map(), kept: 0, late: 0, joining: 0, joiningSince: 0 };
    sources.set(source, fresh);
    return fresh;
  };
  const pullsUnderWay = (book: string): Pull[] =>
    [...sources.values()].flatMap(({ pulls }) => pulls.get(book) ?? []).filter(({ overdue }) => !overdue);
  const candidatesFor = (book: string): Candidate[] => {
    const asked = new Set(pullsUnderWay(book).flatMap(({ ranges }) => ranges.map(({ device }) => device)));
    return [...sources]
      .filter(([, { pulls }]) => !pulls.has(book))
      .map(([source, standing]) => {
        const answered = standing.answered.get(book);
        const ranges = books
          .lacking(book, source.claims(book))
          .filter(({ device, upTo }) => !asked.has(device) && upTo > (answered?.get(device) ?? -1));
        return { source, standing, ranges: ranges.slice(0, MAX_RANGES) };
      })
      .filter(({ ranges }) => ranges.length > 0);
  };
  const start = ({ source, standing, ranges }: Candidate, book: string): void => {
    standing.pulls.set(book, { ranges, dueAt: now() + STALL_MS, endsAt: now() + LONGEST_MS, overdue: false });
    source.ask(book, ranges);
  };
  const consider = (book: string): void => {
    for (let best = bestOf(candidatesFor(book)); best; best = bestOf(candidatesFor(book))) start(best, book);
  };

  return {
    claimed(source, claimed) {
      standingOf(source);
      for (const book of claimed) consider(book);
    },
    arrived(source) {
      const standing = standingOf(source);
      if (standing.joining === 0) standing.joiningSince = now();
      standing.joining += 1;
    },
    joined(source, book, bytes) {
      const standing = sources.get(source);
      if (!standing) return;
      const pull = standing.pulls.get(book);
      if (pull) pull.dueAt += (bytes / SLOWEST_BYTES_PER_SECOND) * 1000;
      standing.joining -= 1;
      if (standing.joining > 0) return;
      const tookMs = now() - standing.joiningSince;
      for (const each of standing.pulls.values()) each.dueAt = Math.min(each.dueAt + tookMs, now() + STALL_MS);
    },
    ended(source, book) {
      const standing = sources.get(source);
      const pull = standing?.pulls.get(book);
      if (!standing || !pull) return false;
      standing.pulls.delete(book);
      standing.kept += 1;
      const answered = standing.answered.get(book) ?? new Map<string, number>();
      standing.answered.set(book, answered);
      for (const { device, upTo } of pull.ranges) answered.set(device, upTo);
      consider(book);
      return true;
    },
    forgetAnswers: (source) => sources.get(source)?.answered.clear(),
    leave(source) {
      const asked = [...(sources.get(source)?.pulls.keys() ?? [])];
      sources.delete(source);
      for (const book of asked) consider(book);
    },
    review() {
      for (const standing of sources.values()) {
        for (const [book, pull] of standing.pulls) {
          const isLate = now() > pull.endsAt || (standing.joining === 0 && now() > pull.dueAt);
          if (pull.overdue || !isLate) continue;
          pull.overdue = true;
          standing.late += 1;
          // Of several who may be no better, waiting for one after the other would add up.
          for (const candidate of candidatesFor(book)) start(candidate, book);
        }
      }
    },
    isUnderWay: (book) => pullsUnderWay(book).length > 0,
    isBusy: () => [...sources.values()].some(({ pulls }) => [...pulls.values()].some(({ overdue }) => !overdue)),
  };
}

/** Whoever was late comes last, whoever kept its word before comes first, then whoever is near, then whoever has more. */
const bestOf = (candidates: readonly Candidate[]): Candidate | undefined =>
  [...candidates].sort(
    (a, b) =>
      a.standing.late - b.standing.late ||
      Number(b.standing.kept > 0) - Number(a.standing.kept > 0) ||
      Number(b.source.isDirect) - Number(a.source.isDirect) ||
      b.ranges.length - a.ranges.length,
  )[0];
