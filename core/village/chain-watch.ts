import { createHash } from 'node:crypto';
import type { VillageStore } from '#core/storage/village-store.ts';
import { type ChainRun, SEGMENT_CHAIN } from '#domain/metering/chain-runs.ts';
import { announcementOf } from '#domain/village/shelves.ts';
import type { SegmentRef, VillageState } from '#domain/village/state.ts';
import type { ChainSearch, Named } from './chain-search.ts';
import { chainOf, createSearchedChains, type Linked } from './searched-chains.ts';

/**
 * 'fork': two follow the same one. 'missing': what it follows is in nothing that its gateway announced before.
 * 'foreign': what it follows is of another gateway.
 */
export type BreakKind = 'fork' | 'missing' | 'foreign';

/** A place where the chain of a gateway's segments, or of a meter's frames in them, does not go on. */
export interface ChainBreak {
  /** The same on every console that finds it in the same segments. */
  readonly id: string;
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
  /** Others count: it looks again soon. */
  readonly onNews: () => void;
  /** Segments came, or more of them opened: it looks again soon. */
  readonly onStored: (segments: readonly Linked[]) => void;
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
  const searched = createSearchedChains(search);

  /** Announcements of one device in the order in which it made them. */
  const placeIn = ({ cid, atMs }: SegmentRef): Order => [atMs, state().segments.positionOf(cid) ?? 0];
  /** Until which announcement all segments of a gateway are here. */
  const wholeUntil = (device: string): Order => {
    const { segments } = state();
    const runs = store.chainRuns(device, SEGMENT_CHAIN);
    const isAwaited = ({ head }: ChainRun): boolean =>
      head !== null && announcementOf(segments, head, device) !== undefined && !store.isLinked(head);
    if (!runs.some(isAwaited)) return END;
    const tails = runs.flatMap(({ head, tail }) =>
      head === null ? (announcementOf(segments, tail, device) ?? []) : [],
    );
    return tails.map(placeIn).sort(byOrder).at(-1) ?? START;
  };
  /** The chain of segments is searched in what is announced. */
  const searchOf = (runs: readonly ChainRun[]): Promise<ReadonlyMap<string | null, Named>> => {
    const isOfSegments = runs[0]?.meter === SEGMENT_CHAIN;
    return searched.find(runs, isOfSegments ? `${state().segments.size} announced` : '', stopping.signal);
  };
  const kindOf = (
    head: string | null,
    { place, segments }: Named,
    counted: readonly SegmentRef[],
    whole: Order,
  ): BreakKind | undefined => {
    if (counted.reduce((n, { cid }) => n + (segments.get(cid) ?? 0), 0) > 1) return 'fork';
    const [only] = counted;
    if (!only || head === null || place === 'here') return undefined;
    if (place === 'elsewhere') return 'foreign';
    return byOrder(placeIn(only), whole) <= 0 ? 'missing' : undefined;
  };
  const breaksOf = async (runs: readonly ChainRun[], whole: Order, mayJoin: boolean): Promise<Place[]> => {
    const { segments } = state();
    const isTold = ({ device, head, segment }: ChainRun): boolean => {
      const ref = head === null ? undefined : announcementOf(segments, segment, device);
      return ref !== undefined && byOrder(placeIn(ref), whole) <= 0;
    };
    if (!runs.some(isTold) && (runs.length === 1 || mayJoin)) return [];
    const breaks: Place[] = [];
    const [{ device, meter }] = runs as [ChainRun];
    for (const [head, named] of await searchOf(runs)) {
      const counted = [...named.segments.keys()].flatMap((cid) => announcementOf(segments, cid, device) ?? []);
      counted.sort((a, b) => byOrder(placeIn(a), placeIn(b)));
      const kind = kindOf(head, named, counted, whole);
      const meters = meter === SEGMENT_CHAIN ? [] : [meter];
      if (kind) breaks.push({ device, kind, segments: counted, meters });
    }
    return breaks;
  };
  const lookOnce = async (): Promise<readonly ChainBreak[]> => {
    const chains = Map.groupBy(store.openChains(MAX_OPEN), chainOf);
    searched.keepOnly(chains);
    const whole = new Map<string, Order>();
    const mayJoin = chains.size > 0 && isFetching();
    const breaks: Place[] = [];
    for (const runs of chains.values()) {
      if (stopping.signal.aborted) return known;
      const [{ device }] = runs as [ChainRun, ...ChainRun[]];
      if (!whole.has(device)) whole.set(device, wholeUntil(device));
      breaks.push(...(await breaksOf(runs, whole.get(device) ?? START, mayJoin)));
    }
    const before = JSON.stringify(known.map(nameOf));
    known = gather(breaks, placeIn);
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
  const lookSoon = (): void => {
    if (stopping.signal.aborted || timer) return;
    timer = setTimeout(() => {
      look().catch((e: unknown) => log(`chains of gateways: ${e instanceof Error ? e.message : String(e)}`));
    }, SOON_MS);
    timer.unref();
  };
  return {
    breaks: () => known,
    look,
    onNews: lookSoon,
    onStored(segments) {
      searched.onStored(segments);
      lookSoon();
    },
    onDropped: searched.forget,
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await looking;
    },
  };
}

type Place = Omit<ChainBreak, 'id'>;
/** Instant, and place among those of that instant. */
type Order = readonly [atMs: number, place: number];
const START: Order = [Number.NEGATIVE_INFINITY, 0];
const END: Order = [Number.POSITIVE_INFINITY, 0];
const byOrder = (a: Order, b: Order): number => a[0] - b[0] || a[1] - b[1];
const nameOf = ({ id, meters }: ChainBreak): string => [id, ...meters].join(' ');
const placeOf = ({ kind, segments }: Place): string => [kind, ...segments.map(({ cid }) => cid)].join(' ');

/** One entry for what shows in the same segments in the same way, the newest first. */
function gather(places: readonly Place[], orderOf: (s: SegmentRef) => Order): ChainBreak[] {
  const gathered = [...Map.groupBy(places, placeOf)].map(([place, same]): ChainBreak => {
    const [first] = same as [Place];
    const id = `chain-${createHash('sha256').update(place).digest('base64url')}`;
    return { id, ...first, meters: [...new Set(same.flatMap(({ meters }) => meters))].sort() };
  });
  const newest = ({ segments }: ChainBreak): Order => segments.map(orderOf).at(-1) ?? START;
  return gathered.sort((a, b) => byOrder(newest(b), newest(a)) || (a.id < b.id ? -1 : 1));
}
