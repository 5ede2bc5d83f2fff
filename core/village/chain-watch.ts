import type { VillageStore } from '#core/storage/village-store.ts';
import { type ChainRun, SEGMENT_CHAIN } from '#domain/metering/chain-runs.ts';
import type { SegmentRef, VillageState } from '#domain/village/state.ts';
import type { ChainSearch, Named } from './chain-search.ts';

/**
 * 'fork': two follow the same one. 'missing': what it follows is in nothing that its gateway announced before.
 * 'foreign': what it follows is of another gateway.
 */
export type BreakKind = 'fork' | 'missing' | 'foreign';

/** A place where the chain of a gateway's segments, or of a meter's frames in them, does not go on. */
export interface ChainBreak {
  readonly device: string;
  readonly kind: BreakKind;
  /** Segments in which it shows, in the order of their announcements. */
  readonly segments: readonly SegmentRef[];
  /** Meters whose frames do not go on; none where only the segments themselves do not. */
  readonly meters: readonly string[];
}

/**
 * Follows the chains of gateways over everything that is here. What it tells is a function of the segments that are here
 * and of the keys, not of the order in which they came; what may still come is waited for. Nothing counts less for it.
 */
export interface ChainWatch {
  /** As of the last look. */
  readonly breaks: () => readonly ChainBreak[];
  /** Looks now, as far as something changed. */
  readonly look: () => Promise<readonly ChainBreak[]>;
  /** Segments came, or others count: it looks again soon. */
  readonly onNews: () => void;
  /** The store dropped what it knew. */
  readonly onDropped: () => void;
  readonly stop: () => Promise<void>;
}

export interface ChainSource {
  readonly store: Pick<VillageStore, 'openChains' | 'chainRuns' | 'isLinked'>;
  readonly state: () => VillageState;
  readonly search: ChainSearch;
  /** Segments are on their way: pieces of chains that lie apart will probably join. */
  readonly isFetching: () => boolean;
  readonly onChanged: () => void;
  readonly log: (line: string) => void;
}

/** What comes together is looked at together. */
const SOON_MS = 2000;
/** Far more than honest gateways leave open; one that breaks its chain everywhere is shown by these. */
const MAX_OPEN = 5000;

export function createChainWatch({ store, state, search, isFetching, onChanged, log }: ChainSource): ChainWatch {
  const stopping = new AbortController();
  let known: readonly ChainBreak[] = [];
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<unknown> = Promise.resolve();
  /** Of each broken chain: its heads when it was searched, and what was found. Other frames would be other heads. */
  let searched = new Map<string, Searched>();

  /** Until which announcement all segments of a gateway are here. */
  const wholeUntilMs = (device: string): number => {
    const { segments } = state();
    const runs = store.chainRuns(device, SEGMENT_CHAIN);
    const isAwaited = ({ head }: ChainRun): boolean =>
      head !== null && segments.get(head)?.device === device && !store.isLinked(head);
    if (!runs.some(isAwaited)) return Number.POSITIVE_INFINITY;
    const ends = runs.flatMap(({ head, tail }) => (head === null ? (segments.get(tail)?.atMs ?? []) : []));
    return Math.max(Number.NEGATIVE_INFINITY, ...ends);
  };
  const searchOf = async (runs: readonly ChainRun[]): Promise<Searched['found']> => {
    const [first] = runs;
    if (!first) return new Map();
    const key = chainOf(first);
    const heads = runs.map(({ head }) => head ?? '').sort();
    const stamp = heads.join(' ');
    const before = searched.get(key);
    if (before?.stamp === stamp) return before.found;
    const found = await search(first, new Set(runs.map(({ head }) => head)), stopping.signal);
    searched.set(key, { stamp, found });
    return found;
  };
  const kindOf = (
    head: string | null,
    { place, segments }: Named,
    counted: readonly SegmentRef[],
    wholeMs: number,
  ): BreakKind | undefined => {
    if (counted.reduce((n, { cid }) => n + (segments.get(cid) ?? 0), 0) > 1) return 'fork';
    const [only] = counted;
    if (!only || head === null || place === 'here') return undefined;
    if (place === 'elsewhere') return 'foreign';
    return only.atMs <= wholeMs ? 'missing' : undefined;
  };
  const breaksOf = async (runs: readonly ChainRun[], wholeMs: number, mayJoin: boolean): Promise<ChainBreak[]> => {
    const { segments } = state();
    const isTold = (run: ChainRun): boolean =>
      run.head !== null && (segments.get(run.segment)?.atMs ?? Number.POSITIVE_INFINITY) <= wholeMs;
    if (!runs.some(isTold) && (runs.length === 1 || mayJoin)) return [];
    const breaks: ChainBreak[] = [];
    for (const [head, named] of await searchOf(runs)) {
      const counted = [...named.segments.keys()].flatMap((cid) => segments.get(cid) ?? []).sort(byAnnouncement);
      const kind = kindOf(head, named, counted, wholeMs);
      const [{ device, meter }] = runs as [ChainRun];
      const meters = meter === SEGMENT_CHAIN ? [] : [meter];
      if (kind) breaks.push({ device, kind, segments: counted, meters });
    }
    return breaks;
  };
  const lookOnce = async (): Promise<readonly ChainBreak[]> => {
    const chains = Map.groupBy(store.openChains(MAX_OPEN), chainOf);
    for (const key of searched.keys()) if (!chains.has(key)) searched.delete(key);
    const whole = new Map<string, number>();
    const mayJoin = chains.size > 0 && isFetching();
    const breaks: ChainBreak[] = [];
    for (const runs of chains.values()) {
      if (stopping.signal.aborted) return known;
      const [{ device }] = runs as [ChainRun, ...ChainRun[]];
      if (!whole.has(device)) whole.set(device, wholeUntilMs(device));
      breaks.push(...(await breaksOf(runs, whole.get(device) ?? 0, mayJoin)));
    }
    const before = JSON.stringify(known.map(nameOf));
    known = gather(breaks);
    if (JSON.stringify(known.map(nameOf)) !== before) onChanged();
    return known;
  };
  const look = (): Promise<readonly ChainBreak[]> => {
    clearTimeout(timer);
    timer = undefined;
    const done = looking.then(lookOnce);
    looking = done.catch(() => undefined);
    return done;
  };
  return {
    breaks: () => known,
    look,
    onNews() {
      if (stopping.signal.aborted || timer) return;
      timer = setTimeout(() => {
        look().catch((e: unknown) => log(`chains of gateways: ${e instanceof Error ? e.message : String(e)}`));
      }, SOON_MS);
      timer.unref();
    },
    onDropped() {
      searched = new Map();
    },
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await looking;
    },
  };
}

interface Searched {
  readonly stamp: string;
  readonly found: ReadonlyMap<string | null, Named>;
}

const chainOf = ({ device, meter }: ChainRun): string => `${device} ${meter}`;
const byAnnouncement = (a: SegmentRef, b: SegmentRef): number => a.atMs - b.atMs || (a.cid < b.cid ? -1 : 1);
const nameOf = ({ kind, segments, meters }: ChainBreak): string =>
  [kind, ...segments.map(({ cid }) => cid), ...meters].join(' ');

/** One entry for what shows in the same segments in the same way, the newest first. */
function gather(breaks: readonly ChainBreak[]): ChainBreak[] {
  const places = Map.groupBy(breaks, ({ kind, segments }) => [kind, ...segments.map(({ cid }) => cid)].join(' '));
  const gathered = [...places.values()].map((same): ChainBreak => {
    const [first] = same as [ChainBreak];
    return { ...first, meters: [...new Set(same.flatMap(({ meters }) => meters))].sort() };
  });
  const newest = ({ segments }: ChainBreak): number => segments.at(-1)?.atMs ?? 0;
  return gathered.sort((a, b) => newest(b) - newest(a) || (nameOf(a) < nameOf(b) ? -1 : 1));
}
