import { MAX_WANTED } from './wire-messages.ts';

/** A peer that answers nothing of what it was asked for in this time is not waited for, ms. */
const STALL_MS = 10_000;

/** A peer that may still keep what was let go of here. */
export interface ReturnSource {
  want(book: string, hashes: readonly string[]): void;
}

export interface ReturnOptions {
  readonly signal: AbortSignal;
  /** Told how many entries are kept here again. */
  readonly onReturned: (entries: number) => void;
}

/** Brings entries that were released here back from peers that kept them, each asked of one peer at a time. */
export interface BookReturns {
  /** Resolves with how many of the entries no connected peer keeps, or are left once the signal aborts. */
  readonly start: (book: string, hashes: readonly string[], options: ReturnOptions) => Promise<number>;
  join(source: ReturnSource): void;
  leave(source: ReturnSource): void;
  isUnderWay(book: string): boolean;
  /** Entries that came are kept here again. */
  arrived(source: ReturnSource, book: string, hashes: readonly string[]): void;
  /** The peer does not keep these. */
  gone(source: ReturnSource, book: string, hashes: readonly string[]): void;
  /** Passes over whoever does not answer. */
  review(): void;
}

interface Standing {
  readonly asked: Set<string>;
  readonly lacks: Set<string>;
  dueAt: number;
}

interface Return {
  readonly lacking: Set<string>;
  readonly standings: Map<ReturnSource, Standing>;
  readonly onReturned: (entries: number) => void;
  readonly end: () => void;
}

export function createBookReturns(now: () => number): BookReturns {
  const sources = new Set<ReturnSource>();
  const returns = new Map<string, Return>();
  const addTo = ({ standings }: Return, source: ReturnSource): void =>
    void standings.set(source, { asked: new Set(), lacks: new Set(), dueAt: 0 });
  /** Asks everybody who was not asked; whoever has nothing to be asked for is done. */
  const goOn = (book: string, of: Return): void => {
    const asked = new Set([...of.standings.values()].flatMap((s) => [...s.asked]));
    for (const [source, standing] of of.standings) {
      if (standing.asked.size > 0) continue;
      const next: string[] = [];
      for (const hash of of.lacking) {
        if (next.length === MAX_WANTED) break;
        if (!asked.has(hash) && !standing.lacks.has(hash)) next.push(hash);
      }
      if (next.length === 0) continue;
      for (const hash of next) {
        standing.asked.add(hash);
        asked.add(hash);
      }
      standing.dueAt = now() + STALL_MS;
      source.want(book, next);
    }
    if (asked.size === 0) of.end();
  };
  const answered = (source: ReturnSource, book: string, hashes: readonly string[], isHere: boolean): void => {
    const of = returns.get(book);
    const standing = of?.standings.get(source);
    if (!of || !standing) return;
    let came = 0;
    for (const hash of hashes) {
      const wasAsked = standing.asked.delete(hash);
      if (isHere && of.lacking.delete(hash)) came += 1;
      else if (!isHere && wasAsked) standing.lacks.add(hash);
    }
    standing.dueAt = now() + STALL_MS;
    if (came > 0) of.onReturned(came);
    goOn(book, of);
  };
  const leaveAll = (source: ReturnSource): void => {
    for (const [book, of] of returns) if (of.standings.delete(source)) goOn(book, of);
  };
  return {
    async start(book, hashes, { signal, onReturned }) {
      const lacking = new Set(hashes);
      if (returns.has(book) || signal.aborted) return lacking.size;
      await new Promise<void>((resolve) => {
        const of: Return = { lacking, standings: new Map(), onReturned, end: resolve };
        returns.set(book, of);
        signal.addEventListener('abort', of.end, { once: true });
        for (const source of sources) addTo(of, source);
        goOn(book, of);
      });
      signal.removeEventListener('abort', returns.get(book)?.end ?? (() => undefined));
      returns.delete(book);
      return lacking.size;
    },
    join(source) {
      sources.add(source);
      for (const [book, of] of returns) {
        addTo(of, source);
        goOn(book, of);
      }
    },
    leave(source) {
      sources.delete(source);
      leaveAll(source);
    },
    isUnderWay: (book) => returns.has(book),
    arrived: (source, book, hashes) => answered(source, book, hashes, true),
    gone: (source, book, hashes) => answered(source, book, hashes, false),
    review() {
      for (const [book, { standings }] of returns)
        for (const [source, { asked, dueAt }] of standings)
          if (asked.size > 0 && now() > dueAt) {
            standings.delete(source);
            const of = returns.get(book);
            if (of) goOn(book, of);
          }
    },
  };
}
