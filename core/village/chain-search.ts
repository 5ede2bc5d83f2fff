import { createBreath } from '#core/breath.ts';
import { nativeSha256 } from '#core/crypto/native-sha256.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import { toHex } from '#domain/bytes.ts';
import { type ChainRun, SEGMENT_CHAIN } from '#domain/metering/chain-runs.ts';
import { frameLeaf } from '#domain/metering/frame.ts';
import { readFrameHead } from '#domain/metering/frame-reader.ts';
import { DAY_MS, dayStart, UTC } from '#domain/time.ts';
import { announcementOf } from '#domain/village/shelves.ts';
import type { VillageState } from '#domain/village/state.ts';
import type { OpenPlain } from './stored-frames.ts';

/** What is known of a place where a chain does not go on: all that name the same one before. */
export interface Named {
  /** Segments that name it, or how many frames in each do. */
  readonly segments: ReadonlyMap<string, number>;
  /** Where the one that is named was found: in the same chain, in one of another gateway, nowhere. */
  readonly place: 'here' | 'elsewhere' | 'nowhere';
}
export type Heads = ReadonlySet<string | null>;

/** Looks for who names these heads of one chain. Opens frames: for a chain that is broken, never for one that is whole. */
export type ChainSearch = (
  chain: Pick<ChainRun, 'device' | 'meter'>,
  heads: Heads,
  signal: AbortSignal,
) => Promise<ReadonlyMap<string | null, Named>>;

/** So many frames of a meter are in memory at a time. */
const WINDOW_MS = 31 * DAY_MS;

interface Found {
  readonly segments: Map<string, number>;
  place: Named['place'];
}

export function createChainSearch(source: {
  readonly store: Pick<VillageStore, 'framesOf' | 'lockedLeaves'>;
  readonly state: () => VillageState;
  readonly openPlain: OpenPlain;
}): ChainSearch {
  const { store, state, openPlain } = source;

  const amongSegments = async (device: string, found: ReadonlyMap<string | null, Found>, signal: AbortSignal) => {
    const breathe = createBreath();
    const { segments } = state();
    for (const [head, at] of found) {
      const named = head === null ? undefined : (announcementOf(segments, head, device) ?? segments.get(head));
      if (named) at.place = named.device === device ? 'here' : 'elsewhere';
    }
    for (const s of segments.values()) {
      if (s.device === device) name(found.get(s.prev), s.cid);
      await breathe();
      if (signal.aborted) return;
    }
  };
  const amongFrames = async (
    { device, meter }: Pick<ChainRun, 'device' | 'meter'>,
    found: ReadonlyMap<string | null, Found>,
    signal: AbortSignal,
  ) => {
    const breathe = createBreath();
    for (const leaf of store.lockedLeaves(meter)) {
      const at = found.get(leaf);
      if (at) at.place = 'here';
    }
    const { segments } = state();
    const [first, last] = [segments.firstShelf(), segments.lastShelf()];
    if (first === undefined || last === undefined) return;
    for (let from = dayStart(first, UTC); from <= dayStart(last, UTC); from += WINDOW_MS) {
      for (const stored of store.framesOf(meter, from, from + WINDOW_MS)) {
        const plain = openPlain(stored);
        const { gateway, origin, prev } = readFrameHead(plain);
        const leafAt = found.get(toHex(frameLeaf(plain, nativeSha256)));
        if (leafAt && leafAt.place !== 'here') leafAt.place = gateway === device ? 'here' : 'elsewhere';
        if (gateway === device && origin === 'gateway') name(found.get(prev && toHex(prev)), stored.segment);
        await breathe();
        if (signal.aborted) return;
      }
    }
  };
  return async (chain, heads, signal) => {
    const found = new Map(
      [...heads].map((head): [string | null, Found] => [head, { segments: new Map(), place: 'nowhere' }]),
    );
    if (chain.meter === SEGMENT_CHAIN) await amongSegments(chain.device, found, signal);
    else await amongFrames(chain, found, signal);
    return found;
  };
}

function name(at: Found | undefined, segment: string): void {
  at?.segments.set(segment, (at.segments.get(segment) ?? 0) + 1);
}
